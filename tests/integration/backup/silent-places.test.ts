import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { headPlaces } from '../../../server/context/head-places.ts';
import type { StoredHead } from '../../../server/domain/audit/audit-head-store.ts';
import { FolderPlaces } from '../../../server/storage/backup/index.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { keepSilent } from '../../helpers/silent-folder.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const TIMER = 'a folder that does not answer';

/** Places with a share whose server is gone; null where this user may mount none. */
async function withDeadShare() {
  const [share, dataFolder, clock] = [tempDir('share'), tempDir('data'), new FakeClock()];
  const end = await keepSilent(share);
  if (end === undefined) return null;
  let ended = false;
  const comeBack = async () => {
    if (!ended) await end();
    ended = true;
  };
  onTestFinished(comeBack);
  return { share, dataFolder, clock, comeBack, places: new FolderPlaces({ dataFolder, clock }) };
}

it('a share that is gone holds up neither the controller nor other places', async ({ skip }) => {
  const world = await withDeadShare();
  if (world === null) return skip('mount is not allowed here');
  const { share, dataFolder, clock, comeBack, places } = world;
  // More at once than there are threads for files.
  const looks = Array.from({ length: 8 }, () => places.look(share));
  await clock.whenPending(TIMER);
  expect(await places.look(dataFolder)).toMatchObject({ present: true });
  await places.make(join(dataFolder, 'backups'));
  expect(await places.list(join(dataFolder, 'backups'))).toEqual([]);
  await clock.advance(6_000);
  for (const facts of await Promise.all(looks))
    expect(facts).toMatchObject({ present: false, problem: { code: 'backup.place_silent' } });
  // Nobody waits for it again, for a while.
  expect(await places.look(share)).toMatchObject({ present: false });
  expect(await places.list(share)).toEqual([]);
  await places.make(share);
  expect(clock.pendingTimers()).toEqual([]);
  await comeBack();
  await clock.advance(30_000);
  expect(await places.look(share)).toMatchObject({ present: true, path: share });
});

it('a folder that is there, or is not, answers at once', async () => {
  const [dataFolder, usb, clock] = [tempDir('data'), tempDir('usb'), new FakeClock()];
  const places = new FolderPlaces({ dataFolder, clock });
  expect(await places.look(usb)).toMatchObject({ present: true, path: usb });
  const missing = join(usb, '--', 'x');
  expect(await places.look(missing)).toMatchObject({
    present: false,
    problem: { code: 'backup.place_missing', params: { folder: missing } },
    path: missing,
  });
  expect(clock.pendingTimers()).toEqual([]);
});

it('the head of the audit log waits for no share that is gone: it is told, and sent when the share is back', async ({
  skip,
}) => {
  const world = await withDeadShare();
  if (world === null) return skip('mount is not allowed here');
  const { share, clock, comeBack } = world;
  const commune = () => ({ areaId: 'tan-an', name: 'xã Tân An' });
  const [place] = headPlaces({ folder: share, mailTo: [] }, null, commune, clock);
  const head: StoredHead = {
    ...{
      n: 3,
      day: '2026-01-04',
      whole: true,
      seq: 9,
      hash: 'a'.repeat(64),
      count: 2,
      issuedAt: 0,
      document: 'x',
    },
  };
  const refused = expect(place?.send(head)).rejects.toThrow('does not answer');
  await clock.whenPending(TIMER);
  await clock.advance(6_000);
  await refused;
  await comeBack();
  await clock.advance(30_000);
  await place?.send(head);
  expect(await readdir(share)).toEqual([`loa-lang-audit-tan-an-000003-2026-01-04-${'a'.repeat(8)}.txt`]);
});
