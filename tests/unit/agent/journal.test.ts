import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import {
  generateSigningKey,
  type JournalBatch,
  type JournalFact,
  verifyBatch,
  type Welcome,
} from '#protocols';
import { Journal } from '../../../device-agent/journal/journal.ts';
import { JournalUploader, MOST_EPOCHS } from '../../../device-agent/journal/uploader.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { FAKE_START, FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const DAY_MS = 86_400_000;

function fact(n: number, at = FAKE_START): JournalFact {
  return { kind: 'time', at, clockErrorMs: null, detail: `entry ${n} ${'.'.repeat(60)}` };
}

async function open(folder: string, segmentBytes = 4_096): Promise<Journal> {
  const journal = new Journal({
    folder,
    speakerId: 'spk-1',
    clock: new FakeClock(),
    log: silentLog,
    segmentBytes,
  });
  await journal.start();
  onTestFinished(() => journal.stop());
  return journal;
}

function details(journal: Journal): (string | undefined)[] {
  return [...journal.entries()].map(({ detail }) => detail?.split(' .')[0]);
}

function segments(folder: string, epoch: string): string[] {
  const names = readdirSync(join(folder, epoch)).filter((name) => name.endsWith('.log'));
  return names.sort().map((name) => join(folder, epoch, name));
}

it('keeps every entry over restarts and segments; many at once share their fsync', async () => {
  const folder = tempDir();
  const first = await open(folder);
  await Promise.all(Array.from({ length: 40 }, (_, i) => first.append(fact(i + 1))));
  const { head } = first;
  expect(head.seq).toBe(40);
  await first.stop();
  const second = await open(folder);
  expect([second.head, second.epochs.length]).toEqual([head, 1]);
  // Never beyond the room that was taken before.
  const sizes = segments(folder, second.status.epoch).map((path) => readFileSync(path).length);
  expect([sizes.length > 2, new Set(sizes)]).toEqual([true, new Set([4_096])]);
  expect(details(second)).toEqual(Array.from({ length: 40 }, (_, i) => `entry ${i + 1}`));
});

it('cuts a last line that was torn off, and goes on in the same epoch', async () => {
  const folder = tempDir();
  const first = await open(folder);
  for (const n of [1, 2, 3]) await first.append(fact(n));
  await first.stop();
  const [path = ''] = segments(folder, first.status.epoch);
  const bytes = readFileSync(path);
  const lineStart = bytes.subarray(0, bytes.indexOf(0) - 1).lastIndexOf(0x0a) + 1;
  bytes.fill(0, lineStart + 40);
  writeFileSync(path, bytes);
  const second = await open(folder);
  expect([second.head.seq, second.epochs.length]).toEqual([2, 1]);
  await second.append(fact(4));
  await second.stop();
  expect(details(await open(folder))).toEqual(['entry 1', 'entry 2', 'entry 4']);
});

it('begins a new epoch after damage in the middle, and still sends the good part of the old one', async () => {
  const folder = tempDir();
  const first = await open(folder);
  for (const n of [1, 2, 3]) await first.append(fact(n));
  await first.stop();
  const [path = ''] = segments(folder, first.status.epoch);
  const bytes = readFileSync(path);
  bytes.writeUInt8(0x21, bytes.indexOf('entry 2'));
  writeFileSync(path, bytes);
  const second = await open(folder);
  expect(second.epochs).toHaveLength(2);
  await second.append(fact(9));
  expect(details(second)).toEqual(['entry 1', 'entry 9']);

  const key = generateSigningKey();
  const sent: JournalBatch[] = [];
  const uploader = new JournalUploader({
    journal: second,
    speakerId: 'spk-1',
    key,
    log: silentLog,
    send: async (batch) => void sent.push(batch),
  });
  await uploader.begin({ v: 1, sessionEpoch: 1, journal: null, want: [] });
  for (let i = 0; i < sent.length; i++) {
    const batch = sent[i] as JournalBatch;
    const head = verifyBatch(batch, key.publicKey).at(-1)?.position;
    await uploader.acknowledged({ v: 1, epoch: batch.epoch, seq: head?.seq ?? 0, hash: head?.hash ?? null });
  }
  expect(sent.map(({ epoch }) => epoch)).toEqual(second.epochs.map(({ epoch }) => epoch));
  expect(second.epochs.map(({ ackedSeq }) => ackedSeq)).toEqual([1, 1]);
});

it('begins a new epoch when the controller holds entries that are not here', async () => {
  const journal = await open(tempDir());
  await journal.append(fact(1));
  const { epoch } = journal.status;
  const uploader = new JournalUploader({
    journal,
    speakerId: 'spk-1',
    key: generateSigningKey(),
    log: silentLog,
    send: async () => undefined,
  });
  const kept = { epoch, seq: 7, hash: 'a'.repeat(64) };
  await uploader.begin({ v: 1, sessionEpoch: 1, journal: kept, want: [] });
  expect(journal.status).toMatchObject({ lastSeq: 0 });
  expect(journal.status.epoch).not.toBe(epoch);
});

it('loses nothing that is written while a new epoch begins or the disk is probed', async () => {
  const folder = tempDir();
  const journal = await open(folder);
  await journal.append(fact(1));
  const writes = [2, 3, 4].map((n) => journal.append(fact(n)));
  const begun = journal.beginEpoch('a test');
  writes.push(...[5, 6].map((n) => journal.append(fact(n))));
  await Promise.all([begun, ...writes, journal.probe()]);
  await journal.append(fact(7));
  const told = details(journal);
  expect(told.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `entry ${n}`));
  await journal.stop();
  expect(details(await open(folder))).toEqual(told);
});

it('starts where there is no room for another segment, and goes on when there is', async () => {
  const folder = tempDir();
  const first = await open(folder);
  await first.append(fact(1));
  await first.stop();
  rmSync(join(folder, 'spare'));
  // Whatever is made under this name fails.
  mkdirSync(join(folder, 'spare.new'));
  const second = await open(folder);
  for (const n of [2, 3]) await second.append(fact(n));
  const many = Array.from({ length: 40 }, (_, i) => second.append(fact(i + 4)));
  const results = await Promise.allSettled(many);
  expect(results.at(-1)?.status).toBe('rejected');
  expect(second.failure).toBeDefined();
  rmSync(join(folder, 'spare.new'), { recursive: true });
  await second.probe();
  expect(second.failure).toBeUndefined();
  await second.append(fact(99));
  const told = details(second);
  await second.stop();
  expect(details(await open(folder))).toEqual(told);
});

it('sends what the controller never acknowledged of an epoch that it knows otherwise', async () => {
  const journal = await open(tempDir());
  for (const n of [1, 2, 3]) await journal.append(fact(n));
  const { epoch } = journal.status;
  await journal.acknowledge(epoch, 1);
  const sent: JournalBatch[] = [];
  const uploader = new JournalUploader({
    journal,
    speakerId: 'spk-1',
    key: generateSigningKey(),
    log: silentLog,
    send: async (batch) => void sent.push(batch),
  });
  const kept = { epoch, seq: 7, hash: 'a'.repeat(64) };
  await uploader.begin({ v: 1, sessionEpoch: 1, journal: kept, want: [] });
  expect(sent.map((batch) => [batch.epoch, batch.after.seq, batch.lines.length])).toEqual([[epoch, 1, 2]]);
});

it('removes segments only when they are acknowledged and older than 30 days', async () => {
  const folder = tempDir();
  const journal = await open(folder);
  for (let n = 1; n <= 40; n++) await journal.append(fact(n));
  const later = FAKE_START + 31 * DAY_MS;
  await journal.prune(later);
  expect(journal.status.oldestSeq).toBe(1);
  await journal.acknowledge(journal.status.epoch, 40);
  await journal.prune(FAKE_START + 29 * DAY_MS);
  expect(journal.status.oldestSeq).toBe(1);
  await journal.prune(later);
  const { oldestSeq } = journal.status;
  expect(oldestSeq).toBeGreaterThan(20);
  await journal.append(fact(41));
  await journal.stop();
  const again = await open(folder);
  expect(again.status).toMatchObject({ oldestSeq, lastSeq: 41 });
});

function uploaderOf(journal: Journal, sent: JournalBatch[] = []): JournalUploader {
  return new JournalUploader({
    ...{ journal, speakerId: 'spk-1', key: generateSigningKey(), log: silentLog },
    send: async (batch) => void sent.push(batch),
  });
}

const welcome = (sessionEpoch: number, journal: Welcome['journal'] = null): Welcome => ({
  ...{ v: 1, sessionEpoch, journal, want: [] },
});

it('takes no room for journals that somebody wants it to begin again and again', async () => {
  const folder = tempDir();
  const journal = await open(folder);
  await journal.append(fact(1));
  const old = journal.status.epoch;
  await journal.beginEpoch('a test');
  await journal.append(fact(2));
  const uploader = uploaderOf(journal);
  await uploader.begin(welcome(1));
  // For what is written no more, and for what is written now.
  for (let seq = 1; seq <= 300; seq++)
    await uploader.acknowledged({
      v: 1,
      epoch: old,
      seq: 1 + seq,
      hash: 'a'.repeat(64),
      code: 'journal.gap',
    });
  expect(journal.epochs).toHaveLength(2);
  for (let seq = 1; seq <= 300; seq++) {
    const { epoch } = journal.status;
    await uploader.acknowledged({ v: 1, epoch, seq: 1 + seq, hash: 'a'.repeat(64), code: 'journal.gap' });
  }
  expect(journal.epochs).toHaveLength(3);
  // A connection after the other.
  for (let session = 2; session < 60; session++) {
    const { epoch } = journal.status;
    await uploader.begin(welcome(session, { epoch, seq: 7, hash: 'a'.repeat(64) }));
    await uploader.acknowledged({ v: 1, epoch, seq: 9, hash: 'b'.repeat(64), code: 'journal.gap' });
  }
  expect(journal.epochs).toHaveLength(MOST_EPOCHS);
  await journal.append(fact(3));
  await journal.stop();
  const folders = readdirSync(folder).filter((name) => name.startsWith('jnl_'));
  expect(folders).toHaveLength(MOST_EPOCHS);
  expect(details(await open(folder))).toEqual(['entry 1', 'entry 2', 'entry 3']);
});

it('sends on what it holds to a controller that contradicts it, when no other journal may be begun', async () => {
  const journal = await open(tempDir());
  for (let n = 1; n < MOST_EPOCHS; n++) await journal.beginEpoch('a test');
  await journal.append(fact(1));
  const sent: JournalBatch[] = [];
  const uploader = uploaderOf(journal, sent);
  const { epoch } = journal.status;
  await uploader.begin(welcome(1, { epoch, seq: 7, hash: 'a'.repeat(64) }));
  expect(journal.epochs).toHaveLength(MOST_EPOCHS);
  expect(sent.map((batch) => [batch.epoch, batch.lines.length])).toEqual([[epoch, 1]]);
});

it('takes no acknowledgement but of the very line: what nobody has stored is not removed', async () => {
  const journal = await open(tempDir());
  for (let n = 1; n <= 40; n++) await journal.append(fact(n));
  const { epoch, lastHash } = journal.status;
  const uploader = uploaderOf(journal);
  await uploader.begin(welcome(1));
  for (const hash of [null, 'a'.repeat(64)]) await uploader.acknowledged({ v: 1, epoch, seq: 40, hash });
  await uploader.acknowledged({ v: 1, epoch, seq: 39, hash: lastHash });
  await uploader.acknowledged({ v: 1, epoch, seq: 4_000, hash: lastHash });
  expect(journal.epochs[0]?.ackedSeq).toBe(0);
  await journal.prune(FAKE_START + 31 * DAY_MS);
  expect(journal.status.oldestSeq).toBe(1);
  await uploader.acknowledged({ v: 1, epoch, seq: 40, hash: lastHash });
  expect(journal.epochs[0]?.ackedSeq).toBe(40);
});
