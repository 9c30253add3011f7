import type { Instant } from '#kit';
import { type DeliveryView, type PlayOrder, payloadOf, playOrderCodec } from '#protocols';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { StoredSlot } from '../plans/plan.ts';
import type { Busy } from '../policies/earliest-start.ts';
import type { Stores } from '../unit-of-work.ts';

/** What loudspeakers were told of a broadcast, and what they said. */
export interface Aired {
  /** Null: nothing was signed for it (missed before its plan was published). */
  readonly order: PlayOrder | null;
  /** Length of its content, ms. */
  readonly durationMs: number;
  readonly views: ReadonlyMap<string, DeliveryView>;
}

/** Reads it once: the slot's line, else the first of its orders, which all say the same but for whom they are for. */
export async function airedOf(read: Stores, broadcast: Broadcast): Promise<Aired> {
  const order = await orderOf(read, broadcast.id);
  const durationMs = order === null ? await mediumMs(read, broadcast.announcementId) : contentMs(order);
  return { order, durationMs, views: await viewsOf(read, broadcast.id) };
}

/** What each loudspeaker said of a broadcast. */
export async function viewsOf(read: Stores, broadcastId: string): Promise<Map<string, DeliveryView>> {
  const deliveries = await read.receipts.ofBroadcast(broadcastId);
  return new Map(deliveries.map(({ speakerId, view }) => [speakerId, view]));
}

/** When a slot has its loudspeakers. */
export function busyOf({ startsAt, line }: StoredSlot): Busy {
  return { startsAt, endsAt: endOf(playOrderCodec.parse(line)) };
}

/** First instant of silence after an order that begins on time, repetitions included. */
export function endOf(order: PlayOrder): Instant {
  const { count, intervalMs } = order.repeat;
  return order.startsAt + count * contentMs(order) + (count - 1) * intervalMs;
}

/** What loudspeakers were told to play of a broadcast; null: nothing. */
export async function orderOf({ plans, broadcasts }: Stores, broadcastId: string): Promise<PlayOrder | null> {
  const slot = await plans.slot(broadcastId);
  if (slot !== null) return playOrderCodec.parse(slot.line);
  const order = (await broadcasts.orders(broadcastId)).find(({ kind }) => kind === 'play');
  return order === undefined ? null : playOrderCodec.parse(payloadOf(order.document));
}

async function mediumMs({ announcements, media }: Stores, announcementId: string | null): Promise<number> {
  const sha256 =
    announcementId === null ? null : ((await announcements.get(announcementId))?.mediaSha256 ?? null);
  return sha256 === null ? 0 : ((await media.get(sha256))?.durationMs ?? 0);
}

function contentMs({ content }: PlayOrder): number {
  return 'durationMs' in content ? content.durationMs : 0;
}
