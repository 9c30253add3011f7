import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { importSigningKey, type JournalEntry, signDocument } from '#protocols';
import { freePort } from '../../../server/demo/free-port.ts';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { playOrder } from '../agent/orders.ts';
import { testAgent } from '../agent/test-agent.ts';
import { COMMUNE, HAMLETS, startController } from '../http/support.ts';

const SPEAKER = 'loa-1';
const YEAR_MS = 366 * 24 * 3_600_000;

it('a loudspeaker that was switched off for a year follows three changes of keys, plays, and refuses the old key', {
  timeout: 120_000,
}, async () => {
  let aheadMs = 0;
  const clock = new SystemClock();
  const now = clock.now.bind(clock);
  clock.now = () => now() + aheadMs;
  const port = await freePort();
  const env = { LOA_PUBLIC_URL: `http://127.0.0.1:${port}`, LOA_PORT: String(port) };
  const controller = await startController({ clock }, env);
  const listen = () => controller.app.listen({ host: '127.0.0.1', port });
  await listen();
  const days = [1, 2, 3, 4, 5, 6, 7];
  const policy = {
    windows: [{ days, opens: '00:00', closes: '24:00' }],
    testing: { days, opens: '00:00', closes: '24:00', capDb: -6 },
    ...{ sessionMinutes: null, legalBasis: 'kiểm thử' },
  };
  await controller.call('administrator', 'PATCH', `areas/${COMMUNE}`, { body: { policy } });
  const folder = tempDir('agent');
  const provisioning = await controller.enrolAgent(SPEAKER, HAMLETS[0], folder);
  const before = testAgent(folder, provisioning);
  await before.start();
  await until('an assignment', () => before.assignments.held !== null && before.link.online);
  const heldBefore = before.assignments.held?.assignment;
  await before.stop();
  await controller.stop();

  const vault = new KeyFiles({ folder: join(controller.folder, 'data', 'keys') });
  const stolen = importSigningKey((await vault.readKey('operational')) ?? '');
  const keys = new KeyService({ vault, clock });
  await keys.start();
  await keys.rotate();
  await keys.newRoot();
  await keys.rotate();
  await keys.stop();
  aheadMs = YEAR_MS;
  await controller.start({ clock }, env);
  await listen();

  const after = testAgent(folder, provisioning, { bootId: 'a-year-later' });
  onTestFinished(() => after.stop());
  await after.start();
  await until('the new assignment', () => {
    const held = after.assignments.held?.assignment;
    return held !== undefined && held.revision > (heldBefore?.revision ?? 0) && after.link.online;
  });
  // Its rules reach as far ahead as ever, although nobody has touched its record.
  const reach = (rules?: { until: number }) => new Date(rules?.until ?? 0).getUTCFullYear();
  await until(
    'rules for the year to come',
    () => reach(after.assignments.held?.assignment.rules) > reach(heldBefore?.rules),
  );
  await until('trusted time', () => after.keeper.time.now().trust === 'trusted');
  expect(Math.abs(after.keeper.time.now().instant - clock.now())).toBeLessThan(5_000);

  const { status, body } = await controller.post<{ id: string }>('technician', `speakers/${SPEAKER}/test`, {
    seconds: 1,
  });
  expect(status).toBe(201);
  await until('the test to be told as finished', async () => {
    const path = `speakers/${SPEAKER}/journal?limit=500`;
    const { rows } = (await controller.get<{ rows: { line: string }[] }>('technician', path)).body;
    return rows
      .map(({ line }) => JSON.parse(line) as JournalEntry)
      .some((entry) => entry.kind === 'finished' && entry.broadcastId === body.id);
  });

  const at = Math.round(clock.now());
  const order = playOrder(
    { kind: 'stored', name: 'chime', durationMs: 2_500 },
    { issuedAt: at, startsAt: at + 1_000 },
  );
  await after.inbox.receive('own', Buffer.from(await signDocument('order', order, stolen)));
  expect(after.inbox.counters.refused.get('document.unsigned')).toBe(1);
  expect(after.orders.all().some(({ orderId }) => orderId === order.id)).toBe(false);
});
