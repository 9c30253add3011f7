import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LatchRecord } from '../../../server/domain/latches/latch.ts';
import { LATCH_FILE_BYTES, LATCH_FILE_MAGIC, LatchFile } from '../../../server/domain/latches/latch-file.ts';
import { decodeEntries, encodeEntry } from '../../../server/domain/urgent/urgent-entry.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const recordOf = (revision: number, filler = ''): LatchRecord => ({
  latch: {
    ...{ id: `lat_${revision}`, scope: 'area.ap-1', revision, state: 'set', reason: `lý do ${filler}` },
    ...{ setBy: 'bích', setAt: 1, releasedBy: null, releasedAt: null, hash: 'h', document: 'd' },
  },
  act: { actor: 'bích', role: 'editor', action: 'latch.set', reason: '', at: 1 },
});
const revisions = (records: readonly LatchRecord[]) => records.map(({ latch }) => latch.revision);

async function opened(path: string, damaged: string[] = []): Promise<LatchFile> {
  const file = new LatchFile({ path, onDamaged: (keptAs) => damaged.push(keptAs) });
  await file.start();
  return file;
}

describe('the file of stops', () => {
  it('takes its room at the first start, and no more ever after', async () => {
    const path = join(tempDir('latches'), 'latches.bin');
    const file = await opened(path);
    const { size, blocks } = await stat(path);
    expect(size).toBe(LATCH_FILE_BYTES);
    // Real bytes: a hole would need room later.
    expect(blocks * 512).toBeGreaterThanOrEqual(LATCH_FILE_BYTES);
    for (let revision = 1; revision <= 3; revision++) await file.append(recordOf(revision), () => []);
    await file.stop();
    expect((await stat(path)).size).toBe(LATCH_FILE_BYTES);
    const again = await opened(path);
    expect(revisions(await again.read())).toEqual([1, 2, 3]);
    await again.stop();
  });

  it('forgets what was cut off in the middle, and what stands behind it', async () => {
    const path = join(tempDir('latches'), 'latches.bin');
    const file = await opened(path);
    await file.append(recordOf(1), () => []);
    await file.append(recordOf(2), () => []);
    await file.stop();
    const bytes = await readFile(path);
    const at = bytes.indexOf('lat_2');
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(path, bytes);
    const again = await opened(path);
    expect(revisions(await again.read())).toEqual([1]);
    await again.append(recordOf(3), () => []);
    await again.stop();
    const last = await opened(path);
    expect(revisions(await last.read())).toEqual([1, 3]);
    await last.stop();
  });

  it('turns over when it is full, keeping what it is told to keep', async () => {
    const path = join(tempDir('latches'), 'latches.bin');
    const file = await opened(path);
    const filler = 'x'.repeat(60_000);
    const kept = [recordOf(1), recordOf(2)];
    for (let revision = 1; revision <= 30; revision++)
      await file.append(recordOf(revision, filler), () => kept);
    const inMemory = revisions(await file.read());
    await file.stop();
    const again = await opened(path);
    expect(revisions(await again.read())).toEqual(inMemory);
    expect(inMemory.slice(0, 2)).toEqual([1, 2]);
    expect(inMemory.at(-1)).toBe(30);
    await again.stop();
  });

  it('is put aside when it is none, so that the controller starts', async () => {
    const path = join(tempDir('latches'), 'latches.bin');
    await writeFile(path, 'không phải của ta');
    const damaged: string[] = [];
    const file = await opened(path, damaged);
    expect(damaged).toEqual([`${path}.damaged`]);
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe('không phải của ta');
    await file.append(recordOf(1), () => []);
    await file.stop();
  });

  it('believes the older half when the header of the newer was cut off', async () => {
    const path = join(tempDir('latches'), 'latches.bin');
    const file = await opened(path);
    await file.append(recordOf(7), () => []);
    await file.stop();
    const handle = await open(path, 'r+');
    await handle.write('loa-latches/1 2 0000', LATCH_FILE_BYTES / 2);
    await handle.close();
    const again = await opened(path);
    expect(revisions(await again.read())).toEqual([7]);
    await again.stop();
  });
});

it('a record cut off anywhere is none, and none of another generation is taken', () => {
  const whole = Buffer.concat(
    [1, 2, 3].map((revision) => encodeEntry(recordOf(revision), 5, LATCH_FILE_MAGIC)),
  );
  const ends = [1, 2, 3].map((count) => encodeEntry(recordOf(1), 5, LATCH_FILE_MAGIC).length * count);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
      const cut = Buffer.concat([whole.subarray(0, length), Buffer.alloc(whole.length - length, 0xa5)]);
      const { entries, end } = decodeEntries(cut, 5, LATCH_FILE_MAGIC);
      const expected = ends.filter((at) => at <= length).length;
      expect(entries).toHaveLength(expected);
      expect(end).toBe(ends[expected - 1] ?? 0);
      expect(decodeEntries(cut, 6, LATCH_FILE_MAGIC).entries).toEqual([]);
      expect(decodeEntries(cut, 5, 'loa-another/1').entries).toEqual([]);
    }),
  );
});
