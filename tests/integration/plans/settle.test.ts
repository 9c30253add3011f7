import { expect, it, onTestFinished } from 'vitest';
import { type DeliveryState, type DeliveryView, PENDING } from '#protocols';
import { broadcastCounts } from '../../../server/domain/broadcasts/delivery-report.ts';
import { airedOf } from '../../../server/domain/coverage/aired.ts';
import { coverage } from '../../../server/domain/coverage/coverage.ts';
import { BroadcastSettler } from '../../../server/domain/dispatch/broadcast-settler.ts';
import { play } from '../../contract/storage/samples.ts';
import { daily, HOUR, local, PlanWorld } from './plan-world.ts';

const MINUTE = 60_000;

/** A slot of six o'clock, of a minute, five minutes late at most; what is interrupted may go on for hours. */
async function onAir() {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00') });
  await planner.pass(local('05:50') - world.clock.now());
  await planner.rest();
  const { storage } = planner;
  const onError = (error: unknown) => void planner.errors.push(error);
  const settler = new BroadcastSettler({
    ...{ storage, clock: world.clock, live: { publish: () => undefined }, onError },
  });
  onTestFinished(() => settler.stop());
  await settler.start();
  const [made] = await planner.broadcasts();
  const broadcastId = made?.id ?? '';
  const broadcast = async () => {
    const found = await storage.read.broadcasts.get(broadcastId);
    if (found === null) throw new Error('no broadcast');
    return found;
  };
  const pass = async (ms: number) => {
    await world.clock.advance(ms);
    await settler.idle();
    // What was touched is counted a moment later.
    await world.clock.advance(1_000);
    await settler.idle();
  };
  const tell = async (speakerId: string, state: DeliveryState) => {
    const sounded: DeliveryView['plays'] = state === 'missed' ? [] : [play({ evidence: 'reported' })];
    const view: DeliveryView = { ...PENDING, state, plays: sounded };
    const delivery = { broadcastId, speakerId, view, answeredAt: null, updatedAt: 0 };
    const deliveries = [delivery];
    await storage.transaction((tx) => tx.receipts.save({ batches: [], rows: [], deliveries, positions: [] }));
    settler.changed(deliveries);
    await pass(1_000);
  };
  return { world, planner, broadcast, pass, tell };
}

it('settles what a silent loudspeaker cannot begin any more, and calls nothing final that it has not said', async () => {
  const { world, planner, broadcast, pass, tell } = await onAir();
  expect((await broadcast()).hardEndAt).toBeGreaterThan(local('12:00'));
  await pass(local('06:01') - world.clock.now());
  await tell('loa-1', 'finished');
  expect((await broadcast()).state).toBe('on_air');
  await pass(local('06:05') - world.clock.now());
  // It may have begun at 06:05.
  expect((await broadcast()).state).toBe('on_air');
  await pass(3 * MINUTE);
  const settled = await broadcast();
  expect(settled.state).toBe('partial');
  const { read } = planner.storage;
  const now = world.clock.now();
  expect(await broadcastCounts(read, settled, now)).toMatchObject({ played: 1, unconfirmed: 1 });
  const { views, durationMs } = await airedOf(read, settled);
  const found = coverage({
    ...{ broadcast: settled, durationMs, speakerIds: ['loa-1', 'loa-2'], views, makeGood: null, now },
    ...{ areaOf: (id: string) => planner.speakers.get(id)?.areaId, tree: planner.areas.tree },
  });
  expect(found.speakers.map(({ verdict }) => verdict)).toEqual(['played', 'unconfirmed']);
  await tell('loa-2', 'finished');
  expect((await broadcast()).state).toBe('completed');
  expect(planner.errors).toEqual([]);
});

it('waits as long as one that was interrupted may go on', async () => {
  const { world, broadcast, pass, tell } = await onAir();
  await pass(local('06:00') - world.clock.now());
  await tell('loa-1', 'interrupted');
  await pass(local('06:20') - world.clock.now());
  expect((await broadcast()).state).toBe('interrupted');
  await tell('loa-1', 'finished');
  expect((await broadcast()).state).toBe('partial');
});

it('ends with the window at the latest', async () => {
  const { world, broadcast, pass, tell } = await onAir();
  await pass(local('06:00') - world.clock.now());
  await tell('loa-1', 'interrupted');
  await pass((await broadcast()).hardEndAt - world.clock.now() - MINUTE);
  expect((await broadcast()).state).toBe('interrupted');
  await pass(3 * MINUTE);
  expect((await broadcast()).state).toBe('failed');
  expect(world.clock.now()).toBeGreaterThan(local('06:00') + HOUR);
});
