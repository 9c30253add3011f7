import { fakeTimeLibrary } from '../../helpers/requirements.ts';

const DAY_MS = 24 * 3_600_000;
/** Vietnam is this far ahead of UTC, all year. */
const ZONE_MS = 7 * 3_600_000;

/** What the clocks in Vietnam show at an instant. */
export function localOf(instant: number): { readonly day: string; readonly time: string } {
  const text = new Date(instant + ZONE_MS).toISOString();
  return { day: text.slice(0, 10), time: text.slice(11, 19) };
}

/** The time of a village: that of this machine moved by so much, the same for every process that gets its environment. */
export class VillageTime {
  readonly aheadMs: number;

  constructor(aheadMs = 0) {
    this.aheadMs = aheadMs;
  }

  /** It is now "03:15:00" there, of today or of tomorrow. */
  static at(time: string): VillageTime {
    const now = Date.now();
    return new VillageTime(nextInstant(now, time) - now);
  }

  get now(): number {
    return Date.now() + this.aheadMs;
  }

  /** An instant of this machine's clock as the village counts. */
  of(instant: number): number {
    return instant + this.aheadMs;
  }

  /** The next instant there at which clocks show this ("17:00:00"). */
  next(time: string): number {
    return nextInstant(this.now, time);
  }

  /** The first whole second there that is at least so far ahead: schedules know no shorter ones. */
  soon(leadMs: number): number {
    return Math.ceil((this.now + leadMs) / 1_000) * 1_000;
  }

  /** Environment of a process that lives there; `wrongByMs`: of one whose wall clock somebody has set wrong. */
  env(wrongByMs = 0): Record<string, string> {
    const seconds = (this.aheadMs + wrongByMs) / 1_000;
    if (seconds === 0) return {};
    return {
      LD_PRELOAD: fakeTimeLibrary() ?? '',
      FAKETIME: `${seconds < 0 ? '' : '+'}${seconds.toFixed(3)}s`,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }
}

function nextInstant(now: number, time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  const midnight = Math.floor((now + ZONE_MS) / DAY_MS) * DAY_MS - ZONE_MS;
  const today = midnight + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return today >= now ? today : today + DAY_MS;
}
