import type { Instant } from '#kit';
import { nextRevision } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import { record } from '../audit/record.ts';
import { readOrder } from '../dispatch/read-order.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { Broadcast } from './broadcast.ts';
import { type CancelOrderBase, issueOrders, personalShards } from './order-issuer.ts';
import { END_MARGIN_MS } from './plan-broadcast.ts';
import { type TakeBackParts, takeBack } from './take-back.ts';

/**
 * Takes one broadcast back in some areas, before it started or while it sounds; all of it where nobody else is meant. What a plan will say
 * otherwise before it begins is left to the plan.
 */
export async function takeBackIn(
  tx: Transaction,
  parts: TakeBackParts,
  act: {
    readonly actor: Actor;
    readonly broadcast: Broadcast;
    /** Whether it is to stop in an area. */
    readonly stops: (areaId: string) => boolean;
    readonly reason: string;
    readonly now: Instant;
  },
): Promise<void> {
  const { actor, broadcast, stops, reason, now } = act;
  const { id, areaId, scheduleId, startsAt, hardEndAt, drill } = broadcast;
  const { speakers, signer, dispatcher } = parts;
  const meant = (await tx.broadcasts.snapshot(id))?.speakerIds ?? [];
  const stopped = meant.filter((speakerId) => {
    const lies = speakers.get(speakerId)?.areaId;
    return lies !== undefined && stops(lies);
  });
  if (stopped.length === 0) return;
  const planned = scheduleId !== null && startsAt > now;
  if (stopped.length === meant.length && !planned) {
    await takeBack(tx, parts, act);
    return;
  }
  if (planned) return;
  const slot = scheduleId === null ? null : await tx.plans.slot(id);
  const played = (await tx.broadcasts.orders(id)).map(({ document }) => readOrder(document).revision);
  const base: CancelOrderBase = {
    ...{ v: 1, kind: 'cancel', broadcastId: id, requires: ['order:cancel'] },
    revision: nextRevision(now, Math.max(slot?.revision ?? 0, ...played), 0),
    issuedAt: Math.floor(now),
    expiresAt: Math.max(hardEndAt, Math.ceil(now)) + END_MARGIN_MS,
    ...{ reason, by: actor.name },
    ...(drill ? { drill } : {}),
  };
  for (const order of await issueOrders(signer, base, personalShards(stopped), now))
    await tx.broadcasts.insertOrder(order);
  const places = [...new Set(stopped.map((speakerId) => speakers.get(speakerId)?.areaId ?? ''))].sort();
  const detail = { reason, areas: places, speakers: stopped.length };
  await record(tx, now, actor, 'broadcast.cancel_part', id, detail, { areaId });
  tx.afterCommit(() => dispatcher.kick());
}
