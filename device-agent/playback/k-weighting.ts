/**
 * The K-weighting of ITU-R BS.1770-4 at 48 kHz: a shelf for the head, a high-pass, both second order with the coefficients of
 * the recommendation. Keeps its state from sample to sample.
 */
export class KWeighting {
  #s1 = 0;
  #s2 = 0;
  #h1 = 0;
  #h2 = 0;

  /** One sample, −1…1, weighted. */
  next(sample: number): number {
    // Transposed direct form II, twice.
    const shelf = 1.53512485958697 * sample + this.#s1;
    this.#s1 = -2.69169618940638 * sample + 1.69065929318241 * shelf + this.#s2;
    this.#s2 = 1.19839281085285 * sample - 0.73248077421585 * shelf;
    const out = shelf + this.#h1;
    this.#h1 = -2 * shelf + 1.99004745483398 * out + this.#h2;
    this.#h2 = shelf - 0.99007225036621 * out;
    return out;
  }
}

/** Loudness in LUFS of mono sound whose K-weighted samples have this mean square. */
export function lufs(meanSquare: number): number {
  return meanSquare <= 0 ? -120 : -0.691 + 10 * Math.log10(meanSquare);
}
