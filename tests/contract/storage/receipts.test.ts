import { expect, it } from 'vitest';
import { sha256 } from '#protocols';
import type { BatchRow, ReceiptSlice } from '../../../server/domain/deliveries/receipts.ts';
import { onBothDatabases } from './databases.ts';
import { AT, delivery, journalRow, play, stored, uniqueId } from './samples.ts';

const NOTHING: ReceiptSlice = { batches: [], rows: [], deliveries: [], positions: [] };

onBothDatabases('receipts', (storage) => {
  const save = (slice: Partial<ReceiptSlice>) =>
    storage().transaction((tx) => tx.receipts.save({ ...NOTHING, ...slice }));

  it('keep journal lines in their exact bytes, with the batches that sign them', async () => {
    const speakerId = uniqueId('spk');
    const batch = (headSeq: number): BatchRow => ({
      ...{ id: uniqueId('bat'), speakerId, epoch: 'jnl_1', keyId: 'k1', headSeq },
      ...{ headHash: sha256(`${headSeq}`), signature: 'c2ln', receivedAt: AT + headSeq },
    });
    const batches = [batch(2), batch(3)];
    const rows = [1, 2, 3].map((seq) =>
      journalRow(speakerId, seq, {
        batchId: batches[seq < 3 ? 0 : 1]?.id ?? '',
        flags: ['unknown_kind', 'gap'],
      }),
    );
    await save({ batches, rows });
    const { receipts } = storage().read;
    expect(await receipts.journal(speakerId, 'jnl_1', 1, 10)).toEqual({ rows, batches });
    expect(await receipts.journal(speakerId, 'jnl_1', 2, 1)).toEqual({
      rows: [rows[1]],
      batches: [batches[0]],
    });
    expect(await receipts.journal(speakerId, 'jnl_2', 1, 10)).toEqual({ rows: [], batches: [] });
  });

  it('tell which stretches of which journals lie in a span of time', async () => {
    const [one, two, none] = [uniqueId('spk'), uniqueId('spk'), uniqueId('spk')];
    const at = (speakerId: string, seq: number, minute: number, epoch = 'jnl_1') => ({
      ...journalRow(speakerId, seq),
      ...{ epoch, at: AT + minute * 60_000 },
    });
    await save({
      rows: [
        at(one, 1, 0),
        at(one, 2, 10),
        at(one, 3, 20),
        at(one, 4, 30),
        at(one, 1, 15, 'jnl_2'),
        at(two, 7, 30),
      ],
    });
    const stretches = (from: number, to: number) =>
      storage().read.receipts.stretches([one, two, none], AT + from * 60_000, AT + to * 60_000);
    expect(await stretches(10, 30)).toEqual([
      { speakerId: one, epoch: 'jnl_1', firstSeq: 2, lastSeq: 3 },
      { speakerId: one, epoch: 'jnl_2', firstSeq: 1, lastSeq: 1 },
    ]);
    expect(await stretches(30, 31)).toEqual([
      { speakerId: one, epoch: 'jnl_1', firstSeq: 4, lastSeq: 4 },
      { speakerId: two, epoch: 'jnl_1', firstSeq: 7, lastSeq: 7 },
    ]);
    expect(await stretches(40, 50)).toEqual([]);
  });

  it('leave a repeated entry as it is and keep a fork beside it', async () => {
    const speakerId = uniqueId('spk');
    const entry = journalRow(speakerId, 1);
    const fork = journalRow(speakerId, 1, { hash: sha256('fork'), flags: ['fork'], line: '{"fork":true}' });
    await save({ rows: [entry] });
    await save({ rows: [{ ...entry, line: 'changed', flags: ['unexpected'] }, fork] });
    await save({ rows: [fork] });
    const { receipts } = storage().read;
    const { rows } = await receipts.journal(speakerId, 'jnl_1', 1, 10);
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(expect.arrayContaining([entry, fork]));
    expect(await receipts.entryHashes(speakerId, 'jnl_1', 1, 5)).toEqual(new Map([[1, entry.hash]]));
    expect(await receipts.entryHashes(speakerId, 'jnl_1', 2, 5)).toEqual(new Map());
    expect([await receipts.lastSeq(speakerId, 'jnl_1'), await receipts.lastSeq(speakerId, 'jnl_2')]).toEqual([
      1, 0,
    ]);
  });

  it('move the stored position forward, and to a new journal', async () => {
    const speakerId = uniqueId('spk');
    const put = (epoch: string, seq: number) =>
      save({ positions: [{ speakerId, journal: { epoch, seq, hash: sha256(`${epoch} ${seq}`) } }] });
    const held = async () => (await storage().read.speakers.journals([speakerId, speakerId])).get(speakerId);
    await put('jnl_1', 5);
    await put('jnl_1', 3);
    expect(await held()).toEqual({ epoch: 'jnl_1', seq: 5, hash: sha256('jnl_1 5') });
    await put('jnl_2', 1);
    expect(await held()).toMatchObject({ epoch: 'jnl_2', seq: 1 });
  });

  it('fold into deliveries with their plays, known broadcast or not', async () => {
    const broadcastId = uniqueId('brc');
    const accepted = delivery(broadcastId, 'spk_a');
    const refused = {
      ...delivery(broadcastId, 'spk_b', { state: 'refused', code: 'order.muted' }),
      answeredAt: null,
    };
    await save({ deliveries: [accepted, refused] });
    const plays = [
      play({ state: 'interrupted', toMs: 10_000.5, code: 'output.failed', uncertaintyMs: 40 }),
      play({ play: 2, plannedAt: null, startErrorMs: null, output: null }),
    ];
    const finished = delivery(broadcastId, 'spk_a', {
      state: 'finished',
      plays,
      flags: ['range_repeated', 'unexpected'],
    });
    await save({ deliveries: [finished] });
    const { receipts } = storage().read;
    expect(await receipts.ofBroadcast(broadcastId)).toEqual([finished, refused]);
    const key = { broadcastId, speakerId: 'spk_a' };
    expect(await receipts.deliveries([key, key, { broadcastId, speakerId: 'spk_c' }])).toEqual([finished]);
    expect(await receipts.counts(broadcastId)).toEqual({ finished: 1, refused: 1, played: 1 });
    expect(await receipts.counts('brc_unknown')).toEqual({ played: 0 });
  });

  it('never count a null output as played', async () => {
    const broadcastId = uniqueId('brc');
    const silent = play({ output: 'null', evidence: 'none' });
    await save({ deliveries: [delivery(broadcastId, 'spk_a', { state: 'finished', plays: [silent] })] });
    expect(await storage().read.receipts.counts(broadcastId)).toEqual({ finished: 1, played: 0 });
  });

  it('take a thousand at once, the last word of each counting', async () => {
    const broadcastId = uniqueId('brc');
    const speakerIds = Array.from({ length: 1_100 }, (_, i) => `spk_${String(i).padStart(5, '0')}`);
    const early = speakerIds.map((id) => delivery(broadcastId, id));
    const late = speakerIds.map((id) => delivery(broadcastId, id, { state: 'finished', plays: [play()] }));
    await save({
      rows: speakerIds.map((id) => journalRow(`${broadcastId}-${id}`, 1)),
      deliveries: [...early, ...late],
    });
    const { receipts } = storage().read;
    expect(await receipts.counts(broadcastId)).toEqual({ finished: 1_100, played: 1_100 });
    expect(await receipts.ofBroadcast(broadcastId)).toEqual(late);
    const found = await receipts.deliveries(late);
    expect(found).toHaveLength(1_100);
  });

  it('tell which broadcasts exist, and their states', async () => {
    const { id, state } = (await stored(storage())).broadcast;
    expect(await storage().read.receipts.knownBroadcasts([id, 'brc_unknown'])).toEqual(
      new Map([[id, state]]),
    );
  });
});
