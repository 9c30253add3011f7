import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { openStorage } from '../../../server/storage/index.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

it('a transaction asked for inside another is given up, and the next one goes on', async () => {
  const storage = openStorage({
    url: `file:${join(tempDir('turns'), 'loa.db')}`,
    clock: new SystemClock(),
    busyLimitMs: 300,
  });
  await storage.start();
  onTestFinished(() => storage.stop());
  let ran = false;
  const nested = storage.transaction(() =>
    storage.transaction(async () => {
      ran = true;
    }),
  );
  await expect(nested).rejects.toMatchObject({ code: 'storage.busy' });
  expect(await storage.transaction(async () => 'still open')).toBe('still open');
  expect(ran).toBe(false);
});
