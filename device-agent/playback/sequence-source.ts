import { type OpenSource, type Parts, type PcmSource, partsOf } from './pcm-source.ts';

/** Sounds one after the other without a gap: those before the content, then the content. Only the last one counts as content. */
export class SequenceSource implements PcmSource {
  readonly silent = false;
  readonly #before: readonly PcmSource[];
  readonly #content: PcmSource;
  #at = 0;
  #beforeFrames = 0;

  /** `content` is opened at once, so that it is ready when its turn comes. */
  constructor(options: { readonly before: readonly OpenSource[]; readonly content: PcmSource }) {
    this.#before = options.before.map((open) => open(0));
    this.#content = options.content;
  }

  ready(): Promise<void> {
    return (this.#before[0] ?? this.#content).ready();
  }

  async read(block: Int16Array): Promise<number> {
    let filled = 0;
    while (filled < block.length) {
      const source = this.#before[this.#at];
      if (source === undefined) break;
      const frames = await source.read(block.subarray(filled));
      if (source.silent) block.fill(0, filled, filled + frames);
      if (frames === 0) this.#at += 1;
      filled += frames;
      this.#beforeFrames += frames;
    }
    if (filled === block.length) return filled;
    const frames = await this.#content.read(block.subarray(filled));
    if (this.#content.silent) block.fill(0, filled, filled + frames);
    return filled + frames;
  }

  parts(frames: number): Parts {
    return partsOf(this.#content, Math.max(0, frames - this.#beforeFrames));
  }

  async close(): Promise<void> {
    await Promise.all([this.#content, ...this.#before].map((source) => source.close()));
  }
}
