import { expect, it, onTestFinished } from 'vitest';
import { Planning } from '../../../server/context/planning.ts';
import { StoredMessages } from '../../../server/context/stored-messages.ts';
import { DAY, daily, Planner, PlanWorld } from './plan-world.ts';

/** A planner that is put together and whose planning is started as the controller starts it. */
async function planning(world: PlanWorld, { held = false } = {}) {
  const planner = new Planner(world.folder, world.clock, world.boot);
  onTestFinished(() => planner.stop());
  planner.held = held;
  await planner.open();
  const { compiler, issuer } = planner;
  const messages = new StoredMessages(planner.areas, async () => []);
  const onError = (error: unknown) => void planner.errors.push(error);
  const part = new Planning({ compiler, issuer, messages, onError });
  onTestFinished(() => part.stop());
  await part.start();
  return { planner, part };
}

async function daysAway(world: PlanWorld, days: number): Promise<void> {
  const before = await world.run();
  await before.schedule({ recurrence: daily('06:00') });
  await before.stop();
  await world.clock.advance(days * DAY);
}

it('does not wait at the start for what it has to make up, and says what it still does', async () => {
  const world = new PlanWorld();
  await daysAway(world, 3);
  const { planner, part } = await planning(world, { held: true });
  const order: string[] = [];
  const caughtUp = part.caughtUp().then(async (done) => {
    order.push('caught up');
    return { done, made: (await planner.broadcasts()).length };
  });
  await planner.pass(5_000);
  expect(part.running).toBe(true);
  expect(part.progress).toMatchObject({ ok: true, detail: expect.stringContaining('receipts wait') });
  expect(order).toEqual([]);
  expect(await planner.broadcasts()).toEqual([]);
  // What it held before is known, and said to loudspeakers that ask.
  expect(planner.compiler.current({ kind: 'area', id: 'tan-an' })).toBeDefined();
  planner.held = false;
  await planner.pass(5_000);
  // Before the first receipt is folded every broadcast is there that loudspeakers may have aired.
  expect(await caughtUp).toEqual({ done: true, made: 3 });
  expect(part.progress).toEqual({ ok: true, detail: 'compiled' });
  expect(planner.errors).toEqual([]);
});

it('leaves nobody waiting for a plan that cannot be made, and does not call that well', async () => {
  const world = new PlanWorld();
  await daysAway(world, 1);
  const planner = new Planner(world.folder, world.clock, world.boot);
  onTestFinished(() => planner.stop());
  await planner.open();
  planner.defect = new Error('a defect');
  const messages = new StoredMessages(planner.areas, async () => []);
  const { compiler, issuer } = planner;
  const part = new Planning({ compiler, issuer, messages, onError: () => undefined });
  onTestFinished(() => part.stop());
  await part.start();
  expect(await part.caughtUp()).toBe(true);
  expect(part.progress.ok).toBe(false);
  expect(planner.errors).toEqual([planner.defect]);
  planner.defect = undefined;
  await planner.pass(3_000);
  expect(part.progress).toEqual({ ok: true, detail: 'compiled' });
});

it('ends when it is stopped before it has caught up', async () => {
  const world = new PlanWorld();
  await daysAway(world, 1);
  const { planner, part } = await planning(world, { held: true });
  await planner.pass(2_000);
  const caughtUp = part.caughtUp();
  await part.stop();
  expect(await caughtUp).toBe(false);
  expect(planner.issuer.running).toBe(false);
});
