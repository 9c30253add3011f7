import { clustersOf, type Targets, targetsInclude } from '#protocols';
import type { PreviewSlot, PreviewSpeaker } from './preview-types.ts';

/** Slots that influence each other (`clustersOf`). The same slots have the same id. */
export interface PreviewCluster {
  readonly id: number;
  readonly slots: readonly PreviewSlot[];
}

/** The slots of some loudspeakers, in the order of the plan. The same slots have the same id. */
export interface SlotList {
  readonly id: number;
  readonly slots: readonly PreviewSlot[];
  readonly clusters: readonly PreviewCluster[];
}

/** Finds the slots that are for a loudspeaker. Takes slots in the order of the plan. */
export class SlotIndex {
  readonly #slots: readonly PreviewSlot[];
  /** Positions of slots by the areas and the speakers that they name. */
  readonly #byArea = new Map<string, number[]>();
  readonly #bySpeaker = new Map<string, number[]>();
  readonly #excluded = new Set<string>();
  readonly #byAncestry = new Map<string, SlotList>();
  readonly #lists = new Map<string, SlotList>();
  readonly #clusters = new Map<string, PreviewCluster>();

  constructor(slots: readonly PreviewSlot[]) {
    this.#slots = slots;
    slots.forEach(({ targets }, number) => {
      for (const area of targets.areas) add(this.#byArea, area, number);
      for (const speaker of targets.speakers) add(this.#bySpeaker, speaker, number);
      for (const speaker of targets.excludeSpeakers) this.#excluded.add(speaker);
    });
  }

  listOf({ speakerId, areas }: Pick<PreviewSpeaker, 'speakerId' | 'areas'>): SlotList {
    const named = this.#bySpeaker.get(speakerId);
    if (named !== undefined || this.#excluded.has(speakerId))
      return this.#list(speakerId, areas, named ?? []);
    const key = areas.join('/');
    const known = this.#byAncestry.get(key) ?? this.#list('', areas, []);
    this.#byAncestry.set(key, known);
    return known;
  }

  #list(speakerId: string, areas: readonly string[], named: readonly number[]): SlotList {
    const found = new Set(named);
    for (const area of areas) for (const number of this.#byArea.get(area) ?? []) found.add(number);
    const numbers: number[] = [];
    const slots: PreviewSlot[] = [];
    for (const number of [...found].sort((a, b) => a - b)) {
      const slot = this.#slots[number];
      if (slot === undefined || leavesOut(slot.targets, speakerId, areas)) continue;
      numbers.push(number);
      slots.push(slot);
    }
    const key = numbers.join();
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    let begin = 0;
    const clusters = clustersOf(slots).map((cluster) => {
      begin += cluster.length;
      return this.#cluster(numbers.slice(begin - cluster.length, begin).join(), cluster);
    });
    const list = { id: this.#lists.size, slots, clusters };
    this.#lists.set(key, list);
    return list;
  }

  #cluster(key: string, slots: readonly PreviewSlot[]): PreviewCluster {
    const cluster = this.#clusters.get(key) ?? { id: this.#clusters.size, slots };
    this.#clusters.set(key, cluster);
    return cluster;
  }
}

/** Whether targets that name a speaker or an area of its ancestry exclude it. */
function leavesOut(targets: Targets, speakerId: string, areas: readonly string[]): boolean {
  if (targets.excludeAreas.length === 0 && targets.excludeSpeakers.length === 0) return false;
  return !targetsInclude(targets, speakerId, areas);
}

function add(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
