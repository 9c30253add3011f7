import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Clock } from '#kit';
import type { BootTime, TimeWitness } from '../domain/time/clock-guard.ts';

/** How long `timedatectl` may take. */
const LIMIT_MS = 5_000;

/** The running time that fits a clock: the machine's, or that of a clock which somebody brought along. */
export function bootTimeOf(clock: Clock | undefined): BootTime {
  return clock === undefined ? systemBootTime() : { bootId: null, elapsed: () => clock.monotonic() };
}

/** Linux: /proc/uptime counts suspend. Elsewhere the process's own monotonic time has to do. */
function systemBootTime(): BootTime {
  const bootId = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()) ?? null;
  let last = 0;
  return {
    bootId,
    elapsed: () => {
      const text = attempt(() => readFileSync('/proc/uptime', 'latin1'));
      const seconds = Number.parseFloat(text ?? '');
      last = Math.max(last, Number.isFinite(seconds) ? Math.round(seconds * 1000) : performance.now());
      return last;
    },
  };
}

/**
 * Asks the kernel, which knows of timesyncd, chrony and ntpd alike, and forgets that it was synchronised when somebody sets the
 * clock. Where there is no such tool nothing vouches for the clock.
 */
export const systemTimeWitness: TimeWitness = {
  synchronised: () =>
    new Promise((resolve) => {
      execFile(
        'timedatectl',
        ['show', '--property=NTPSynchronized', '--value'],
        { timeout: LIMIT_MS },
        (error, output) => resolve(error === null && output.trim() === 'yes'),
      );
    }),
};

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
