import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Clock, Instant, Milliseconds, Timer } from '#kit';

/** What the system knows of its own running time; a port, so that tests can suspend and reboot. */
export interface UptimeSource {
  /** Names this boot; another boot has another id. */
  readonly bootId: string;
  /** ms since some start, never backwards, not counting suspend (CLOCK_MONOTONIC). */
  awakeMs(): Milliseconds;
  /** ms since boot counting suspend (CLOCK_BOOTTIME), cut down to `coarseStepMs`; undefined where the system does not tell. */
  coarseBootMs(): Milliseconds | undefined;
  readonly coarseStepMs: Milliseconds;
}

/** Linux: /proc/uptime counts suspend but shows hundredths of a second only. */
export class LinuxUptime implements UptimeSource {
  readonly bootId: string;
  readonly coarseStepMs = 10;
  readonly #file: number | undefined;
  readonly #buffer = Buffer.alloc(64);

  /** `bootIdPath` and `uptimePath` are Linux's own unless a test says otherwise. */
  constructor(options: {
    readonly bootIdPath?: string;
    readonly uptimePath?: string;
    readonly noBootId: () => string;
  }) {
    const { bootIdPath = '/proc/sys/kernel/random/boot_id', uptimePath = '/proc/uptime', noBootId } = options;
    this.bootId = attempt(() => readFileSync(bootIdPath, 'latin1').trim()) || noBootId();
    this.#file = attempt(() => openSync(uptimePath, 'r'));
  }

  awakeMs(): Milliseconds {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  coarseBootMs(): Milliseconds | undefined {
    const file = this.#file;
    if (file === undefined) return undefined;
    const length = attempt(() => readSync(file, this.#buffer, 0, this.#buffer.length, 0)) ?? 0;
    const seconds = Number.parseFloat(this.#buffer.toString('latin1', 0, length));
    return Number.isFinite(seconds) ? Math.round(seconds * 1000) : undefined;
  }

  close(): void {
    const file = this.#file;
    if (file !== undefined) attempt(() => closeSync(file));
  }
}

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    // Absent or forbidden: the caller has a way to go on without.
    return undefined;
  }
}

/** Suspend is looked for at most this often: a look costs some microseconds. */
const LOOK_EVERY_MS = 200;
/** Two readings that differ by less than this are the same awake time: reading takes a moment itself. */
const NOISE_MS = 0.2;
/** A look that waits for the coarse clock to tick gives up after so many steps (it never takes 10 ms twice). */
const SHARPEN_STEPS = 3;

/**
 * Boot time with the resolution of the fine clock: fine clock + time spent in suspend. The latter is known between
 * two edges from every pair of readings; where the coarse clock leaves the edges, the machine has slept, and one
 * tick of it is waited for (≤ 10 ms) so that the new difference is known to some tens of microseconds.
 */
export class BootTime {
  readonly bootId: string;
  readonly #source: UptimeSource;
  #low = 0;
  #high = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #last: Milliseconds = Number.NEGATIVE_INFINITY;
  #suspendedMs: Milliseconds = 0;

  constructor(source: UptimeSource) {
    this.#source = source;
    this.bootId = source.bootId;
  }

  /** ms since boot, suspend included; never backwards. */
  now(): Milliseconds {
    if (this.#source.awakeMs() - this.#lookedAt >= LOOK_EVERY_MS) this.#look();
    // Read after the look, which may have taken its time.
    this.#last = Math.max(this.#last, this.#source.awakeMs() + (this.#low + this.#high) / 2);
    return this.#last;
  }

  /** Time found to have been spent in suspend since this object was first asked. */
  get suspendedMs(): Milliseconds {
    return this.#suspendedMs;
  }

  #look(): void {
    const first = this.#lookedAt === Number.NEGATIVE_INFINITY;
    const edges = this.#read();
    this.#lookedAt = this.#source.awakeMs();
    if (edges === undefined) return;
    const low = Math.max(this.#low, edges.low);
    const high = Math.min(this.#high, edges.high);
    if (!first && low <= high + NOISE_MS) {
      // A hair's breadth of contradiction is the readings' own noise: neither edge may cross the other.
      if (low <= high) [this.#low, this.#high] = [low, high];
      return;
    }
    const before = (this.#low + this.#high) / 2;
    [this.#low, this.#high] = this.#sharpened();
    if (!first) this.#suspendedMs += Math.max(0, (this.#low + this.#high) / 2 - before);
  }

  /** Edges from readings around one tick of the coarse clock. */
  #sharpened(): [number, number] {
    let { low, high } = this.#read() ?? { low: 0, high: 0 };
    const until = this.#source.awakeMs() + SHARPEN_STEPS * this.#source.coarseStepMs;
    while (high - low > NOISE_MS && this.#source.awakeMs() < until) {
      const edges = this.#read();
      if (edges === undefined) break;
      const [nextLow, nextHigh] = [Math.max(low, edges.low), Math.min(high, edges.high)];
      // Asleep again in between, or read across a tick: begin with the newest.
      [low, high] = nextLow <= nextHigh ? [nextLow, nextHigh] : [edges.low, edges.high];
    }
    return [low, high];
  }

  /** Boot time − awake time lies between these. */
  #read(): { low: number; high: number } | undefined {
    const before = this.#source.awakeMs();
    const coarse = this.#source.coarseBootMs();
    const after = this.#source.awakeMs();
    if (coarse === undefined) return undefined;
    return { low: coarse - after, high: coarse + this.#source.coarseStepMs - before };
  }
}

/** A timer looks again after this long at most, so that one set before a suspend is late by no more. */
const LONGEST_WAIT_MS = 30_000;

/** The agent's clock: wall time, and boot time as the monotonic one, its zero the same for every process of this boot. */
export class BootClock implements Clock {
  readonly bootTime: BootTime;

  constructor(bootTime: BootTime) {
    this.bootTime = bootTime;
  }

  now(): Instant {
    return Date.now();
  }

  monotonic(): Milliseconds {
    return this.bootTime.now();
  }

  setTimer(name: string, delayMs: Milliseconds, fire: () => void): Timer {
    const due = this.monotonic() + delayMs;
    let handle: NodeJS.Timeout;
    const arm = () => {
      const rest = due - this.monotonic();
      if (rest > LONGEST_WAIT_MS) handle = setTimeout(arm, LONGEST_WAIT_MS);
      else handle = setTimeout(fire, Math.max(0, rest));
    };
    arm();
    return { name, cancel: () => clearTimeout(handle) };
  }
}
