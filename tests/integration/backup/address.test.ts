import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { BackupNotices } from '#protocols';
import { ADDRESS_SETTING } from '../../../server/domain/backup/known-address.ts';
import { RESTORED_MARK } from '../../../server/domain/backup/restored.ts';
import { CLOCK_MARK } from '../../../server/domain/time/clock-guard.ts';
import { startController, type TestController } from '../http/support.ts';

const OLD = 'http://controller.test:8080';
const NEW = 'http://new.test:8080';
const NEWEST = 'http://newest.test:8080';

/** What readiness and the console say of where loudspeakers look. */
async function told(controller: TestController) {
  const ready = await controller.call<{ checks: Record<string, { ok: boolean; detail: string }> }>(
    'nobody',
    'GET',
    '/readyz',
  );
  const notices = await controller.get<BackupNotices>('administrator', 'backups/notices');
  return { check: ready.body.checks['old address'], notice: notices.body.oldAddress };
}

/** The last word of a loudspeaker, as the database has it. */
async function heard(controller: TestController, speakerId: string, lastSeenAt: number): Promise<void> {
  await controller.context.storage.transaction((tx) =>
    tx.speakers.saveStatuses([
      {
        ...{ speakerId, sessionEpoch: 1, link: 'offline', condition: 'ok', output: 'normal', lastSeenAt },
        ...{ agentVersion: null, capabilities: [], heldAssignmentHash: null, heldHash: null, health: null },
      },
    ]),
  );
}

/** A loudspeaker in use, heard then. */
async function inUse(controller: TestController, id: string, heardAt: number): Promise<void> {
  await controller.speaker(id, 'ap-1');
  await controller.context.storage.transaction((tx) => tx.speakers.activate(id));
  await heard(controller, id, heardAt);
}

/** What the next backup knows. */
async function stored(controller: TestController): Promise<unknown> {
  return JSON.parse((await controller.context.storage.read.settings.get(ADDRESS_SETTING)) ?? 'null');
}

/** The next start, at this address. */
async function startAt(controller: TestController, url: string): Promise<void> {
  await controller.stop();
  await controller.start({}, { LOA_PUBLIC_URL: url });
}

it('a machine with another address says after a restore that loudspeakers look for the old one, and what to do', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  expect(await told(controller)).toMatchObject({ check: { ok: true }, notice: null });
  for (const id of ['loa-1', 'loa-2']) await inUse(controller, id, now - 1_000);
  await controller.stop();
  const mark = { v: 1, backupAt: now - 2_000, restoredAt: now, file: 'x.tar', sha256: 'a', replaced: null };
  await writeFile(join(controller.folder, 'data', RESTORED_MARK), JSON.stringify(mark));

  await controller.start({}, { LOA_PUBLIC_URL: NEW });
  const { check, notice } = await told(controller);
  expect(notice).toEqual({ url: OLD, own: NEW, waiting: 2 });
  expect(check).toMatchObject({ ok: true, detail: expect.stringContaining(`LOOK FOR ${OLD}`) });
  expect(check?.detail).toContain('LOA_PUBLIC_URL');
  // The next backup still knows where they look.
  expect(await stored(controller)).toMatchObject({ url: OLD });
  // Not the business of who answers for a part.
  const other = await controller.get<BackupNotices>('other administrator', 'backups/notices');
  expect(other).toMatchObject({ status: 200, body: { alarm: null, oldAddress: null } });
  await controller.stop();

  // The old address, as it says.
  await controller.start({}, { LOA_PUBLIC_URL: OLD });
  expect((await told(controller)).notice).toBeNull();
  await controller.stop();
});

it('nothing is told once every loudspeaker has come, and the next machine still knows the address they have', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  await inUse(controller, 'loa-1', now + 60_000);
  await controller.stop();
  const mark = { v: 1, backupAt: now - 2_000, restoredAt: now, file: 'x.tar', sha256: 'a', replaced: null };
  await writeFile(join(controller.folder, 'data', RESTORED_MARK), JSON.stringify(mark));
  await controller.start({}, { LOA_PUBLIC_URL: NEW });
  expect((await told(controller)).notice).toBeNull();
  expect(await stored(controller)).toEqual({ v: 1, url: OLD, restoredAt: now });
});

it('a machine without the right time takes nobody for having come since', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  await inUse(controller, 'loa-1', now - 3_000);
  await controller.stop();
  const mark = { v: 1, backupAt: now - 2_000, restoredAt: 0, file: 'x.tar', sha256: 'a', replaced: null };
  await writeFile(join(controller.folder, 'data', RESTORED_MARK), JSON.stringify(mark));
  await controller.start({}, { LOA_PUBLIC_URL: NEW });
  expect((await told(controller)).notice).toEqual({ url: OLD, own: NEW, waiting: 1 });
});

it('a machine that has got another address itself says so, until every loudspeaker has come', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  // Nobody has come yet: nobody looks for the address of before.
  await controller.stop();
  await controller.start({}, { LOA_PUBLIC_URL: NEW });
  expect((await told(controller)).notice).toBeNull();
  // By a clock that is a little ahead of that of the next start.
  const last = now + 300_000;
  await inUse(controller, 'loa-1', last);
  await controller.stop();
  for (const _ of ['at once', 'after another start']) {
    await controller.start({}, { LOA_PUBLIC_URL: OLD });
    const { check, notice } = await told(controller);
    expect(notice).toEqual({ url: NEW, own: OLD, waiting: 1 });
    expect(check?.detail).toContain(`LOOK FOR ${NEW}`);
    await controller.stop();
  }
  await controller.start({}, { LOA_PUBLIC_URL: OLD });
  await heard(controller, 'loa-1', last + 1);
  await controller.stop();
  await controller.start({}, { LOA_PUBLIC_URL: OLD });
  expect((await told(controller)).notice).toBeNull();
});

it('an address that changes twice is told for who came under neither, then for who came under the second only', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  for (const id of ['loa-1', 'loa-2']) await inUse(controller, id, now - 1_000);
  await startAt(controller, NEW);
  expect((await told(controller)).notice).toEqual({ url: OLD, own: NEW, waiting: 2 });
  // Backups name the new one: whoever enrols from now on looks there.
  const { former: [first] = [] } = (await stored(controller)) as { former?: { since: number }[] };
  const since = first?.since ?? 0;
  expect(since).toBeGreaterThanOrEqual(now);
  expect(await stored(controller)).toEqual({
    ...{ v: 1, url: NEW, restoredAt: null },
    former: [{ url: OLD, since }],
  });
  // One comes there, and another one is new.
  await heard(controller, 'loa-2', since + 1);
  await inUse(controller, 'loa-3', since + 2);
  await startAt(controller, NEWEST);
  expect((await told(controller)).notice).toEqual({ url: OLD, own: NEWEST, waiting: 1 });
  expect(await stored(controller)).toMatchObject({
    ...{ url: NEWEST, restoredAt: null },
    former: [{ url: OLD, since }, { url: NEW }],
  });
  // The one that was missing for the first has come: those of the second are missing.
  await heard(controller, 'loa-1', now + 3_600_000);
  await startAt(controller, NEWEST);
  expect((await told(controller)).notice).toEqual({ url: NEW, own: NEWEST, waiting: 2 });
  expect(await stored(controller)).toMatchObject({ former: [{ url: NEW }] });
  for (const id of ['loa-2', 'loa-3']) await heard(controller, id, now + 3_600_000);
  await startAt(controller, NEWEST);
  expect((await told(controller)).notice).toBeNull();
  expect(await stored(controller)).toEqual({ v: 1, url: NEWEST, restoredAt: null });
});

it('of addresses that change again and again the last four are kept, and nobody is found by that', async () => {
  const controller = await startController();
  await inUse(controller, 'loa-1', Math.floor(controller.context.services.clock.now()) - 1_000);
  const urls = [1, 2, 3, 4, 5].map((n) => `http://controller-${n}.test:8080`);
  for (const url of urls) await startAt(controller, url);
  expect(await stored(controller)).toMatchObject({ former: urls.slice(0, 4).map((url) => ({ url })) });
  expect((await told(controller)).notice).toMatchObject({ url: urls[0], waiting: 1 });
});

it('an address that is ours again is looked for by nobody, and the one between may be', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  await inUse(controller, 'loa-1', now - 1_000);
  await startAt(controller, NEW);
  await inUse(controller, 'loa-2', now - 500);
  await startAt(controller, OLD);
  expect((await told(controller)).notice).toEqual({ url: NEW, own: OLD, waiting: 2 });
  expect(await stored(controller)).toEqual({
    ...{ v: 1, url: OLD, restoredAt: null },
    former: [{ url: NEW, since: expect.any(Number) }],
  });
});

it('one stamp of a clock that was a year ahead makes nobody else wait for a year', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  await inUse(controller, 'loa-1', now - 1_000);
  await inUse(controller, 'loa-2', now + 365 * 24 * 3_600_000);
  await startAt(controller, NEW);
  expect((await told(controller)).notice).toEqual({ url: OLD, own: NEW, waiting: 1 });
  await heard(controller, 'loa-1', Math.floor(controller.context.services.clock.now()) + 1);
  await startAt(controller, NEW);
  expect((await told(controller)).notice).toBeNull();
});

it('a start without the right time at another address takes nobody for having come since', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  await inUse(controller, 'loa-1', now + 3_600_000);
  const mark = { wall: now + 3_600_000, elapsed: 0, bootId: 'the one before', disputed: false };
  await controller.context.storage.transaction((tx) =>
    tx.settings.put(CLOCK_MARK, JSON.stringify(mark), now),
  );
  await controller.stop();
  await controller.start({ witness: { synchronised: async () => false } }, { LOA_PUBLIC_URL: NEW });
  expect((await told(controller)).notice).toEqual({ url: OLD, own: NEW, waiting: 1 });
});

it('a backup carries the addresses of before, and a restore tells first where its machine was', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  await inUse(controller, 'loa-1', now - 1_000);
  await startAt(controller, NEW);
  const { former } = (await stored(controller)) as { former?: object[] };
  await controller.stop();
  const mark = { v: 1, backupAt: now, restoredAt: now + 1, file: 'x.tar', sha256: 'a', replaced: null };
  await writeFile(join(controller.folder, 'data', RESTORED_MARK), JSON.stringify(mark));
  await controller.start({}, { LOA_PUBLIC_URL: NEWEST });
  expect((await told(controller)).notice).toEqual({ url: NEW, own: NEWEST, waiting: 1 });
  expect(await stored(controller)).toEqual({ v: 1, url: NEW, restoredAt: now + 1, former });
});
