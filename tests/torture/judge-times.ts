import type { BusyRecord, FaultRecord, LinkRecord } from './evidence.ts';
import type { FaultKind } from './plan.ts';

/** A stretch of time, instants of the tester's clock. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A stretch without a usable line. */
interface Gone extends Stretch {
  /** To the latest; `to` is when the loudspeaker was seen on the wire again, if it was. */
  readonly latest: number;
  readonly onlyLock: boolean;
}

/** How long after the end of a fault its consequences may last, by what is published of the loudspeaker's own patience. */
const AFTER_MS = {
  /** A process starts, reads its disk and connects. */
  agent: 5_000,
  /** A connection that was lost is tried again after waits that double: as long again as it was gone, and a little. */
  reconnect: 2_500,
  /** Seen on the wire again: the welcome is worked off. */
  seen: 500,
  /** A line that only was slow. */
  line: 1_500,
  /** Frozen or locked: what waited is worked off. */
  worked: 1_500,
  /** Doubt about the time ends with signed replies, which need the line. */
  clock: 20_000,
  clockOffline: 40_000,
  /** The journal is tried again after waits that double, and an order that was not taken is sent again after a while. */
  disk: 12_000,
} as const;

/** A program that waited this long for a processor, within one look of the watch, did not keep up. */
const STARVED_MS = 150;

const OFF_LINE: readonly FaultKind[] = ['cut', 'half-open', 'kill-controller', 'kill-agent'];
const BAD_LINE: readonly FaultKind[] = ['slow', 'stall', 'lock', 'freeze', 'controller-clock'];
const CLOCKS: readonly FaultKind[] = ['clock', 'controller-clock'];

/** What the faults, as they really happened, mean for one loudspeaker. */
export class Times {
  readonly #faults: readonly FaultRecord[];
  readonly #unreachable: readonly Gone[];

  readonly #busy: readonly BusyRecord[];

  constructor(
    speaker: string,
    facts: {
      readonly faults: readonly FaultRecord[];
      readonly links: readonly LinkRecord[];
      readonly busy: readonly BusyRecord[];
    },
  ) {
    const { faults, links, busy } = facts;
    this.#busy = busy.filter((one) => one.speaker === speaker);
    this.#faults = faults.filter(
      ({ target, skipped }) => skipped === null && (target === speaker || target === 'controller'),
    );
    const seenAt = links.filter((link) => link.speaker === speaker).map(({ at }) => at);
    this.#unreachable = findUnreachable(this.#faults, seenAt);
  }

  /** Whether any fault of these kinds, with what follows from it, touches the stretch. */
  touches(kinds: readonly FaultKind[], { from, to }: Stretch, afterMs = 0): boolean {
    return this.#faults.some(
      ({ kind, at, until }) => kinds.includes(kind) && at < to && until + afterMs > from,
    );
  }

  /** The loudspeaker ran, and had for a while. */
  up(stretch: Stretch): boolean {
    return (
      !this.touches(['kill-agent'], stretch, AFTER_MS.agent) &&
      !this.touches(['freeze'], stretch, AFTER_MS.worked)
    );
  }

  /** The machine let the loudspeaker's program run. */
  processor({ from, to }: Stretch): boolean {
    return !this.#busy.some(({ at, until, waitedMs }) => at < to && until > from && waitedMs >= STARVED_MS);
  }

  timeTrusted(stretch: Stretch): boolean {
    return !this.#faults.some(({ kind, at, until }) => {
      if (!CLOCKS.includes(kind)) return false;
      const online = !this.touches(OFF_LINE, { from: at, to: until + AFTER_MS.clock });
      return at < stretch.to && until + (online ? AFTER_MS.clock : AFTER_MS.clockOffline) > stretch.from;
    });
  }

  diskFine(stretch: Stretch): boolean {
    return !this.#faults.some(
      ({ kind, at, until }) =>
        kind === 'disk-full' && at < stretch.to && until + (until - at) + AFTER_MS.disk > stretch.from,
    );
  }

  /** Whether nothing stood between controller and loudspeaker. */
  reachable({ from, to }: Stretch): boolean {
    return !this.#unreachable.some((gone) => gone.from < to && gone.to > from);
  }

  /** Whether a file can be had from the controller: a database that is held does not hinder that. */
  canFetch({ from, to }: Stretch): boolean {
    return !this.#unreachable.some((gone) => !gone.onlyLock && gone.from < to && gone.to > from);
  }

  /**
   * When the loudspeaker had surely been told what was acknowledged at `from`, and done what follows: after so long without
   * trouble. What was cut short may have been begun, and is tried again after waits that nobody sees.
   */
  toldAt(from: number, needsMs: number): number {
    let at = from;
    for (const gone of this.#unreachable) {
      if (gone.from >= at + needsMs) break;
      at = Math.max(at, gone.from > at ? gone.latest : gone.to);
    }
    return at + needsMs;
  }
}

/** Stretches without a usable line, with what follows from them, in order and joined. */
function findUnreachable(faults: readonly FaultRecord[], seenAt: readonly number[]): Gone[] {
  const pieces = faults
    .filter(({ kind }) => OFF_LINE.includes(kind) || BAD_LINE.includes(kind))
    .sort((a, b) => a.at - b.at);
  const joined: { from: number; to: number; latest: number; end: number; off: boolean; onlyLock: boolean }[] =
    [];
  for (const { at, until, kind } of pieces) {
    let last = joined.at(-1);
    if (last === undefined || at >= last.to) {
      last = { ...{ from: at, to: at, latest: at, end: until }, off: false, onlyLock: true };
      joined.push(last);
    }
    last.end = Math.max(last.end, until);
    last.off ||= OFF_LINE.includes(kind);
    last.onlyLock &&= kind === 'lock';
    last.latest = Math.max(last.latest, latestOf(last));
    const { end, latest } = last;
    const seen = seenAt.find((instant) => instant >= end && instant < latest);
    last.to = Math.max(end, last.off && seen !== undefined ? seen + AFTER_MS.seen : latest);
  }
  return joined;
}

function latestOf({
  from,
  end,
  off,
}: {
  readonly from: number;
  readonly end: number;
  readonly off: boolean;
}): number {
  return off ? end + Math.min(60_000, end - from) + AFTER_MS.reconnect : end + AFTER_MS.line;
}
