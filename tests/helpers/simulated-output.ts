import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, delay } from '#kit';
import {
  BLOCK_FRAMES,
  FRAMES_PER_MS,
  type Output,
  type OutputSession,
} from '../../device-agent/outputs/output.ts';
import { framesBy, PlaybackClock } from '../../device-agent/outputs/playback-clock.ts';
import { PlaybackEngine } from '../../device-agent/playback/engine.ts';
import type { Decoder, PcmSource } from '../../device-agent/playback/pcm-source.ts';
import { FakeClock } from './fake-clock.ts';

export interface CardOptions {
  readonly clock: Clock;
  /** How much faster than it should the card plays. */
  readonly ppm: number;
  /** From 0 to 1; a fixed sequence by default. */
  readonly random?: () => number;
}

/** A sound card that runs fast or slow, played by a fake clock, and keeps the truth about every frame. */
export class SimulatedCard implements Output, OutputSession {
  readonly kind = 'alsa';
  readonly device = 'simulated';
  readonly evidence = 'reported';
  readonly blockFrames = BLOCK_FRAMES;
  readonly leadMs = 200;
  readonly uncertaintyMs = 20;
  /** Called after every write with the truth: when the next frame will sound. */
  onWritten: (nextMs: number) => void = () => undefined;
  readonly #options: CardOptions;
  readonly #playback = new PlaybackClock({ needed: 4 });
  readonly #framesPerMs: number;
  readonly #random: () => number;
  #originMs: number | undefined;
  #written = 0;

  constructor(options: CardOptions) {
    this.#options = options;
    this.#framesPerMs = FRAMES_PER_MS * (1 + options.ppm / 1e6);
    this.#random = options.random ?? sequence();
  }

  async open(): Promise<OutputSession> {
    return this;
  }

  async probe() {
    return { ok: true, device: this.device, detail: '' };
  }

  /** The card loses time: everything not yet played sounds this much later. */
  stumble(ms: number): void {
    this.#originMs = (this.#originMs ?? 0) + ms;
  }

  async write(pcm: Uint8Array): Promise<void> {
    const { clock } = this.#options;
    this.#originMs ??= clock.monotonic() + 37;
    this.#written += pcm.byteLength / 2;
    this.onWritten(this.trueTimeOf(this.#written));
    const nowMs = clock.monotonic();
    const reported = (nowMs - this.#reportErrorMs() - this.#originMs) * this.#framesPerMs;
    if (reported > 0) this.#playback.observe(Math.floor(reported), nowMs);
    const waitMs = this.trueTimeOf(this.#written) - nowMs - this.leadMs;
    if (waitMs > 0) await delay(clock, 'card', waitMs);
  }

  /** As seen with `pacat` on a busy machine: half a millisecond; one in ten far too late, one in fifty far too early. */
  #reportErrorMs(): number {
    const [kind, size] = [this.#random(), this.#random()];
    if (kind < 0.1) return size * 20;
    return kind < 0.12 ? -size * 20 : size - 0.5;
  }

  trueTimeOf(frame: number): number {
    return (this.#originMs ?? 0) + frame / this.#framesPerMs;
  }

  timeOf(frame: number): number | undefined {
    return this.#playback.timeOf(frame);
  }

  framesPlayed(): number {
    return framesBy(this.#options.clock.monotonic(), this.#playback.timeOf(0), this.#written);
  }

  async drain(): Promise<void> {
    await delay(
      this.#options.clock,
      'card',
      this.trueTimeOf(this.#written) - this.#options.clock.monotonic(),
    );
  }

  async close(): Promise<void> {}
}

/** A source of the stated length that is a steady value, and counts what is taken from it. */
export class CountingDecoder implements Decoder {
  taken = 0;
  opened = 0;
  readonly #value: number;

  constructor(value = 8_000) {
    this.#value = value;
  }

  open(request: { readonly durationMs: number; readonly offsetMs: number }): PcmSource {
    this.opened++;
    let left = Math.round((request.durationMs - request.offsetMs) * FRAMES_PER_MS);
    return {
      silent: false,
      ready: async () => undefined,
      read: async (block) => {
        const frames = Math.min(left, block.length);
        block.fill(this.#value, 0, frames);
        left -= frames;
        this.taken += frames;
        return frames;
      },
      close: async () => undefined,
    };
  }
}

export interface DriftResult {
  /** Largest distance of any block from its place, from the first frame on. */
  readonly maxSkewMs: number;
  /** Distance of the last block. */
  readonly finalSkewMs: number;
}

/**
 * Plays `minutes` on a sound card that is off by `ppm`, with the agent's own engine and in fast time, and tells how
 * far from its place the sound really was. `mapping` lets the knowledge of the time change on the way.
 */
export async function simulateDrift(options: {
  readonly ppm: number;
  readonly minutes: number;
  readonly mapping?: (playedMs: number) => number;
  readonly stumble?: { readonly afterMs: number; readonly ms: number };
}): Promise<DriftResult & { readonly skippedMs: number }> {
  const clock = new FakeClock();
  const card = new SimulatedCard({ clock, ppm: options.ppm });
  const decoder = new CountingDecoder();
  const startsMs = 5_000;
  const mapping = options.mapping ?? (() => 0);
  const engine = new PlaybackEngine({
    clock,
    output: card,
    decoder,
    toMonotonic: (instant) => instant + mapping(clock.monotonic() - startsMs),
    onListenerError: (_event, error) => {
      throw error;
    },
  });
  let maxSkewMs = 0;
  let finalSkewMs = 0;
  let { stumble } = options;
  const durationMs = options.minutes * 60_000;
  card.onWritten = (nextMs) => {
    // Behind the content the device is kept running with silence.
    if (decoder.taken === 0 || decoder.taken === durationMs * FRAMES_PER_MS) return;
    const playedMs = decoder.taken / FRAMES_PER_MS;
    finalSkewMs = nextMs - (startsMs + mapping(playedMs) + playedMs);
    maxSkewMs = Math.max(maxSkewMs, Math.abs(finalSkewMs));
    if (stumble !== undefined && playedMs > stumble.afterMs) {
      card.stumble(stumble.ms);
      stumble = undefined;
    }
  };
  await engine.start();
  const play = engine.play({ file: 'simulated', durationMs, startAt: startsMs });
  let over = false;
  const ended = play.done.finally(() => {
    over = true;
  });
  while (!over) {
    await clock.advance(1_000);
    await nextTurn();
  }
  const outcome = await ended;
  await engine.stop();
  if (outcome.kind !== 'finished') throw new Error(`the simulated play ended as ${outcome.kind}`);
  return { maxSkewMs, finalSkewMs, skippedMs: outcome.skippedMs };
}

/** A fixed pseudo-random sequence (mulberry32). */
function sequence(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
