import type { Parts } from './pcm-source.ts';

/** What a stretch of frames is: before the content or bridging a wait; content; content of a relay, by where it came from. */
export type SpanKind = 'lead' | 'content' | 'relayed' | 'fallback' | 'gap';

/** Which frames of a source were what, in the order in which they were read. */
export class Spans {
  readonly #spans: { readonly kind: SpanKind; frames: number }[] = [];
  readonly #relay: boolean;

  /** `relay`: tell how much was relayed, even when it is nothing. */
  constructor(options: { readonly relay: boolean } = { relay: false }) {
    this.#relay = options.relay;
  }

  add(kind: SpanKind, frames: number): void {
    const last = this.#spans.at(-1);
    if (last?.kind === kind) last.frames += frames;
    else if (frames > 0) this.#spans.push({ kind, frames });
  }

  /** The first so many frames, sorted. */
  parts(frames: number): Parts {
    const sums = { lead: 0, content: 0, relayed: 0, fallback: 0, gap: 0 };
    let left = frames;
    for (const span of this.#spans) {
      const taken = Math.min(left, span.frames);
      sums[span.kind] += taken;
      left -= taken;
      if (left <= 0) break;
    }
    const { relayed, fallback } = sums;
    const content = sums.content + relayed + fallback + sums.gap;
    return this.#relay ? { content, relayed, fallback } : { content };
  }
}
