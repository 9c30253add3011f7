import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { BackupNotices } from '#protocols';
import { ADDRESS_SETTING } from '../../../server/domain/backup/known-address.ts';
import { RESTORED_MARK } from '../../../server/domain/backup/restored.ts';
import { startController, type TestController } from '../http/support.ts';

const OLD = 'http://controller.test:8080';
const NEW = 'http://new.test:8080';

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

it('a machine with another address says after a restore that loudspeakers look for the old one, and what to do', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  expect(await told(controller)).toMatchObject({ check: { ok: true }, notice: null });
  for (const id of ['loa-1', 'loa-2']) {
    await controller.speaker(id, 'ap-1');
    await heard(controller, id, now - 1_000);
  }
  await controller.context.storage.transaction(async (tx) => {
    for (const id of ['loa-1', 'loa-2']) await tx.speakers.activate(id);
  });
  await controller.stop();
  const mark = { v: 1, backupAt: now - 2_000, restoredAt: now, file: 'x.tar', sha256: 'a', replaced: null };
  await writeFile(join(controller.folder, 'data', RESTORED_MARK), JSON.stringify(mark));

  await controller.start({}, { LOA_PUBLIC_URL: NEW });
  const { check, notice } = await told(controller);
  expect(notice).toEqual({ url: OLD, own: NEW, waiting: 2 });
  expect(check).toMatchObject({ ok: true, detail: expect.stringContaining(`LOOK FOR ${OLD}`) });
  expect(check?.detail).toContain('LOA_PUBLIC_URL');
  // The next backup still knows where they look.
  const stored = await controller.context.storage.read.settings.get(ADDRESS_SETTING);
  expect(JSON.parse(stored ?? '{}')).toMatchObject({ url: OLD });
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
  await controller.speaker('loa-1', 'ap-1');
  await controller.context.storage.transaction((tx) => tx.speakers.activate('loa-1'));
  await heard(controller, 'loa-1', now + 60_000);
  await controller.stop();
  const mark = { v: 1, backupAt: now - 2_000, restoredAt: now, file: 'x.tar', sha256: 'a', replaced: null };
  await writeFile(join(controller.folder, 'data', RESTORED_MARK), JSON.stringify(mark));
  await controller.start({}, { LOA_PUBLIC_URL: NEW });
  expect((await told(controller)).notice).toBeNull();
  const stored = await controller.context.storage.read.settings.get(ADDRESS_SETTING);
  expect(JSON.parse(stored ?? '{}')).toEqual({ v: 1, url: OLD, restoredAt: now });
});

it('a machine without the right time takes nobody for having come since', async () => {
  const controller = await startController();
  const now = Math.floor(controller.context.services.clock.now());
  await controller.speaker('loa-1', 'ap-1');
  await controller.context.storage.transaction((tx) => tx.speakers.activate('loa-1'));
  await heard(controller, 'loa-1', now - 3_000);
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
  await controller.speaker('loa-1', 'ap-1');
  await controller.context.storage.transaction((tx) => tx.speakers.activate('loa-1'));
  // By a clock that is ahead of that of the next start.
  const last = now + 3_600_000;
  await heard(controller, 'loa-1', last);
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
