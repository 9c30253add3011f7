import { describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import {
  type BroadcastView,
  type Coverage,
  type DeliveryView,
  type MakeGoodProposals,
  PENDING,
  type PlayOrder,
  payloadOf,
  playOrderCodec,
} from '#protocols';
import { type Problem, startController, type TestController } from './support.ts';

const finished: DeliveryView = {
  ...{ state: 'finished', code: null, flags: [] },
  plays: [
    {
      ...{ play: 1, state: 'finished', plannedAt: 0, startedAt: 0, startErrorMs: 0, endedAt: 0, fromMs: 0 },
      ...{
        toMs: 1_600,
        uncertaintyMs: 0,
        skippedMs: 0,
        relayedMs: null,
        fallbackMs: null,
        evidence: 'reported',
        output: 'alsa',
        code: null,
      },
    },
  ],
};

async function tell(controller: TestController, broadcastId: string, views: Record<string, DeliveryView>) {
  const deliveries = Object.entries(views).map(([speakerId, view]) => ({
    ...{ broadcastId, speakerId, view, answeredAt: null, updatedAt: 0 },
  }));
  const { storage } = controller.context;
  await storage.transaction(async (tx) => {
    await tx.receipts.save({ batches: [], rows: [], deliveries, positions: [] });
    await tx.broadcasts.transition(broadcastId, ['planned', 'issued'], 'on_air');
    await tx.broadcasts.transition(broadcastId, ['on_air'], 'partial');
  });
}

const missed: DeliveryView = { ...PENDING, state: 'missed', code: 'order.too_late' };

/** A broadcast to three loudspeakers, an hour ago, and what they said of it. */
async function aired(views: Record<string, DeliveryView>, more: object = {}) {
  let aheadMs = 0;
  const clock = new SystemClock();
  const now = clock.now.bind(clock);
  clock.now = () => now() + aheadMs;
  // An hour that really passes: the controller doubts a wall clock that goes on alone.
  const monotonic = clock.monotonic.bind(clock);
  clock.monotonic = () => monotonic() + aheadMs;
  const controller = await startController({ clock });
  await controller.speaker('loa-1', 'ap-1');
  await controller.speaker('loa-2', 'ap-2');
  await controller.speaker('loa-3', 'ap-2');
  const { id } = await controller.approved();
  const { body } = await controller.post<BroadcastView>('editor', 'broadcasts', {
    announcementId: id,
    targets: { areas: ['ap-1', 'ap-2'] },
    ...more,
  });
  await tell(controller, body.id, views);
  aheadMs = 3_600_000;
  return { controller, broadcastId: body.id };
}

async function orderOf(controller: TestController, broadcastId: string): Promise<PlayOrder> {
  const [order] = await controller.context.storage.read.broadcasts.orders(broadcastId);
  return playOrderCodec.parse(payloadOf(order?.document ?? ''));
}

describe('coverage and make-good', { timeout: 60_000 }, () => {
  it('airs again only where it was missed, at most once', async () => {
    const { controller, broadcastId } = await aired({ 'loa-1': finished, 'loa-2': missed });
    const path = `broadcasts/${broadcastId}/coverage`;
    const { body: before } = await controller.get<Coverage>('viewer', path);
    expect(before.areas.map(({ areaId, verdict }) => [areaId, verdict])).toEqual([
      ['ap-1', 'played'],
      ['ap-2', 'unconfirmed'],
    ]);
    expect(before.totals).toMatchObject({ played: 1, missed: 1, unconfirmed: 1 });

    const { body: open } = await controller.get<MakeGoodProposals>('editor', 'make-goods');
    expect(open.proposals).toMatchObject([{ broadcastId, speakerIds: ['loa-2', 'loa-3'], automatic: false }]);
    const denied = await controller.post<Problem>('technician', `broadcasts/${broadcastId}/make-good`, {});
    expect(denied.status).toBe(403);
    const made = await controller.post<BroadcastView>('editor', `broadcasts/${broadcastId}/make-good`, {});
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ makesGoodOf: broadcastId, targetCount: 2 });
    const order = await orderOf(controller, made.body.id);
    expect(order).toMatchObject({ makesGoodOf: broadcastId, targets: { speakers: ['loa-2', 'loa-3'] } });
    expect(order.window?.opensAt).toBeLessThanOrEqual(order.startsAt);

    const twice = await controller.post<Problem>('chairman', `broadcasts/${broadcastId}/make-good`, {});
    expect(twice.body.error.code).toBe('request.conflict');
    await tell(controller, made.body.id, { 'loa-2': finished });
    const { body: after } = await controller.get<Coverage>('viewer', path);
    expect(after.speakers.map(({ madeGood }) => madeGood)).toEqual([false, true, false]);
    expect(after.makeGood).toMatchObject({ broadcastId: made.body.id });
    expect((await controller.get<MakeGoodProposals>('editor', 'make-goods')).body.proposals).toEqual([]);
    const elsewhere = await controller.get<Problem>('other viewer', path);
    expect(elsewhere.status).toBe(403);
  });

  it('airs again by itself what gave way to an emergency and was to be rescheduled, in its own name', async () => {
    const [whole] = finished.plays;
    const gaveWay: DeliveryView = {
      ...{ state: 'interrupted', code: 'order.preempted', flags: [] },
      plays:
        whole === undefined ? [] : [{ ...whole, state: 'interrupted', toMs: 800, code: 'order.preempted' }],
    };
    const { controller, broadcastId } = await aired(
      { 'loa-1': finished, 'loa-2': gaveWay, 'loa-3': finished },
      { afterInterruption: 'reschedule', gainDb: -3 },
    );
    const { makeGoods } = controller.context.services;
    await makeGoods.look();
    await makeGoods.look();
    const { body } = await controller.get<{ broadcasts: BroadcastView[] }>('viewer', 'broadcasts');
    const made = body.broadcasts.filter(({ makesGoodOf }) => makesGoodOf === broadcastId);
    expect(made).toMatchObject([{ createdBy: 'controller', targetCount: 1 }]);
    const order = await orderOf(controller, made[0]?.id ?? '');
    expect(order).toMatchObject({ targets: { speakers: ['loa-2'] }, volume: { gainDb: -3 } });
    const audit = await controller.context.storage.read.audit.list(1, 200);
    const entry = audit.find(({ action }) => action === 'broadcast.make_good');
    expect(entry).toMatchObject({ actor: 'controller', subject: made[0]?.id });
    expect(JSON.parse(entry?.detail ?? '')).toMatchObject({ makesGoodOf: broadcastId, onBehalfOf: 'editor' });
  });
});
