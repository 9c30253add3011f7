import type { Clock, Instant, Milliseconds } from '#kit';
import type { RunCommand } from './run-command.ts';

/** How the agent may set the machine's clock. `off` unless the configuration says otherwise. */
export type SetClockMode = 'off' | 'date' | 'timedatectl';

/** What came of it; part of the health report. */
export type SetClockResult =
  | { readonly outcome: 'off' | 'already-right' }
  | { readonly outcome: 'set'; readonly byMs: Milliseconds; readonly rtcWritten: boolean }
  | { readonly outcome: 'failed'; readonly reason: string };

export interface SystemClockSetter {
  /** Makes the machine's clock show what `trueTime` returns at that moment. Never rejects. */
  set(trueTime: () => Instant): Promise<SetClockResult>;
}

export interface CommandClockSetterOptions {
  readonly mode: SetClockMode;
  readonly clock: Clock;
  readonly run: RunCommand;
  /** Also writes the RTC, which the next offline start will believe. Needs the same right. */
  readonly writeRtc?: boolean;
}

/** A clock that is off by less is left alone: the commands know whole seconds. */
const CLOSE_ENOUGH_MS = 2_000;

/** Sets the clock with the system's own commands. */
export class CommandClockSetter implements SystemClockSetter {
  readonly #options: CommandClockSetterOptions;

  constructor(options: CommandClockSetterOptions) {
    this.#options = options;
  }

  async set(trueTime: () => Instant): Promise<SetClockResult> {
    const { mode, clock, run, writeRtc = false } = this.#options;
    if (mode === 'off') return { outcome: 'off' };
    const byMs = trueTime() - clock.now();
    if (Math.abs(byMs) < CLOSE_ENOUGH_MS) return { outcome: 'already-right' };
    const [program, args] = command(mode, trueTime());
    const result = await run(program, args);
    if (!result.ok) return { outcome: 'failed', reason: result.output.trim().split('\n').at(-1) ?? '' };
    const rtcWritten = writeRtc && (await run('hwclock', ['--systohc', '--utc'])).ok;
    return { outcome: 'set', byMs, rtcWritten };
  }
}

function command(mode: Exclude<SetClockMode, 'off'>, instant: Instant): [string, string[]] {
  const seconds = Math.round(instant / 1000);
  if (mode === 'date') return ['date', ['-u', '-s', `@${seconds}`]];
  return [
    'timedatectl',
    ['set-time', `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`],
  ];
}
