/** One loudness measurement after ITU-R BS.1770 / EBU R 128. */
export interface Loudness {
  /** Gated integrated loudness in LUFS; -70 when nothing passed the absolute gate. */
  readonly integratedLufs: number;
  /** True peak in dBTP; null when it was not measured; -Infinity for digital silence. */
  readonly truePeakDb: number | null;
}

/** At and below this, ffmpeg's `ebur128` has measured nothing. */
export const NOTHING_MEASURED_LUFS = -70;

/**
 * Reads the summaries of ffmpeg's `ebur128` from its chatter, line by line. Old versions print an empty summary while
 * they set the filters up; a sound track that changes its format midway leaves several with figures.
 */
export class LoudnessReader {
  #current: { integratedLufs: number; truePeakDb: number | null } | undefined;
  readonly #all: Loudness[] = [];

  line(text: string): void {
    if (/Parsed_ebur128.*Summary:/.test(text)) {
      this.#current = { integratedLufs: NOTHING_MEASURED_LUFS, truePeakDb: null };
      this.#all.push(this.#current);
      return;
    }
    if (!this.#current) return;
    const integrated = /^\s*I:\s+(-?[\d.]+|-inf|nan) LUFS/.exec(text)?.[1];
    if (integrated !== undefined) this.#current.integratedLufs = decibels(integrated, NOTHING_MEASURED_LUFS);
    const peak = /^\s*Peak:\s+(-?[\d.]+|-inf|nan) dBFS/.exec(text)?.[1];
    if (peak !== undefined) this.#current.truePeakDb = decibels(peak, Number.NEGATIVE_INFINITY);
  }

  /** The measurement; undefined when there was none. */
  get result(): Loudness | undefined {
    return this.#all.at(-1);
  }

  /** How many measurements found sound. */
  get soundingCount(): number {
    return this.#all.filter((one) => one.integratedLufs > NOTHING_MEASURED_LUFS).length;
  }
}

function decibels(text: string, otherwise: number): number {
  const value = Number(text);
  return Number.isFinite(value) ? value : otherwise;
}
