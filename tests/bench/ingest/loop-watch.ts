import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

const RESOLUTION_MS = 2;

/** Runs `work` and says how long it took and for how long at most it held this process's event loop, ms. */
export async function watched(
  work: () => Promise<void>,
): Promise<{ readonly tookMs: number; readonly heldMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  await nextTurn();
  const startedAt = performance.now();
  await work();
  const tookMs = performance.now() - startedAt;
  // The monitor notices a hold at the timer after it.
  await new Promise((resolve) => setTimeout(resolve, 2 * RESOLUTION_MS));
  delay.disable();
  return { tookMs, heldMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS) };
}
