import { rmSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { SpeakerView } from '#protocols';
import { fillDisk, mountSmall, unmount } from '../../helpers/small-disk.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { startController } from './support.ts';

it('a mute is done on a full disk, and is in the database when there is room again', async (context) => {
  const folder = tempDir('small');
  const data = join(folder, 'data');
  await mkdir(data);
  if (!mountSmall(data, '32m')) context.skip('mounting a small file system needs root');
  onTestFinished(() => unmount(data));
  const first = await startController();
  await first.speaker('loa-1', 'ap-1');
  const who = 'technician';
  const controller = first.on(folder);
  await first.stop();
  await cp(first.folder, folder, { recursive: true });
  onTestFinished(() => controller.stop());
  await controller.start();

  fillDisk(join(data, 'filler'));
  const change = (body: object) =>
    controller.call<SpeakerView>(who, 'PATCH', 'speakers/loa-1', { body, key: 'one-and-the-same' });
  const body = { mute: { reason: 'đám tang', until: null } };
  const muted = await change(body);
  expect([muted.status, muted.headers['kept-in']]).toEqual([202, 'file']);
  expect(muted.body.mute?.reason).toBe('đám tang');
  const { storage, services } = controller.context;
  expect((await storage.read.speakers.get('loa-1'))?.mute).toBeNull();

  rmSync(join(data, 'filler'));
  while (services.urgent.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
  expect((await storage.read.speakers.get('loa-1'))?.mute?.reason).toBe('đám tang');
  const audit = await storage.read.audit.list(1, 100);
  expect(audit.filter(({ action }) => action === 'speaker.change')).toHaveLength(1);
  expect((await change(body)).body).toEqual(muted.body);
}, 60_000);
