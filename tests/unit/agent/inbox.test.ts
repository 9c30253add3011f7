import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  type Answer,
  generateSigningKey,
  type JournalFact,
  type PlayOrder,
  type SigningKey,
  sha256,
  signDocument,
  signKeyStatement,
} from '#protocols';
import { TrustedTime } from '../../../device-agent/clock/index.ts';
import { Inbox } from '../../../device-agent/inbox/inbox.ts';
import type { Journal } from '../../../device-agent/journal/journal.ts';
import { silentLog } from '../../../device-agent/log.ts';
import type { AssignmentStore } from '../../../device-agent/state/assignment-store.ts';
import { KeyStore } from '../../../device-agent/state/key-store.ts';
import { type EnteredOrder, type NewOrder, OrderStore } from '../../../device-agent/state/order-store.ts';
import { Prover } from '../../../device-agent/state/prover.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { playOrder } from '../../integration/agent/orders.ts';

const root = generateSigningKey();
const content = {
  ...{ kind: 'file', sha256: 'a'.repeat(64), bytes: 10, durationMs: 1_000 },
  ...{ chunkListSha256: null, path: '/a', mediaType: 'audio/ogg' },
} as PlayOrder['content'];

/** A disk that is done when a test says so. */
class SlowOrders extends OrderStore {
  readonly waiting: { readonly done: () => void; readonly refuse: (error: Error) => void }[] = [];

  override enter(order: NewOrder, evenIfLost: boolean): EnteredOrder {
    const { record, stored } = super.enter(order, evenIfLost);
    const gate = new Promise<void>((done, refuse) => {
      this.waiting.push({ done, refuse });
    });
    gate.catch(() => undefined);
    return { record, stored: stored.then(() => gate) };
  }
}

async function statement(n: number, previous: string | null, keys: readonly SigningKey[]) {
  return signKeyStatement(
    {
      ...{
        v: 1,
        n,
        previous: previous === null ? null : sha256(previous),
        roots: [root.publicKey],
        issuedAt: 0,
      },
      keys: keys.map(({ kid, publicKey }) => ({ kid, publicKey, uses: ['order' as const] })),
    },
    root,
  );
}

/** An inbox whose disk and controller answer when a test says so. */
async function open() {
  const folder = tempDir();
  const clock = new FakeClock();
  const known = generateSigningKey();
  const keys = new KeyStore({ folder, rootKeys: [root.publicKey], log: silentLog });
  const first = await statement(1, null, [known]);
  await keys.extend([first]);
  const requests: ((count: number) => void)[] = [];
  const prover = new Prover({
    ...{ keys, clock, log: silentLog },
    updateKeys: () => new Promise((answer) => requests.push(answer)),
  });
  const orders = new SlowOrders({ folder: join(folder, 'orders'), log: silentLog });
  await orders.load(0);
  const heard: string[] = [];
  const notes: JournalFact[] = [];
  const answers: Answer[] = [];
  /** What is assigned, and whether another assignment is on its way. */
  const held = { assignment: { areas: ['tan-an'] }, coming: undefined as Promise<void> | undefined };
  const inbox = new Inbox({
    ...{ speakerId: 'spk-1', clock, prover, orders, log: silentLog },
    time: new TrustedTime({ clock, bootId: 'boot' }),
    assignments: { held } as unknown as AssignmentStore,
    assigning: held,
    journal: { entries: () => [] } as unknown as Journal,
    taker: {
      play: async (record) => void heard.push(record.orderId),
      cancel: async (record) => void heard.push(`cancel ${record.broadcastId}`),
      note: (fact) => void notes.push(fact),
    },
    answer: (answer) => void answers.push(answer),
  });
  const send = async (order: object, key = known, source: 'own' | 'area' = 'own') =>
    inbox.receive(source, Buffer.from(await signDocument('order', order, key)));
  return { clock, keys, first, known, requests, orders, held, inbox, heard, notes, answers, send };
}

const urgent = { priority: 'emergency', window: null } as const;

/** Resolves once this is so; what is under way is given its turns until then. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn();
}

it('an emergency that comes behind an order that the disk is still writing is heard after 50 ms at most', async () => {
  const { clock, orders, heard, answers, send } = await open();
  const [normal, alarm] = [playOrder(content), playOrder(content, urgent)];
  const first = send(normal);
  await until(() => orders.waiting.length === 1);
  const second = send(alarm);
  await clock.whenPending('urgent order');
  expect(orders.byId(alarm.id)).toBeDefined();
  await clock.advance(50);
  await second;
  expect(heard).toEqual([alarm.id]);
  expect(answers.map(({ orderId }) => orderId)).toEqual([alarm.id]);
  for (const { done } of orders.waiting) done();
  await first;
  expect(heard).toEqual([alarm.id, normal.id]);
  expect(clock.pendingTimers()).toEqual([]);
});

it('a planned order is answered when it is durable, and what is of its broadcast waits for it', async () => {
  const { clock, orders, heard, answers, inbox, send } = await open();
  const normal = playOrder(content);
  const copies = [send(normal), send(normal)];
  await until(() => orders.waiting.length === 1);
  const { broadcastId, revision, targets, issuedAt, expiresAt } = normal;
  const cancel = send({
    ...{ v: 1, kind: 'cancel', id: 'ord_c', broadcastId, revision, targets, requires: [] },
    ...{ issuedAt, expiresAt, reason: '', by: 'can-bo' },
  });
  expect([heard, answers, inbox.openAnswers()]).toEqual([[], [], []]);
  orders.waiting[0]?.done();
  await Promise.all(copies);
  await clock.whenPending('urgent order');
  await clock.advance(50);
  await cancel;
  expect(heard).toEqual([normal.id, `cancel ${broadcastId}`]);
  expect(inbox.counters).toMatchObject({ accepted: 2, repeated: 1 });
});

it('an order that the disk refuses was never there, and comes again', async () => {
  const { orders, heard, answers, inbox, send } = await open();
  const normal = playOrder(content);
  const first = send(normal);
  await until(() => orders.waiting.length === 1);
  orders.waiting[0]?.refuse(new Error('ENOSPC'));
  await first;
  expect([heard, answers]).toEqual([[], []]);
  expect(inbox.counters.accepted).toBe(0);
});

it('what is signed with a key that is not known waits for key statements alone: others go on', async () => {
  const { clock, keys, first, known, requests, orders, inbox, heard, send } = await open();
  const next = generateSigningKey();
  const [strange, stranger, alarm] = [
    playOrder(content, urgent),
    playOrder(content, urgent),
    playOrder(content, urgent),
  ];
  const waiting = [send(strange, next), send(stranger, next)];
  await until(() => requests.length === 1);
  const through = send(alarm);
  await clock.whenPending('urgent order');
  orders.waiting[0]?.done();
  await through;
  expect([heard, requests.length]).toEqual([[alarm.id], 1]);
  await keys.extend([await statement(2, first, [known, next])]);
  requests[0]?.(1);
  for (const count of [2, 3]) {
    await until(() => orders.waiting.length === count);
    orders.waiting[count - 1]?.done();
  }
  await Promise.all(waiting);
  expect([...heard].sort()).toEqual([alarm.id, strange.id, stranger.id].sort());
  // Not asked for again so soon.
  await send(playOrder(content, urgent), generateSigningKey());
  expect([requests.length, inbox.counters.refused.get('document.unsigned')]).toEqual([1, 1]);
});

it('the refusal of an exercise says that it is one', async () => {
  const { notes, send } = await open();
  await send(playOrder(content, { drill: true, window: null }));
  await send({ ...playOrder(content, { drill: true }), kind: 'something-new' });
  expect(notes.map(({ kind, drill }) => [kind, drill])).toEqual([
    ['refused', true],
    ['refused', true],
  ]);
});

it('what would be refused is judged again when an assignment that is on its way is there, and others go on', async () => {
  const { clock, orders, held, heard, answers, inbox, send } = await open();
  let arrive = (): void => undefined;
  held.coming = new Promise((resolve) => {
    arrive = resolve;
  });
  const elsewhere = { targets: { areas: ['hoa-binh'], speakers: [], excludeAreas: [], excludeSpeakers: [] } };
  const moved = playOrder(content, elsewhere);
  const waiting = send(moved);
  await clock.whenPending('assignment');
  const alarm = playOrder(content, urgent);
  const through = send(alarm);
  await clock.whenPending('urgent order');
  orders.waiting[0]?.done();
  await through;
  expect([heard, inbox.counters.refused.size]).toEqual([[alarm.id], 0]);
  held.assignment = { areas: ['hoa-binh'] };
  arrive();
  await until(() => orders.waiting.length === 2);
  orders.waiting[1]?.done();
  await waiting;
  expect(answers.map(({ orderId, answer }) => [orderId, answer])).toEqual([
    [alarm.id, 'accepted'],
    [moved.id, 'accepted'],
  ]);
  expect(clock.pendingTimers()).toEqual([]);
});

it('what leaves out the area of before is judged again too', async () => {
  const { clock, known, orders, held, answers, inbox, send } = await open();
  let arrive = (): void => undefined;
  held.coming = new Promise((resolve) => {
    arrive = resolve;
  });
  const targets = { areas: ['vn'], speakers: [], excludeAreas: ['tan-an'], excludeSpeakers: [] };
  const all = playOrder(content, { targets });
  const waiting = send(all, known, 'area');
  await clock.whenPending('assignment');
  held.assignment = { areas: ['vn', 'hoa-binh'] };
  arrive();
  await until(() => orders.waiting.length === 1);
  orders.waiting[0]?.done();
  await waiting;
  expect(answers.map(({ orderId, answer }) => [orderId, answer])).toEqual([[all.id, 'accepted']]);
  held.coming = undefined;
  held.assignment = { areas: ['vn', 'tan-an'] };
  await send(playOrder(content, { targets }), known, 'area');
  expect([answers.length, inbox.counters.leftOut]).toEqual([1, 1]);
});

it('waits for an assignment no longer than fifteen seconds, and answers a copy then at once', async () => {
  const { clock, held, answers, inbox, notes, send } = await open();
  held.coming = new Promise(() => undefined);
  const elsewhere = playOrder(content, {
    targets: { areas: ['hoa-binh'], speakers: [], excludeAreas: [], excludeSpeakers: [] },
  });
  const waiting = send(elsewhere);
  await clock.whenPending('assignment');
  await clock.advance(14_999);
  expect(answers).toEqual([]);
  await clock.advance(1);
  await waiting;
  await send(elsewhere);
  expect(answers.map(({ code }) => code)).toEqual(['order.not_for_us', 'order.not_for_us']);
  expect([notes.length, inbox.counters.refused.get('order.not_for_us')]).toEqual([1, 1]);
});
