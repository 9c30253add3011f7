import { RATE } from '../../helpers/pcm.ts';

const FRAMES_PER_MS = RATE / 1000;
/** How much of the stream tells its pace. */
const PACE_FRAMES = 2 * RATE;

/** Sound as it came through one connection, each piece with the instant of its arrival. */
export class Arrivals {
  readonly #pieces: { readonly at: number; readonly firstFrame: number; readonly bytes: Buffer }[] = [];
  #bytes = 0;

  add(at: number, bytes: Buffer): void {
    this.#pieces.push({ at, firstFrame: this.#bytes / 2, bytes });
    this.#bytes += bytes.length;
  }

  get frames(): number {
    return this.#bytes >> 1;
  }

  /** Everything that came, as one piece of PCM. */
  pcm(): Buffer {
    return Buffer.concat(this.#pieces.map(({ bytes }) => bytes));
  }

  /** When a frame was there: the arrival of its piece and its place in it. */
  instantOf(frame: number): number {
    const piece = this.#pieces.findLast(({ firstFrame }) => firstFrame <= frame);
    if (piece === undefined) throw new RangeError(`frame ${frame} has not come`);
    return piece.at + (frame - piece.firstFrame) / FRAMES_PER_MS;
  }

  /** When a frame was due by the pace of the two seconds after it, of which the earliest piece was held up least. */
  pacedInstantOf(frame: number): number {
    const near = this.#pieces.filter(
      ({ firstFrame }) => firstFrame >= frame && firstFrame < frame + PACE_FRAMES,
    );
    return Math.min(
      this.instantOf(frame),
      ...near.map(({ at, firstFrame }) => at + (frame - firstFrame) / FRAMES_PER_MS),
    );
  }
}
