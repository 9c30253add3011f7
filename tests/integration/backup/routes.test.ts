import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BackupSheet, BackupState, StorageUse } from '#protocols';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { type Problem, speechLikeWav, startController } from '../http/support.ts';
import { restoreInto } from './support.ts';

describe('backups over HTTP', () => {
  it('a sheet is shown once, a backup made with it opens, and what is in it is what was entered', async () => {
    const controller = await startController();
    const early = await controller.post<Problem>('administrator', 'backups', {});
    expect(early.body.error.code).toBe('backup.no_sheet');

    const sheet = await controller.post<BackupSheet>(
      'administrator',
      'backups/passphrase',
      {},
      'sheet-key-1',
    );
    expect(sheet.status).toBe(201);
    expect(sheet.body.html).toContain(sheet.body.passphrase);
    const again = await controller.post<BackupSheet>(
      'administrator',
      'backups/passphrase',
      {},
      'sheet-key-1',
    );
    const { madeAt, rootKey } = sheet.body;
    expect(rootKey).toMatch(/^(\d{5} ){5}\d{5}$/);
    expect(sheet.body.html).toContain(rootKey);
    expect(again.body).toEqual({ number: 1, madeAt, rootKey, passphrase: null, html: null });

    const folder = tempDir('usb');
    const { body: before } = await controller.get<BackupState>('administrator', 'backups');
    const settings = { ...before.settings, destinations: [{ id: 'x', name: 'x', kind: 'folder', folder }] };
    expect(
      (await controller.call('administrator', 'PUT', 'backups/settings', { body: settings })).status,
    ).toBe(200);
    const [configured] = await controller.context.storage.read.audit.find(
      { action: 'backup.configure' },
      { order: 'newest', limit: 1 },
    );
    expect(configured?.origin).toBe('127.0.0.1');
    const { destinations: earlier } = before.settings;
    expect(JSON.parse(configured?.before ?? '')).toEqual({ destinations: earlier });
    expect(JSON.parse(configured?.after ?? '')).toEqual({ destinations: settings.destinations });
    // Every five minutes what is due begins by itself, which a test cannot keep from being just now.
    const begun = await controller.post<Problem>('administrator', 'backups', {});
    expect([begun.status, begun.body.error?.code]).toBeOneOf([
      [202, undefined],
      [409, 'backup.running'],
    ]);
    const state = await until('the backup to end', async () => {
      const { body } = await controller.get<BackupState>('administrator', 'backups');
      return body.running === null && body.last !== null && body;
    });
    expect(state.last).toMatchObject({ verified: true, by: 'administrator', sheet: 1 });
    const { events } = controller.context.services;
    expect(events.read(0, 1000)?.map(({ event }) => event.name)).toContain('backup.changed');

    // Nothing of the passphrase is kept anywhere.
    const { storage } = controller.context;
    const kept = JSON.stringify([
      await storage.read.audit.list(1, 500),
      await storage.read.settings.get('backup'),
      await storage.read.idempotency.get('administrator', 'sheet-key-1'),
    ]);
    expect(kept).not.toContain(sheet.body.passphrase);
    expect(kept).toContain('backup.passphrase');

    const [file = ''] = await readdir(folder);
    const place = join(controller.folder, 'restored');
    await restoreInto(place, join(folder, file), sheet.body.passphrase ?? '');
    await controller.stop();
    await controller.start({}, { LOA_DATA: place });
    const audit = await controller.context.storage.read.audit.list(1, 500);
    expect(audit.at(-1)).toMatchObject({ action: 'backup.restored', actor: 'controller', subject: file });
    expect((await controller.get<{ id: string }[]>('viewer', 'areas')).status).toBe(200);
    // Once.
    await controller.stop();
    await controller.start({}, { LOA_DATA: place });
    const later = await controller.context.storage.read.audit.list(1, 500);
    expect(later.filter(({ action }) => action === 'backup.restored')).toHaveLength(1);
    // Three starts of a controller, and processes of backups.
  }, 90_000);

  it('is for administrators of the widest area alone', async () => {
    const controller = await startController();
    for (const who of [
      'editor',
      'chairman',
      'deputy',
      'technician',
      'auditor',
      'viewer',
      'other administrator',
    ] as const) {
      expect((await controller.get(who, 'backups')).status, who).toBe(403);
      expect((await controller.post(who, 'backups', {})).status, who).toBe(403);
      expect((await controller.post(who, 'backups/passphrase', {})).status, who).toBe(403);
    }
    expect((await controller.get('nobody', 'backups')).status).toBe(401);
  });

  it('readiness tells how it stands and stays ready', async () => {
    const controller = await startController();
    const { body } = await controller.call<{ checks: Record<string, { ok: boolean; detail: string }> }>(
      'nobody',
      'GET',
      '/readyz',
    );
    expect(body.checks['backup']).toEqual({
      ok: true,
      detail: 'not set up: nobody has made a backup passphrase',
    });
  });
});

it('the room that the controller takes is told, and how much is left', async () => {
  const controller = await startController();
  const { body } = await controller.get<StorageUse>('administrator', 'storage');
  expect(body.databaseBytes).toBeGreaterThan(100_000);
  expect(body.disk.freeBytes).toBeGreaterThan(0);
  expect(body.rows.audit).toBeGreaterThan(3);
  const sha256 = await controller.prepared(speechLikeWav());
  const again = await controller.get<StorageUse>('administrator', 'storage');
  expect(again.body, 'counted once in five minutes').toEqual(body);
  await controller.stop();
  await controller.start();
  const { body: later } = await controller.get<StorageUse>('administrator', 'storage');
  const { bytes } = await controller.context.services.content.open(sha256);
  expect(later.media).toMatchObject({ unusedFiles: 1, unusedBytes: bytes });
  expect((await controller.get('editor', 'storage')).status).toBe(403);

  // How long it is kept: shown there, and changed by administrators alone.
  expect(later.retention).toEqual({ healthDays: 366, unusedAudioDays: 180 });
  const wanted = { healthDays: 400, unusedAudioDays: null };
  const put = async (who: 'administrator' | 'editor', settings: object) =>
    (await controller.call(who, 'PUT', 'storage/retention', { body: settings })).status;
  expect(await put('editor', wanted)).toBe(403);
  expect(await put('administrator', { ...wanted, healthDays: 7 })).toBe(400);
  expect(await put('administrator', wanted)).toBe(200);
  const changed = await controller.get<StorageUse>('administrator', 'storage');
  expect(changed.body.retention).toEqual(wanted);
  const audit = await controller.context.storage.read.audit.list(0, 1_000);
  const [entry] = audit.filter(({ action }) => action === 'storage.retention');
  expect([entry?.before, entry?.after].map((text) => JSON.parse(text ?? '{}'))).toEqual([
    { healthDays: 366, unusedAudioDays: 180 },
    wanted,
  ]);
}, 60_000);

it('the first-run page is closed as soon as somebody has done something', async () => {
  const controller = await startController({}, {}, []);
  const secret = controller.context.services.people.setup.link()?.split('#')[1] ?? '';
  const headers = { 'x-setup-secret': secret };
  const ask = (wrong: string) =>
    controller.call<Problem>('nobody', 'POST', 'setup/restore', { headers: { 'x-setup-secret': wrong } });
  expect((await ask('wrong')).body.error.code).toBe('link.invalid');
  expect((await ask('')).body.error.code).toBe('link.invalid');
  // The helper has made hamlets.
  expect(
    (await controller.call<Problem>('nobody', 'POST', 'setup/restore', { headers })).body.error.code,
  ).toBe('setup.done');
});
