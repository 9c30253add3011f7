/**
 * Spreads `from` samples over `to` (one more or one fewer) by linear interpolation: every sample moves by less than
 * one, so nothing is heard where leaving one out would click. `out` takes `to` samples.
 */
export function stretch(input: Int16Array, from: number, out: Int16Array, to: number): void {
  const step = to > 1 ? (from - 1) / (to - 1) : 0;
  for (let index = 0; index < to; index++) {
    const at = index * step;
    const left = Math.min(Math.floor(at), from - 1);
    const a = input[left] ?? 0;
    const b = input[Math.min(left + 1, from - 1)] ?? 0;
    out[index] = Math.round(a + (b - a) * (at - left));
  }
}
