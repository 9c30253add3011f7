import type { PcmSource } from './pcm-source.ts';

/** Sound that lies in memory: ready at once. The samples are shared, never changed. */
export class MemorySource implements PcmSource {
  readonly silent = false;
  readonly #samples: Int16Array;
  #at: number;

  constructor(samples: Int16Array, fromFrame = 0) {
    this.#samples = samples;
    this.#at = Math.min(fromFrame, samples.length);
  }

  async ready(): Promise<void> {}

  async read(block: Int16Array): Promise<number> {
    const part = this.#samples.subarray(this.#at, this.#at + block.length);
    block.set(part);
    this.#at += part.length;
    return part.length;
  }

  async close(): Promise<void> {}
}
