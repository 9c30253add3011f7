import type { SpeakerIndex, Targetable } from '../broadcasts/resolve-targets.ts';

/** Every speaker's place and life cycle in memory, by area: who is meant is found without a query. */
export class SpeakerDirectory implements SpeakerIndex {
  readonly #speakers = new Map<string, Targetable>();
  readonly #byArea = new Map<string, Map<string, Targetable>>();

  load(speakers: Iterable<Targetable>): void {
    this.#speakers.clear();
    this.#byArea.clear();
    for (const speaker of speakers) this.put(speaker);
  }

  /** Takes in one speaker after its commit. */
  put({ speakerId, areaId, lifecycle }: Targetable): void {
    const before = this.#speakers.get(speakerId);
    if (before !== undefined) this.#byArea.get(before.areaId)?.delete(speakerId);
    const entry: Targetable = { speakerId, areaId, lifecycle };
    this.#speakers.set(speakerId, entry);
    const inArea = this.#byArea.get(areaId) ?? new Map<string, Targetable>();
    this.#byArea.set(areaId, inArea.set(speakerId, entry));
  }

  get(speakerId: string): Targetable | undefined {
    return this.#speakers.get(speakerId);
  }

  *inAreas(areaIds: ReadonlySet<string>): Iterable<Targetable> {
    for (const areaId of areaIds) yield* this.#byArea.get(areaId)?.values() ?? [];
  }

  all(): Iterable<Targetable> {
    return this.#speakers.values();
  }

  get size(): number {
    return this.#speakers.size;
  }
}
