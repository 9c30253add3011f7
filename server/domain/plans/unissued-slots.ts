import { isDomainError, type ReasonView } from '#protocols';
import { reasonView } from '../schedule/reason-view.ts';
import type { StoredSlot } from './plan.ts';

interface Unissued {
  readonly startsAt: number;
  readonly reason: ReasonView;
  /** What was told, so that the same is not told again. */
  readonly told: string;
}

/** Slots whose broadcast is due and cannot be made, each with its reason: told once, tried again, shown until it is made. */
export class UnissuedSlots {
  readonly #slots = new Map<string, Unissued>();
  readonly #onError: (error: unknown) => void;

  constructor(options: { readonly onError: (error: unknown) => void }) {
    this.#onError = options.onError;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** The earliest start among them; infinite without any. */
  get earliest(): number {
    return Math.min(...[...this.#slots.values()].map(({ startsAt }) => startsAt));
  }

  /** Why the broadcast of a slot could not be made; null: nothing stood in its way. */
  reasonOf(broadcastId: string): ReasonView | null {
    return this.#slots.get(broadcastId)?.reason ?? null;
  }

  /** It could not be made. The same cause is told once. */
  failed({ broadcastId, startsAt }: StoredSlot, cause: unknown): void {
    const told = cause instanceof Error ? cause.message : String(cause);
    const before = this.#slots.get(broadcastId);
    const reason = reasonView(
      isDomainError(cause) ? cause : { code: 'schedule.not_issued', params: { id: broadcastId } },
    );
    this.#slots.set(broadcastId, { startsAt, reason, told });
    if (before?.told === told) return;
    this.#onError(new Error(`the broadcast of slot ${broadcastId} cannot be made`, { cause }));
  }

  /** It was made, or is not wanted any more. */
  settled(broadcastId: string): void {
    this.#slots.delete(broadcastId);
  }

  /** What was looked at in a whole round, all of it: the others are not wanted any more. */
  keepOnly(broadcastIds: ReadonlySet<string>): void {
    for (const id of this.#slots.keys()) if (!broadcastIds.has(id)) this.#slots.delete(id);
  }
}
