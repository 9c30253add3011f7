import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BroadcastView } from '#protocols';
import { ForeignProcess } from '../helpers/foreign-process.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { Commune } from './support/commune.ts';

const HELD_MS = 10_000;
/** A broker that is frozen by a waiting database would let an exchange wait as long as the lock lasts. */
const LONGEST_EXCHANGE_MS = 3_000;
const NONCE = 'n'.repeat(22);

let commune: Commune;
beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('lock') }).start();
}, 60_000);
afterAll(() => commune.stop());

it('a foreign process holds the database for 10 s: the broker answers, nobody is dropped, nothing is lost', async () => {
  const speaker = await commune.addRaw('raw-1');
  await commune.addAgent('loa-ap-1');
  const prepared = await commune.prepare({ seconds: 1.5, seed: 41 });
  const editor = commune.controller.as('editor');
  const broadcast = await commune.play(prepared, ['raw-1'], { leadMs: 0 });
  await speaker.next('order');
  const dropped = await commune.metric('loa_broker_dropped_connections_total');

  const lock = await ForeignProcess.holding(join(commune.controller.dataFolder, 'loa.db'), 'IMMEDIATE');
  const since = performance.now();
  speaker.writePlay(broadcast.id);
  await speaker.send('journal', speaker.batch());
  await speaker.send('health', speaker.health());
  let acknowledged = false;
  const ack = speaker.ack().finally(() => {
    acknowledged = true;
  });
  const key = randomUUID();
  const request = commune.playRequest(prepared, ['loa-ap-1']);
  let answered = 0;
  const refused = editor
    .post<BroadcastView>('/broadcasts', request, key)
    .then(
      () => 201,
      ({ status }: { status: number }) => status,
    )
    .then((status) => {
      answered = status;
    });
  let exchanges = 0;
  let longestMs = 0;
  while (performance.now() - since < HELD_MS) {
    const askedAt = performance.now();
    await speaker.send('timeRequest', { v: 1, nonce: NONCE });
    await speaker.next('time');
    expect((await fetch(`${commune.controller.url}/healthz`)).status).toBe(200);
    longestMs = Math.max(longestMs, performance.now() - askedAt);
    exchanges += 1;
  }
  expect(acknowledged).toBe(false);
  // Nothing can have been written: it waits, or was refused as busy.
  expect([0, 503]).toContain(answered);
  await lock.release();

  expect(exchanges).toBeGreaterThan(HELD_MS / LONGEST_EXCHANGE_MS);
  expect(longestMs).toBeLessThan(LONGEST_EXCHANGE_MS);
  await refused;
  expect([201, 503]).toContain(answered);
  expect(await ack).toMatchObject({ seq: 3, hash: speaker.head.hash });
  expect(await commune.settled(broadcast.id, 'raw-1')).toMatchObject({ state: 'finished', flags: [] });
  expect(speaker.client?.connected).toBe(true);
  expect(await commune.metric('loa_broker_dropped_connections_total')).toBe(dropped);
  expect((await commune.speaker('loa-ap-1')).status?.link).toBe('online');
  expect((await commune.speaker('raw-1')).status?.link).toBe('online');
  await until('the health report to be stored', async () => {
    const { status } = await commune.speaker('raw-1');
    return status?.health !== null && status !== null;
  });
  const again = await editor.post<BroadcastView>('/broadcasts', request, key);
  expect(await commune.settled(again.id, 'loa-ap-1')).toMatchObject({ state: 'finished', played: true });
  expect((await commune.broadcasts()).map(({ id }) => id).sort()).toEqual([broadcast.id, again.id].sort());
}, 90_000);
