import { softLimit } from './level.ts';

const FULL_SCALE = 32_767;

/** The sum of several blocks of the same length, into `out`: straight while it fits, bent near full scale, never clipped. */
export function mix(parts: readonly Int16Array[], out: Int16Array): void {
  for (let index = 0; index < out.length; index++) {
    let sum = 0;
    for (const part of parts) sum += part[index] ?? 0;
    // `softLimit` is straight below −1 dBFS.
    out[index] = Math.round(softLimit(sum / FULL_SCALE) * FULL_SCALE);
  }
}
