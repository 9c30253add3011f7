import {
  type BroadcastState,
  type DeliveryView,
  type FoldFlag,
  foldDelivery,
  JOURNAL_KINDS,
  type JournalEntry,
  PENDING,
  soundedMoreOften,
} from '#protocols';
import type { Delivery, EntryFlag } from './receipts.ts';

/** Kinds that tell of the loudspeaker itself and belong to no broadcast. */
const OWN_KINDS: readonly string[] = ['boot', 'time', 'moved'];

/** What entries are folded into, and judged by. */
export interface FoldFacts {
  /** States of the broadcasts that exist. */
  readonly known: ReadonlyMap<string, BroadcastState>;
  /** Deliveries as stored. */
  readonly before: readonly Delivery[];
  /** How often the content of these broadcasts was to sound. */
  readonly ordered: ReadonlyMap<string, number>;
}

/** Whether an entry tells of more than a first attempt: of its broadcast it has to be known how often it was to sound. */
export function mayRepeat({ broadcastId, play = 1 }: JournalEntry): boolean {
  return broadcastId !== undefined && play > 1;
}

/** Deliveries on their way through a slice of entries. */
export class DeliveryFold {
  readonly #known: ReadonlyMap<string, BroadcastState>;
  readonly #ordered: ReadonlyMap<string, number>;
  readonly #before: ReadonlyMap<string, Delivery>;
  readonly #changed = new Map<string, Delivery>();
  readonly #now: number;

  constructor(facts: FoldFacts, now: number) {
    this.#known = facts.known;
    this.#ordered = facts.ordered;
    this.#before = new Map(facts.before.map((one) => [deliveryKey(one.broadcastId, one.speakerId), one]));
    this.#now = now;
  }

  /** Takes the next entry of a speaker and says what was odd about it. */
  take(speakerId: string, entry: JournalEntry): readonly EntryFlag[] {
    const { broadcastId } = entry;
    if (broadcastId === undefined || OWN_KINDS.includes(entry.kind))
      return (JOURNAL_KINDS as readonly string[]).includes(entry.kind) ? [] : ['unknown_kind'];
    const state = this.#known.get(broadcastId);
    if (state === undefined) return ['unknown_broadcast'];
    const key = deliveryKey(broadcastId, speakerId);
    const delivery = this.#changed.get(key) ?? this.#before.get(key);
    const view = delivery?.view ?? PENDING;
    // Folded without the flags so far, so that each entry bears its own.
    const { flags: own, ...folded } = foldDelivery({ ...view, flags: [] }, entry);
    // Taken back, and yet all of it sounded: the cancellation came too late there.
    const late: readonly FoldFlag[] =
      state === 'cancelled' && entry.kind === 'finished' ? ['unexpected'] : [];
    const ordered = mayRepeat(entry) ? this.#ordered.get(broadcastId) : undefined;
    const often: readonly FoldFlag[] =
      ordered !== undefined && soundedMoreOften(folded, ordered) ? ['range_repeated'] : [];
    const flags = [...new Set([...own, ...late, ...often])].sort();
    this.#changed.set(key, {
      broadcastId,
      speakerId,
      view: { ...folded, flags: union(view, flags) },
      answeredAt: delivery?.answeredAt ?? null,
      updatedAt: this.#now,
    });
    return flags;
  }

  get changed(): readonly Delivery[] {
    return [...this.#changed.values()];
  }
}

function deliveryKey(broadcastId: string, speakerId: string): string {
  return `${broadcastId}/${speakerId}`;
}

function union(view: DeliveryView, flags: readonly FoldFlag[]): readonly FoldFlag[] {
  return [...new Set([...view.flags, ...flags])].sort();
}
