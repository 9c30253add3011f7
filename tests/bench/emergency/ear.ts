import type { Clock } from '#kit';

/** What sounds before is far below this, the tone far above. */
const LOUD = 0.03 * 32_768;

/** Hears what the loudspeaker does, and when. */
export class Ear {
  readonly #clock: Pick<Clock, 'now'>;
  loudAt: number | undefined;
  heardAt: number | undefined;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  forget(): void {
    this.loudAt = undefined;
    this.heardAt = undefined;
  }

  /** Whole samples of 16 bits, one channel, in the moment when the last of them sounds. */
  hear(pcm: Buffer): void {
    const at = this.#clock.now();
    for (let index = 0; index + 1 < pcm.length; index += 2) {
      const size = Math.abs(pcm.readInt16LE(index));
      if (size > 0) this.heardAt ??= at;
      // The frames before it in this piece came at the same moment.
      if (size > LOUD) this.loudAt ??= at;
    }
  }
}
