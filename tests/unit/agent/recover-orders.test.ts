import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  generateSigningKey,
  type JournalEntry,
  type JournalFact,
  KeyRing,
  type PlayOrder,
  type SigningKey,
  sha256,
  signDocument,
  signKeyStatement,
} from '#protocols';
import { TrustedTime } from '../../../device-agent/clock/index.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { type RecoveredOrder, recoverOrders } from '../../../device-agent/runner/recover-orders.ts';
import { type OrderRecord, OrderStore } from '../../../device-agent/state/order-store.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { playOrder } from '../../integration/agent/test-controller.ts';

const content = {
  ...{ kind: 'file', sha256: 'a'.repeat(64), bytes: 10, durationMs: 60_000 },
  ...{ chunkListSha256: null, path: '/a', mediaType: 'audio/ogg' },
} as PlayOrder['content'];

/** A loudspeaker's orders on their disk, the power gone. */
class Cabinet {
  readonly folder = tempDir();
  readonly key = generateSigningKey();
  #orders = new OrderStore({ folder: this.folder, log: silentLog });

  async open(): Promise<this> {
    await this.#orders.load(0);
    return this;
  }

  async accept(order: object, change: Partial<OrderRecord> = {}): Promise<void> {
    const { id, broadcastId, revision, kind, expiresAt } = order as PlayOrder;
    const document = await signDocument('order', order, this.key);
    await this.#orders.add(
      {
        ...{ document, hash: sha256(document), kind, orderId: id },
        ...{ broadcastId, revision, acceptedAt: 0, expiresAt },
      },
      false,
    );
    await this.#orders.update(id, change);
  }

  /** What the next run makes of it: order, kind of the fact, code, cancelled. */
  async powerBack(signer: SigningKey = this.key, entries: JournalEntry[] = []): Promise<unknown[]> {
    const noted: unknown[] = [];
    const recovered = await this.recovered(entries, signer, ({ orderId, kind, code }) => {
      noted.push([orderId, kind, code]);
    });
    const found = recovered.map(({ item, fact }) => [
      item.id,
      fact?.kind ?? 'open',
      fact?.code ?? item.cancelledBy?.reason ?? null,
    ]);
    return [...noted, ...found];
  }

  /** The same, as it is. */
  async recovered(
    entries: JournalEntry[],
    signer: SigningKey = this.key,
    note: (fact: JournalFact) => void = () => undefined,
  ): Promise<RecoveredOrder[]> {
    this.#orders = new OrderStore({ folder: this.folder, log: silentLog });
    await this.#orders.load(0);
    const clock = new FakeClock();
    return recoverOrders({
      orders: this.#orders,
      slots: { proveSlot: async () => undefined, plannedUntil: () => undefined },
      entries,
      positions: [],
      keys: await ringOf(signer),
      time: new TrustedTime({ clock, bootId: 'boot' }),
      output: { kind: 'file', evidence: 'reported' },
      log: silentLog,
      note,
    });
  }

  recordOf(orderId: string): OrderRecord | undefined {
    return this.#orders.byId(orderId);
  }
}

async function ringOf(signer: SigningKey): Promise<KeyRing> {
  const root = generateSigningKey();
  const { kid, publicKey } = signer;
  const statement = await signKeyStatement(
    {
      ...{ v: 1, n: 1, previous: null, roots: [root.publicKey], issuedAt: 0 },
      keys: [{ kid, publicKey, uses: ['order'] }],
    },
    root,
  );
  return KeyRing.pinned([root.publicKey]).extend(statement);
}

function cancelOf({ broadcastId, revision, targets, issuedAt, expiresAt }: PlayOrder): object {
  return {
    ...{ v: 1, kind: 'cancel', id: 'ord_cancel', broadcastId, revision, targets },
    ...{ requires: [], issuedAt, expiresAt, reason: 'Sai nội dung', by: 'can-bo' },
  };
}

it('obeys a cancel that was accepted and not carried out before the power went', async () => {
  const cabinet = await new Cabinet().open();
  const [order, other] = [playOrder(content), playOrder(content)];
  await cabinet.accept(order);
  await cabinet.accept(other);
  await cabinet.accept(cancelOf(order));
  expect(await cabinet.powerBack()).toEqual([
    [order.id, 'open', 'Sai nội dung'],
    [other.id, 'open', null],
  ]);
});

it('does not obey a cancel for an order that was issued after it', async () => {
  const cabinet = await new Cabinet().open();
  const order = playOrder(content);
  await cabinet.accept(cancelOf({ ...order, revision: order.revision - 1 }));
  await cabinet.accept(order);
  expect(await cabinet.powerBack()).toEqual([[order.id, 'open', null]]);
});

it('goes on with one of two revisions only: the newer, or the one that had begun', async () => {
  const old = playOrder(content);
  const renewed = playOrder(content, { broadcastId: old.broadcastId, revision: old.revision + 1 });
  const calm = await new Cabinet().open();
  await calm.accept(old);
  await calm.accept(renewed);
  expect(await calm.powerBack()).toEqual([[renewed.id, 'open', null]]);
  expect(calm.recordOf(old.id)?.phase).toBe('done');

  const begun = await new Cabinet().open();
  await begun.accept(old, { phase: 'interrupted', plays: 1, resumeFromMs: 5_000 });
  await begun.accept(renewed);
  expect(await begun.powerBack()).toEqual([
    [old.id, 'open', null],
    [renewed.id, 'refused', 'order.already_played'],
  ]);

  const cut = await new Cabinet().open();
  await cut.accept(old, { phase: 'playing', plays: 1 });
  await cut.accept(renewed);
  const started = { kind: 'started', orderId: old.id, play: 1 } as JournalEntry;
  expect(await cut.powerBack(cut.key, [started])).toEqual([
    [old.id, 'interrupted', 'order.agent_restarted'],
    [renewed.id, 'refused', 'order.already_played'],
  ]);
});

it('ends what is signed with a key that is not in force any more', async () => {
  const cabinet = await new Cabinet().open();
  const order = playOrder(content);
  await cabinet.accept(order);
  expect(await cabinet.powerBack(generateSigningKey())).toEqual([[order.id, 'failed', 'document.unsigned']]);
});

it('an order that cannot be read keeps nothing else from going on', async () => {
  const cabinet = await new Cabinet().open();
  const [bad, good] = [playOrder(content), playOrder(content)];
  await cabinet.accept(bad);
  await cabinet.accept(good);
  const path = join(cabinet.folder, `${bad.id}.json`);
  const record = JSON.parse(readFileSync(path, 'utf8')) as OrderRecord;
  writeFileSync(path, JSON.stringify({ ...record, document: 'e30.e30.e30' }));
  expect(await cabinet.powerBack()).toEqual([
    [bad.id, 'failed', 'document.malformed'],
    [good.id, 'open', null],
  ]);
});

it('what was stopped in good order goes on, also when the power went before its record said so; what was cut off does not', async () => {
  const [stopped, cut] = [playOrder(content), playOrder(content)];
  const cabinet = await new Cabinet().open();
  for (const order of [stopped, cut]) await cabinet.accept(order, { phase: 'playing', plays: 1 });
  const told = ({ id }: PlayOrder, code: string) =>
    ({ kind: 'interrupted', orderId: id, play: 1, toMs: 9_000, code }) as JournalEntry;
  const entries = [told(stopped, 'order.agent_stopped'), told(cut, 'order.agent_restarted')];
  const recovered = await cabinet.recovered(entries);
  expect(recovered).toMatchObject([
    { fact: null, item: { id: stopped.id, phase: 'interrupted', resumeFromMs: 8_000, plays: 1 } },
  ]);
  expect(cabinet.recordOf(cut.id)?.phase).toBe('done');
});

it('a power cut in one repetition of an emergency takes only that one: told, and the next is to come', async () => {
  const alarm = { priority: 'emergency', window: null, repeat: { count: 3, intervalMs: 1_000 } } as const;
  const [early, last] = [playOrder(content, alarm), playOrder(content, alarm)];
  const normal = playOrder(content, { repeat: { count: 3, intervalMs: 1_000 } });
  const cabinet = await new Cabinet().open();
  await cabinet.accept(early, { phase: 'playing', plays: 1, repetitions: 0 });
  await cabinet.accept(last, { phase: 'playing', plays: 3, repetitions: 2 });
  await cabinet.accept(normal, { phase: 'playing', plays: 1 });
  const started = ({ id }: PlayOrder, play: number) =>
    ({ kind: 'started', orderId: id, play, at: 5 }) as JournalEntry;
  const recovered = await cabinet.recovered([started(early, 1), started(last, 3), started(normal, 1)]);
  const cut = { kind: 'interrupted', code: 'order.agent_restarted' };
  const of = ({ id }: PlayOrder) => recovered.find(({ item }) => item.id === id);
  expect(of(early)).toMatchObject({
    ...{ item: { phase: 'open', repetitions: 1, resumeFromMs: 0, plays: 1 } },
    fact: { ...cut, play: 1, at: 5 },
  });
  expect(of(last)).toMatchObject({ item: { phase: 'done' }, fact: { ...cut, play: 3 } });
  expect(of(normal)).toMatchObject({ item: { phase: 'done' }, fact: { ...cut, play: 1 } });

  // The power goes again, when it is told and its record is behind.
  const told = { ...cut, orderId: early.id, play: 1 } as JournalEntry;
  const again = await cabinet.recovered([started(early, 1), told]);
  expect(again.find(({ item }) => item.id === early.id)).toMatchObject({
    ...{ item: { phase: 'open', repetitions: 1 }, fact: null },
  });
});
