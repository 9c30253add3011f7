/** Before this program was written no clock can be right; a box without a battery-backed clock starts in 1970. */
export const EARLIEST_TIME = Date.UTC(2025, 0, 1);
export const LATEST_TIME = Date.UTC(2100, 0, 1);

/** The instant of a clock that may be far off, moved to where it can be. */
export function plausible(instant: number): number {
  return Math.min(Math.max(instant, EARLIEST_TIME), LATEST_TIME);
}
