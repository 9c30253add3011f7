import {
  type BroadcastState,
  type DeliveryView,
  type FoldFlag,
  foldDelivery,
  JOURNAL_KINDS,
  type JournalEntry,
  PENDING,
} from '#protocols';
import type { Delivery, EntryFlag } from './receipts.ts';

/** Kinds that tell of the loudspeaker itself and belong to no broadcast. */
const OWN_KINDS: readonly string[] = ['boot', 'time'];

/** Deliveries on their way through a slice of entries. */
export class DeliveryFold {
  readonly #known: ReadonlyMap<string, BroadcastState>;
  readonly #before: ReadonlyMap<string, Delivery>;
  readonly #changed = new Map<string, Delivery>();
  readonly #now: number;

  /** `known`: the states of the broadcasts that exist. `before`: deliveries as stored. */
  constructor(known: ReadonlyMap<string, BroadcastState>, before: readonly Delivery[], now: number) {
    this.#known = known;
    this.#before = new Map(before.map((one) => [deliveryKey(one.broadcastId, one.speakerId), one]));
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
    const flags = [...new Set([...own, ...late])].sort();
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
