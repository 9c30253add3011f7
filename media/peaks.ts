import Type, { type Static } from 'typebox';

/** A waveform to draw: at most `MOST_PEAKS` bars of equal length. */
export const WaveformSchema = Type.Object({
  v: Type.Literal(1),
  /** Length of each bar; the last may be shorter. */
  barMs: Type.Integer({ minimum: 1 }),
  /** Highest level in each bar, 0 (silence) to 255 (full scale), linear. */
  bars: Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { maxItems: 800 }),
});
export type Waveform = Static<typeof WaveformSchema>;

/** Most bars of a waveform: as many as a wide screen shows. */
export const MOST_PEAKS = 800;

/** Draws block peaks (0–1, each `blockMs` long) as a waveform. */
export function waveform(peak: Float32Array, blockMs: number): Waveform {
  const perBar = Math.max(1, Math.ceil(peak.length / MOST_PEAKS));
  const bars: number[] = [];
  for (let from = 0; from < peak.length; from += perBar) {
    let highest = 0;
    for (const value of peak.subarray(from, from + perBar)) highest = Math.max(highest, value);
    bars.push(Math.min(255, Math.round(highest * 255)));
  }
  return { v: 1, barMs: perBar * blockMs, bars };
}
