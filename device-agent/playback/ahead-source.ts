import { BLOCK_FRAMES } from '../outputs/output.ts';
import type { PcmSource } from './pcm-source.ts';

/**
 * Reads a source ahead into memory, as far as `limitFrames`, and knows how much there is: for what comes as it will (a download, a
 * stream), where the reader must not wait.
 */
export class AheadSource {
  readonly #source: PcmSource;
  readonly #limitFrames: number;
  #blocks: Int16Array[] = [];
  #frames = 0;
  #ended = false;
  #failure: unknown;
  #closed = false;
  #wanted: () => void = () => undefined;
  readonly #pumping: Promise<void>;
  /** Called after something came, or the end. */
  onChange: () => void = () => undefined;

  constructor(options: { readonly source: PcmSource; readonly limitFrames: number }) {
    this.#source = options.source;
    this.#limitFrames = options.limitFrames;
    this.#pumping = this.#pump();
  }

  /** Frames that can be taken at once. */
  get frames(): number {
    return this.#frames;
  }

  /** Nothing more comes. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What it ended of, if not of itself. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Takes what is there, at most a block; 0 when nothing is. */
  take(block: Int16Array): number {
    let filled = 0;
    for (let first = this.#blocks[0]; first !== undefined && filled < block.length; first = this.#blocks[0]) {
      const part = first.subarray(0, block.length - filled);
      block.set(part, filled);
      filled += part.length;
      if (part.length === first.length) this.#blocks.shift();
      else this.#blocks[0] = first.subarray(part.length);
    }
    this.#frames -= filled;
    this.#wanted();
    return filled;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wanted();
    await this.#source.close();
    await this.#pumping;
    this.#blocks = [];
    this.#frames = 0;
  }

  async #pump(): Promise<void> {
    try {
      while (!this.#closed) {
        const block = new Int16Array(BLOCK_FRAMES);
        const frames = await this.#source.read(block);
        if (frames === 0) break;
        if (this.#source.silent) block.fill(0);
        this.#blocks.push(block.subarray(0, frames));
        this.#frames += frames;
        this.onChange();
        while (this.#frames >= this.#limitFrames && !this.#closed)
          await new Promise<void>((resolve) => {
            this.#wanted = resolve;
          });
      }
    } catch (error) {
      this.#failure = error;
    }
    this.#ended = true;
    this.onChange();
  }
}
