import { readFile } from 'node:fs/promises';
import type { Clock, Instant, Milliseconds } from '#kit';
import type { RunCommand } from './run-command.ts';

/** What another clock of this machine shows. */
export interface ReferenceReading {
  readonly kind: 'ntp' | 'rtc';
  readonly instant: Instant;
  /** Local monotonic time of the reading. */
  readonly at: Milliseconds;
  /** How far it may be off by its own making, ms. */
  readonly boundMs: Milliseconds;
}

/** Clocks other than the controller's that deserve belief. */
export interface ReferenceClock {
  /** Undefined when the machine has none; never rejects. */
  read(): Promise<ReferenceReading | undefined>;
}

export interface SystemReferenceClockOptions {
  readonly clock: Clock;
  readonly run: RunCommand;
  /** Written by systemd-timesyncd when it has synchronised in this boot. */
  readonly timesyncFlag?: string;
  /** Seconds since 1970 as the RTC counts them. */
  readonly rtcPath?: string;
}

/**
 * The kernel's clock where NTP keeps it, else a battery-backed RTC. A wall clock that is merely plausible (restored
 * from a file at boot) is neither.
 */
export class SystemReferenceClock implements ReferenceClock {
  readonly #options: SystemReferenceClockOptions;

  constructor(options: SystemReferenceClockOptions) {
    this.#options = options;
  }

  async read(): Promise<ReferenceReading | undefined> {
    const { clock, rtcPath = '/sys/class/rtc/rtc0/since_epoch' } = this.#options;
    if (await this.#synchronised()) {
      return { kind: 'ntp', instant: clock.now(), at: clock.monotonic(), boundMs: 1_000 };
    }
    const seconds = Number.parseInt((await textOf(rtcPath)) ?? '', 10);
    if (!Number.isSafeInteger(seconds)) return undefined;
    return { kind: 'rtc', instant: seconds * 1000 + 500, at: clock.monotonic(), boundMs: 2_000 };
  }

  async #synchronised(): Promise<boolean> {
    const { run, timesyncFlag = '/run/systemd/timesync/synchronized' } = this.#options;
    if ((await textOf(timesyncFlag)) !== undefined) return true;
    // Also knows of chrony and ntpd: it asks the kernel.
    const answer = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
    return answer.ok && answer.output.trim() === 'yes';
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch {
    // No such clock on this machine.
    return undefined;
  }
}
