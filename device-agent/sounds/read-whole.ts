import { SAMPLE_RATE } from '../outputs/output.ts';
import type { PcmSource } from '../playback/index.ts';

/** A short sound as a whole, closed afterwards; what is longer than `limitFrames` is cut. @throws DomainError of the source */
export async function readWhole(source: PcmSource, limitFrames: number): Promise<Int16Array> {
  const blocks: Int16Array[] = [];
  let frames = 0;
  try {
    while (frames < limitFrames) {
      const block = new Int16Array(Math.min(SAMPLE_RATE, limitFrames - frames));
      const read = await source.read(block);
      if (read === 0) break;
      blocks.push(block.subarray(0, read));
      frames += read;
    }
  } finally {
    await source.close();
  }
  const whole = new Int16Array(frames);
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
