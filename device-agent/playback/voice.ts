import type { Milliseconds } from '#kit';
import { BYTES_PER_FRAME, FRAMES_PER_MS, type OutputSession } from '../outputs/output.ts';
import { DriftController, SampleCredit, SlewedTarget } from './drift.ts';
import { Level } from './level.ts';
import { Meter } from './meter.ts';
import { type Parts, type PcmSource, partsOf } from './pcm-source.ts';
import { stretch } from './stretch.ts';

/** A mapping from instants to the local clock that gets better while sound is on is followed at this rate. */
const FOLLOW_PPM = 300;
/** Another gain is asked for this often while sound is on. */
const GAIN_EVERY_MS = 250;
/** How long it takes to get there. */
const GAIN_RAMP_MS = 2_000;
/** How long it takes to go down under something else, and up again. */
const LOWER_RAMP_MS = 200;

/**
 * The only writer of a session: silence, then content held to its place in time. Knows which frame of the session is
 * which frame of the content.
 */
export class Voice {
  readonly meter = new Meter();
  readonly #session: OutputSession;
  readonly #gainDb: () => number;
  readonly #level: Level;
  #input: Int16Array;
  #output = new Int16Array(0);
  readonly #zeros: Uint8Array;
  #written = 0;
  #source: PcmSource | undefined;
  #target: SlewedTarget | undefined;
  #drift = new DriftController();
  #credit = new SampleCredit();
  #firstFrame = 0;
  #consumed = 0;
  #skipped = 0;
  #content = 0;
  #gainAskedAt = 0;

  /** `gainDb` is asked for again while sound is on: what has changed is followed within 2 s. */
  constructor(options: { readonly session: OutputSession; readonly gainDb: () => number }) {
    this.#session = options.session;
    this.#gainDb = options.gainDb;
    this.#level = new Level({ gainDb: options.gainDb() });
    this.#zeros = silence(options.session.blockFrames);
    // A silent source fills nothing, so all of them may share one block.
    this.#input = new Int16Array(this.#zeros.buffer);
  }

  /** When the next frame that is written will sound. `undefined` until the output knows. */
  nextMs(): Milliseconds | undefined {
    return this.#session.timeOf(this.#written);
  }

  /** When the first frame of this repetition sounds or sounded; `undefined` before the output knows. */
  firstMs(): Milliseconds | undefined {
    return this.#session.timeOf(this.#firstFrame);
  }

  /** Whether the first frame of this repetition has sounded. */
  get sounding(): boolean {
    return this.#session.framesPlayed() > this.#firstFrame;
  }

  /** Whether a fade-out has reached its end. */
  get faded(): boolean {
    return this.#level.silent || this.#source?.silent === true;
  }

  /** What has been taken from the source in this repetition. */
  get consumed(): Parts {
    return partsOf(this.#source, this.#consumed);
  }

  /** Frames of content in all repetitions, those left out included. */
  get content(): number {
    return this.#content + this.consumed.content;
  }

  /** Frames of content left out in all repetitions, to catch up after a loss. */
  get skipped(): number {
    return this.#skipped;
  }

  /** What of this repetition has sounded by now. */
  heard(): Parts {
    const underWay = this.#written - Math.max(this.#firstFrame, this.#session.framesPlayed());
    return partsOf(this.#source, Math.max(0, this.#consumed - Math.max(0, underWay)));
  }

  /** Goes down by so many dB under something else that sounds; 0: up again. */
  lower(downDb: number): void {
    this.#level.lowerTo(downDb, LOWER_RAMP_MS);
  }

  /** Writes silence; at most one block. */
  async silence(frames: number = this.#session.blockFrames): Promise<void> {
    await this.#write(this.#zeros.subarray(0, Math.min(frames, this.#session.blockFrames) * BYTES_PER_FRAME));
  }

  /** What is written next is the content of `source`. */
  begin(source: PcmSource): void {
    this.#content = this.content;
    this.#source = source;
    this.#target = undefined;
    if (!source.silent && this.#output.length === 0) {
      this.#input = new Int16Array(this.#session.blockFrames);
      this.#output = new Int16Array(this.#session.blockFrames + 1);
    }
    this.#firstFrame = this.#written;
    this.#consumed = 0;
    this.#level.fadeIn();
  }

  fadeOut(fadeMs: Milliseconds): void {
    this.#level.fadeOut(fadeMs);
  }

  /**
   * Plays the next block of the content whose first frame belongs at `wantedMs` (`undefined`: wherever it is). False at
   * the end.
   * @throws DomainError `decoder.failed` | `output.failed`
   */
  async block(wantedMs: Milliseconds | undefined): Promise<boolean> {
    const source = this.#source;
    if (source === undefined) throw new Error('block before begin');
    const frames = await source.read(this.#input);
    if (frames === 0) return false;
    const adjust = await this.#correct(source, wantedMs, frames);
    this.#consumed += frames;
    const length = frames > 2 ? frames - adjust : frames;
    if (source.silent) {
      await this.#write(this.#zeros.subarray(0, Math.min(length * BYTES_PER_FRAME, this.#zeros.length)));
      return true;
    }
    const out = this.#output.subarray(0, length);
    if (length === frames) out.set(this.#input.subarray(0, frames));
    else stretch(this.#input, frames, out, length);
    this.#followGain();
    this.#level.apply(out);
    this.meter.add(out);
    await this.#write(new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
    return true;
  }

  #followGain(): void {
    if (this.#written - this.#gainAskedAt < GAIN_EVERY_MS * FRAMES_PER_MS) return;
    this.#gainAskedAt = this.#written;
    this.#level.gainTo(this.#gainDb(), GAIN_RAMP_MS);
  }

  /** How many samples to leave out of a block (−1 to +1), after making good what the device has lost. */
  async #correct(source: PcmSource, wantedMs: Milliseconds | undefined, frames: number): Promise<number> {
    const nextMs = this.nextMs();
    if (nextMs === undefined || wantedMs === undefined) return 0;
    this.#target ??= new SlewedTarget(wantedMs, FOLLOW_PPM);
    const elapsedMs = frames / FRAMES_PER_MS;
    this.#target.follow(wantedMs, elapsedMs);
    const errorMs = nextMs - (this.#target.valueMs + this.#consumed / FRAMES_PER_MS);
    const correction = this.#drift.step(errorMs, elapsedMs);
    if (correction.kind === 'slew') return this.#credit.take(correction.ppm, frames);
    if (correction.errorMs > 0) await this.#skip(source, Math.round(correction.errorMs * FRAMES_PER_MS));
    else await this.#wait(Math.round(-correction.errorMs * FRAMES_PER_MS));
    this.#level.fadeIn();
    return 0;
  }

  /** Leaves out content; the block already read is the last before the gap. */
  async #skip(source: PcmSource, frames: number): Promise<void> {
    const scratch = new Int16Array(this.#session.blockFrames);
    for (let left = frames; left > 0; ) {
      const read = await source.read(scratch.subarray(0, Math.min(left, scratch.length)));
      if (read === 0) return;
      left -= read;
      this.#consumed += read;
      this.#skipped += read;
    }
  }

  async #wait(frames: number): Promise<void> {
    for (let left = frames; left > 0; left -= this.#session.blockFrames) await this.silence(left);
  }

  async #write(pcm: Uint8Array): Promise<void> {
    this.#written += pcm.byteLength / BYTES_PER_FRAME;
    await this.#session.write(pcm);
  }
}

const silences = new Map<number, Uint8Array>();

/** Shared by all sessions with blocks of this length: a fleet in one process has thousands. */
function silence(frames: number): Uint8Array {
  let zeros = silences.get(frames);
  if (zeros === undefined) {
    zeros = new Uint8Array(frames * BYTES_PER_FRAME);
    silences.set(frames, zeros);
  }
  return zeros;
}
