import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ContentStore } from '#media';
import { sweepHealth } from '../../../server/domain/retention/health-thinning.ts';
import { sweepUnusedAudio } from '../../../server/domain/retention/unused-audio.ts';
import { health } from '../../contract/storage/samples.ts';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { COMMUNE, speechLikeWav, startController } from '../http/support.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

it('keeps all health of a week, then an hour’s first, then a day’s, then none', {
  timeout: 60_000,
}, async () => {
  const { storage } = (await startController()).context;
  const now = FAKE_START;
  const ages = [...Array(12).keys()].map((n) => n * 5 * MINUTE);
  const started = (days: number) => Math.floor((now - days * DAY) / DAY) * DAY;
  const report = (at: number) => ({ speakerId: 'loa-1', health: health({ at, problems: [] }) });
  const reports = [3, 20, 100, 400].flatMap((days) =>
    ages.flatMap((age) => [report(started(days) + age), report(started(days) + 5 * HOUR + age)]),
  );
  await storage.transaction((tx) => tx.speakers.saveHealth(reports));
  for (let sweep = 0; sweep < 40; sweep++) await sweepHealth(storage, now, 366 * DAY);
  const left = async (days: number) =>
    storage.transaction((tx) => tx.speakers.pruneHealth(started(days) + DAY));
  expect([await left(400), await left(100), await left(20), await left(3)]).toEqual([0, 1, 2, 24]);
});

it('deletes audio that nothing has named for long, and files that nobody knows', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  const { storage, config } = controller.context;
  const content = new ContentStore({ folder: join(config.dataFolder, 'media') });
  const used = (await controller.approved()).sha256;
  const unused = await controller.prepared(speechLikeWav(1.6, 240));
  const [sweep, now] = [sweepUnusedAudio, Date.now()];
  const settings = { keepMs: 30 * DAY, areaId: COMMUNE };
  await sweep(storage, content, { ...settings, now });
  await sweep(storage, content, { ...settings, now: now + 29 * DAY });
  expect(await content.has(unused)).toBe(true);
  await sweep(storage, content, { now: now + 31 * DAY, areaId: COMMUNE, keepMs: null });
  expect(await content.has(unused)).toBe(true);
  await sweep(storage, content, { ...settings, now: now + 31 * DAY });
  expect([await content.has(unused), await content.has(used)]).toEqual([false, true]);
  const gone = (await storage.read.audit.list(0, 1_000)).filter(({ action }) => action === 'media.expire');
  // Written long ago, and no record names it.
  const orphan = await content.putBytes(Buffer.from('chẳng ai biết'));
  await sweep(storage, content, { ...settings, now });
  expect(await content.has(orphan.sha256)).toBe(true);
  await utimes(orphan.path, 0, (now - 2 * DAY) / 1000);
  await sweep(storage, content, { ...settings, now });
  expect([await content.has(orphan.sha256), await content.has(used)]).toEqual([false, true]);
  expect(gone.map(({ actor, detail }) => [actor, JSON.parse(detail).sha256.includes(unused)])).toEqual([
    ['controller', true],
  ]);
});
