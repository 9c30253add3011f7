import type { Instant } from '#kit';
import {
  type BroadcastDetail,
  type BroadcastState,
  countsAsPlayed,
  type DeliveryCounts,
  type DeliveryList,
  type DeliveryState,
  PENDING,
} from '#protocols';
import type { Delivery, ReceiptStore } from '../deliveries/receipts.ts';
import type { Broadcast, BroadcastStore } from './broadcast.ts';

/** How long after the hard end a loudspeaker's word may take before we call it missing. */
export const REPORT_GRACE_MS = 60_000;

const SETTLED: readonly BroadcastState[] = ['completed', 'partial', 'failed', 'missed'];

/** States in which a delivery still waits for a word. */
const OPEN: readonly DeliveryState[] = ['pending', 'accepted', 'ready', 'playing'];

/** States in which a loudspeaker may go on until the hard end. */
const GOES_ON: readonly DeliveryState[] = ['playing', 'interrupted'];

/**
 * Whether a loudspeaker in this state had time enough to say what it did: the hard end is over, or the broadcast was settled before because
 * nothing more could come.
 */
export function isOver(broadcast: Broadcast, state: DeliveryState, now: Instant): boolean {
  if (now > broadcast.hardEndAt + REPORT_GRACE_MS) return true;
  return SETTLED.includes(broadcast.state) && !GOES_ON.includes(state);
}

/** Counts of one broadcast; `pending` is what the target snapshot has and no row speaks for. */
export async function broadcastCounts(
  stores: { readonly receipts: Pick<ReceiptStore, 'counts'> },
  broadcast: Broadcast,
  now: Instant,
): Promise<Omit<BroadcastDetail, 'broadcast' | 'collidedWith'>> {
  const { played, ...known } = await stores.receipts.counts(broadcast.id);
  const rows = Object.values(known).reduce((sum, count) => sum + (count ?? 0), 0);
  const counts: DeliveryCounts = {
    accepted: 0,
    ready: 0,
    playing: 0,
    finished: 0,
    refused: 0,
    failed: 0,
    interrupted: 0,
    missed: 0,
    cancelled: 0,
    ...known,
    // A loudspeaker that was not meant may have answered: never less than none.
    pending: Math.max(0, broadcast.targetCount - rows),
  };
  const silent = OPEN.filter((state) => isOver(broadcast, state, now));
  return { counts, played, unconfirmed: silent.reduce((sum, state) => sum + counts[state], 0) };
}

export interface DeliveryQuery {
  readonly state?: DeliveryState | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

/** Every target of a broadcast with what is known of it, in order of speaker id. */
export async function deliveryPage(
  stores: {
    readonly receipts: Pick<ReceiptStore, 'ofBroadcast'>;
    readonly broadcasts: Pick<BroadcastStore, 'snapshot'>;
  },
  broadcast: Broadcast,
  query: DeliveryQuery,
  now: Instant,
): Promise<DeliveryList> {
  const [rows, snapshot] = await Promise.all([
    stores.receipts.ofBroadcast(broadcast.id),
    stores.broadcasts.snapshot(broadcast.id),
  ]);
  const bySpeaker = new Map(rows.map((row) => [row.speakerId, row]));
  const { after, state, limit } = query;
  const ids = [...new Set([...(snapshot?.speakerIds ?? []), ...bySpeaker.keys()])]
    .filter((id) => after === undefined || id > after)
    .filter((id) => state === undefined || (bySpeaker.get(id)?.view.state ?? 'pending') === state)
    .sort();
  const page = ids.slice(0, limit);
  return {
    deliveries: page.map((id) => deliveryView(id, bySpeaker.get(id), broadcast, now)),
    next: ids.length > limit ? (page.at(-1) ?? null) : null,
  };
}

function deliveryView(
  speakerId: string,
  row: Delivery | undefined,
  broadcast: Broadcast,
  now: Instant,
): DeliveryList['deliveries'][number] {
  const view = row?.view ?? PENDING;
  return {
    speakerId,
    state: view.state,
    played: countsAsPlayed(view),
    unconfirmed: OPEN.includes(view.state) && isOver(broadcast, view.state, now),
    code: view.code,
    flags: [...view.flags],
    answeredAt: row?.answeredAt ?? null,
    updatedAt: row?.updatedAt ?? null,
    plays: view.plays.map((play) => ({ ...play })),
  };
}
