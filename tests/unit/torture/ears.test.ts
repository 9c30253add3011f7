import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RATE } from '../../helpers/pcm.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { Ears } from '../../system/support/ears.ts';
import { BLOCK_MS, encode, wavOf } from '../../torture/sound-code.ts';

const BLOCKS = 4;
/** Longer than what ends a sounding. */
const GAP_MS = 1_200;
const silence = (ms: number) => new Int16Array((ms * RATE) / 1_000);
const part = (content: number, fromMs: number, toMs: number) =>
  encode(content, BLOCKS).subarray((fromMs * RATE) / 1_000, (toMs * RATE) / 1_000);
const whole = (content: number) => part(content, 0, BLOCKS * BLOCK_MS);

/** What is heard of recordings, each made of such pieces. */
async function heardOf(...recordings: readonly (readonly Int16Array[])[]) {
  const folder = tempDir('ears');
  for (const [at, pieces] of recordings.entries()) {
    const samples = Int16Array.from([silence(300), ...pieces, silence(300)].flatMap((piece) => [...piece]));
    await writeFile(join(folder, `${at}.wav`), wavOf(samples));
  }
  return new Ears(folder).heard();
}

it('hears a content once that a gap of a busy machine has torn', async () => {
  const middle = 2 * BLOCK_MS;
  const torn = [part(1, 0, middle), silence(GAP_MS), part(1, middle, BLOCKS * BLOCK_MS)];
  expect(await heardOf(torn)).toEqual([1]);
});

it('hears twice whatever part of a content sounds twice, in one recording or in two', async () => {
  expect(await heardOf([whole(1), silence(GAP_MS), whole(1)])).toEqual([1, 1]);
  expect(await heardOf([whole(1)], [whole(1)])).toEqual([1, 1]);
  const last = part(1, 3 * BLOCK_MS, BLOCKS * BLOCK_MS);
  expect(await heardOf([whole(1), silence(GAP_MS), last])).toEqual([1, 1]);
  const begun = part(1, 0, 2 * BLOCK_MS);
  expect(await heardOf([begun, silence(GAP_MS), whole(1)])).toEqual([1, 1]);
  expect(await heardOf([part(1, 0, BLOCK_MS), silence(GAP_MS), whole(1)])).toEqual([1, 1]);
});

it('takes nothing together that another recording or another content goes on with', async () => {
  const [before, after] = [part(1, 0, 2 * BLOCK_MS), part(1, 2 * BLOCK_MS, BLOCKS * BLOCK_MS)];
  expect(await heardOf([before], [after])).toEqual([1, 1]);
  expect(await heardOf([before, silence(GAP_MS), whole(2), silence(GAP_MS), after])).toEqual([1, 2, 1]);
});
