const FULL_SCALE = 32_768;
/** What digital silence is reported as. */
export const SILENCE_DB = -120;

/** RMS and peak, in dB relative to full scale, of all samples given to it. */
export class Meter {
  #sumOfSquares = 0;
  #samples = 0;
  #peak = 0;

  add(block: Int16Array): void {
    let sum = 0;
    let peak = this.#peak;
    for (const sample of block) {
      sum += sample * sample;
      const size = sample < 0 ? -sample : sample;
      if (size > peak) peak = size;
    }
    this.#sumOfSquares += sum;
    this.#samples += block.length;
    this.#peak = peak;
  }

  get meanDb(): number {
    if (this.#samples === 0) return SILENCE_DB;
    return decibels(Math.sqrt(this.#sumOfSquares / this.#samples) / FULL_SCALE);
  }

  get peakDb(): number {
    return decibels(this.#peak / FULL_SCALE);
  }
}

/** Amplitude to dB, with a floor. */
function decibels(ratio: number): number {
  return ratio <= 0 ? SILENCE_DB : Math.max(SILENCE_DB, 20 * Math.log10(ratio));
}
