import { expect, it } from 'vitest';
import { sha256 } from '#protocols';
import type { BatchRow } from '../../../server/domain/deliveries/receipts.ts';
import { journalRow } from '../../contract/storage/samples.ts';
import { startController } from './support.ts';

it('a page of a journal holds the forks of its last entry, with the batch that signs them', async () => {
  const controller = await startController();
  await controller.speaker('loa-1', 'ap-1');
  const batch = (id: string): BatchRow => ({
    ...{ id, speakerId: 'loa-1', epoch: 'jnl_1', keyId: 'k1', headSeq: 3 },
    ...{ headHash: sha256(id), signature: 'c2ln', receivedAt: 1 },
  });
  const rows = [1, 2, 3].map((seq) => journalRow('loa-1', seq, { batchId: 'bat_a' }));
  const fork = journalRow('loa-1', 2, { hash: 'f'.repeat(64), flags: ['fork'], batchId: 'bat_b' });
  await controller.context.storage.transaction((tx) =>
    tx.receipts.save({
      batches: [batch('bat_a'), batch('bat_b')],
      rows: [...rows, fork],
      deliveries: [],
      positions: [],
    }),
  );
  interface Export {
    rows: { seq: number; hash: string }[];
    batches: { id: string }[];
    next: number | null;
  }
  const page = async (from: number) =>
    (await controller.get<Export>('viewer', `speakers/loa-1/journal?epoch=jnl_1&limit=2&from=${from}`)).body;
  const first = await page(1);
  expect(first.rows.map(({ seq }) => seq)).toEqual([1, 2, 2]);
  expect(first.rows.map(({ hash }) => hash)).toContain(fork.hash);
  expect(first.batches.map(({ id }) => id).sort()).toEqual(['bat_a', 'bat_b']);
  const second = await page(first.next ?? 0);
  expect([second.rows.map(({ seq }) => seq), second.next]).toEqual([[3], null]);
});
