import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BackupLogFile } from '../../../server/storage/backup/backup-log-file.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

it('knows runs of earlier versions, which wrote what went wrong as a sentence, and skips half a line', async () => {
  const dataFolder = tempDir('log');
  const log = new BackupLogFile({ dataFolder });
  const place = { id: 'usb', folder: '/usb', ok: true, away: true, error: null };
  const run = {
    at: 1,
    endedAt: 2,
    verified: true,
    by: 'controller',
    name: 'x',
    bytes: 1,
    missing: 0,
    sheet: 1,
  };
  const silent = { ...place, id: 'share', ok: false, away: false, error: 'it does not answer' };
  const earlier = { ...run, error: null, places: [place, silent] };
  await appendFile(join(dataFolder, 'backups.jsonl'), `${JSON.stringify(earlier)}\n{"at":1,`);
  const now = { ...run, at: 3, error: null, places: [place] };
  await log.append(now);
  const error = { code: 'backup.failed', params: { reason: 'it does not answer' } };
  expect(await log.read()).toMatchObject([{ ...run, places: [place, { ok: false, error }] }, now]);
});
