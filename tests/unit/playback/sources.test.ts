import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../device-agent/playback/memory-source.ts';
import { PatientSource } from '../../../device-agent/playback/patient-source.ts';
import type { PcmSource } from '../../../device-agent/playback/pcm-source.ts';
import { SequenceSource } from '../../../device-agent/playback/sequence-source.ts';

const steady = (value: number, frames: number) => new Int16Array(frames).fill(value);
const SECOND = 48_000;

/** Reads up to so many frames; runs of the same value as [value, frames]. */
async function runs(source: PcmSource, frames: number): Promise<[number, number][]> {
  const found: [number, number][] = [];
  for (let left = frames; left > 0; ) {
    const block = new Int16Array(Math.min(960, left));
    const read = await source.read(block);
    if (read === 0) break;
    for (const value of block.subarray(0, read)) {
      const last = found.at(-1);
      if (last !== undefined && last[0] === value) last[1] += 1;
      else found.push([value, 1]);
    }
    left -= read;
    // What is read ahead in the background has its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return found;
}

describe('SequenceSource', () => {
  it('plays one after the other without a gap, and counts the content alone', async () => {
    const source = new SequenceSource({
      before: [() => new MemorySource(steady(1, 1_000)), () => new MemorySource(steady(2, 500))],
      content: new MemorySource(steady(3, 2_000)),
    });
    expect(await runs(source, 99_999)).toEqual([
      [1, 1_000],
      [2, 500],
      [3, 2_000],
    ]);
    expect([0, 1_499, 1_501, 3_500].map((frames) => source.parts(frames).content)).toEqual([0, 0, 1, 2_000]);
  });
});

/** Content that comes as it is pushed. */
class Pushed implements PcmSource {
  readonly silent = false;
  #blocks: Int16Array[] = [];
  #wake: () => void = () => undefined;
  #over = false;

  /** Resolves when it was read ahead. */
  async push(value: number, seconds: number): Promise<void> {
    for (let block = 0; block < seconds * 50; block++) this.#blocks.push(steady(value, 960));
    this.#wake();
    while (this.#blocks.length > 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }

  end(): void {
    this.#over = true;
    this.#wake();
  }

  async ready(): Promise<void> {}

  async read(block: Int16Array): Promise<number> {
    while (this.#blocks.length === 0 && !this.#over)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const next = this.#blocks.shift();
    if (next === undefined) return 0;
    block.set(next);
    return next.length;
  }

  async close(): Promise<void> {
    this.end();
  }
}

describe('PatientSource', () => {
  const filler = () => new MemorySource(steady(7, SECOND));

  it('bridges the wait with the filler, and silence of at most 10 s', async () => {
    const content = new Pushed();
    const source = new PatientSource({ content: async () => content, filler });
    const heard = await runs(source, 40 * SECOND);
    expect(heard[0]).toEqual([7, SECOND]);
    expect(heard.map(([value]) => value)).toEqual(heard.map((_, index) => (index % 2 === 0 ? 7 : 0)));
    for (const [value, frames] of heard) if (value === 0) expect(frames).toBeLessThanOrEqual(10 * SECOND);
    expect(source.parts(40 * SECOND).content).toBe(0);
    await source.close();
  });

  it('begins the content when two seconds of it are there, goes back to the filler when it runs out, and loses none of it', async () => {
    const content = new Pushed();
    const source = new PatientSource({ content: async () => content, filler });
    await content.push(3, 1);
    // One second of content is not enough: the filler, and its pause.
    expect(await runs(source, 1.25 * SECOND)).toEqual([
      [7, SECOND],
      [0, 0.25 * SECOND],
    ]);
    await content.push(3, 1);
    expect(await runs(source, 2 * SECOND)).toEqual([[3, 2 * SECOND]]);
    expect(await runs(source, 0.25 * SECOND)).toEqual([[7, 0.25 * SECOND]]);
    await content.push(4, 1);
    expect(await runs(source, 0.25 * SECOND)).toEqual([[7, 0.25 * SECOND]]);
    await content.push(4, 2);
    content.end();
    expect(await runs(source, 99 * SECOND)).toEqual([
      [7, 0.5 * SECOND],
      [4, 3 * SECOND],
    ]);
    expect(source.parts(99 * SECOND).content).toBe(5 * SECOND);
    await source.close();
  });

  it('ends with the failure of content that cannot be had', async () => {
    const source = new PatientSource({ content: () => Promise.reject(new Error('gone')), filler });
    await expect(runs(source, SECOND)).rejects.toThrow('gone');
    await source.close();
  });
});
