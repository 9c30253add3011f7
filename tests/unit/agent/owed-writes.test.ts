import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../../../device-agent/log.ts';
import { OrderStore } from '../../../device-agent/state/order-store.ts';
import { OwedWrites } from '../../../device-agent/state/owed-writes.ts';
import { diskIdle } from '../../helpers/disk-idle.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

async function refusing() {
  const clock = new FakeClock();
  const owed = new OwedWrites({ clock, log: silentLog });
  await owed.start();
  return { clock, owed, disk: { full: true, written: [] as string[] } };
}

type Refusing = Awaited<ReturnType<typeof refusing>>;

function put({ owed, disk }: Refusing, name: string, text: string): Promise<void> {
  return owed.write(name, async () => {
    if (disk.full) throw new Error('ENOSPC');
    disk.written.push(text);
  });
}

it('what the disk refused is written once it takes it, the newest of each name, in order', async () => {
  const there = await refusing();
  const { clock, owed, disk } = there;
  await put(there, 'head', 'head 1');
  await put(there, 'latches', 'latches');
  await put(there, 'head', 'head 2');
  expect(owed.names).toEqual(['latches', 'head']);
  await clock.advance(200_000);
  expect(owed.names).toEqual(['latches', 'head']);
  disk.full = false;
  await clock.advance(60_000);
  expect(disk.written).toEqual(['latches', 'head 2']);
  expect(owed.names).toEqual([]);
  expect(clock.pendingTimers()).toEqual([]);
});

it('a later write that the disk takes leaves nothing owed of that name, and after the stop nothing is tried', async () => {
  const there = await refusing();
  const { clock, owed, disk } = there;
  await put(there, 'head', 'head 1');
  await put(there, 'latches', 'latches');
  disk.full = false;
  await put(there, 'head', 'head 2');
  await owed.stop();
  await clock.advance(200_000);
  expect(disk.written).toEqual(['head 2']);
  expect(clock.pendingTimers()).toEqual([]);
});

it('an order to stop that a full disk could not remember is on the disk afterwards, as it stands by then', async () => {
  const { clock, owed } = await refusing();
  const folder = join(tempDir(), 'orders');
  const orders = new OrderStore({ folder, log: silentLog, owed });
  // A file where the folder should be: nothing can be written.
  writeFileSync(folder, '');
  const cancel = {
    ...{
      document: 'x',
      hash: 'a'.repeat(64),
      kind: 'cancel' as const,
      orderId: 'ord_1',
      broadcastId: 'brc_1',
    },
    ...{ revision: 1, acceptedAt: 0, expiresAt: 1 },
  } as const;
  await orders.add(cancel, true);
  await orders.add({ ...cancel, orderId: 'ord_2', hash: 'b'.repeat(64), kind: 'play' }, true);
  await orders.update('ord_2', { plays: 1 }).catch(() => undefined);
  renameSync(folder, `${folder}.gone`);
  mkdirSync(folder);
  await clock.advance(60_000);
  await diskIdle();
  const stored = (id: string) => JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8')) as object;
  expect(stored('ord_1')).toMatchObject({ kind: 'cancel', hash: cancel.hash });
  expect(stored('ord_2')).toMatchObject({ plays: 1 });
});

it('of two writes of one name that overlap the newer stays, and what a failed one owed is owed until a newer is written', async () => {
  const there = await refusing();
  const { clock, owed, disk } = there;
  const writing: { fail: () => void }[] = [];
  const older = owed.write('head', async () => {
    if (writing.length > 0) {
      disk.written.push('head 1');
      return;
    }
    await new Promise<void>((_, refuse) => writing.push({ fail: () => refuse(new Error('EIO')) }));
  });
  await Promise.resolve();
  disk.full = false;
  const newer = put(there, 'head', 'head 2');
  writing[0]?.fail();
  await older;
  // Not written yet: until then the disk owes the older one.
  expect(owed.names).toEqual(['head']);
  await newer;
  expect(owed.names).toEqual([]);
  await clock.advance(200_000);
  expect(disk.written).toEqual(['head 2']);
});
