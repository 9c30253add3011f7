import { type Clock, delay, type Milliseconds } from '#kit';

/** An emergency or a stop waits for the disk no longer than this. */
export const DISK_PATIENCE_MS: Milliseconds = 50;

/** Waits for work, but no longer than so long by the monotonic clock. What becomes of the work is left to whoever began it: it must not reject. */
export async function waitAtMost(
  clock: Clock,
  name: string,
  mostMs: Milliseconds,
  work: Promise<void>,
): Promise<void> {
  const patience = new AbortController();
  const over = delay(clock, name, mostMs, patience.signal).catch(() => undefined);
  await Promise.race([work, over]);
  patience.abort();
}
