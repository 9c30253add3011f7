import { seededRandom } from '../helpers/network-delay.ts';
import { planFaults } from './plan-faults.ts';
import { planWork } from './plan-work.ts';

/** Everything in a plan is relative to the start of the run, ms. */
export type FaultKind =
  /** kill −9 and a start again after `durationMs`. */
  | 'kill-agent'
  /** The same, with the broker inside it; where the broker is a process of its own, `size` 1 kills that one. */
  | 'kill-controller'
  /** Every connection reset, and new ones too while it lasts. */
  | 'cut'
  /** Chunks held back for up to `size` ms each way. */
  | 'slow'
  /** The line is up and passes nothing; afterwards what was held goes on. */
  | 'stall'
  /** What the controller sends is swallowed; afterwards the connection is reset. */
  | 'half-open'
  /** Messages twice, late, out of order, and old ones again. */
  | 'mess'
  /** The loudspeaker's wall clock is wrong by `size` ms, and right again afterwards. */
  | 'clock'
  /** The same with the controller's. */
  | 'controller-clock'
  /** No room left on the loudspeaker's disk. */
  | 'disk-full'
  /** A byte in each of the cached files is changed. */
  | 'corrupt'
  /** SIGSTOP and SIGCONT. */
  | 'freeze'
  /** Another process holds the database. */
  | 'lock'
  /** A subscriber that never reads, on a connection of its own. */
  | 'deaf';

export interface Fault {
  readonly number: number;
  readonly kind: FaultKind;
  /** Index of the loudspeaker; null: the controller. */
  readonly speaker: number | null;
  readonly at: number;
  readonly durationMs: number;
  /** What a number means is said at the kind. */
  readonly size: number;
}

/** One thing that the tester asks of the controller. Speakers are indices; `of` is the number of an earlier piece of work. */
export type Work = { readonly number: number; readonly at: number } & (
  | {
      readonly kind: 'play';
      readonly content: number;
      readonly speakers: readonly number[];
      readonly startsAt: number;
      readonly latenessMs: number;
    }
  | {
      readonly kind: 'schedule';
      readonly content: number;
      readonly speakers: readonly number[];
      /** Whole seconds when added to the start of the run. */
      readonly startsAt: readonly number[];
      readonly latenessMs: number;
    }
  | { readonly kind: 'cancel' | 'delete' | 'unmute' | 'release'; readonly of: number }
  | { readonly kind: 'mute'; readonly speaker: number }
  | { readonly kind: 'latch'; readonly speaker: number | null }
);

/** What is asked of the tester, and what it will do: the same for the same numbers. */
export interface TorturePlan {
  readonly seed: number;
  readonly minutes: number;
  readonly agents: number;
  readonly pace: number;
  readonly durationMs: number;
  readonly contents: readonly {
    readonly number: number;
    readonly blocks: number;
    readonly emergency: boolean;
  }[];
  readonly faults: readonly Fault[];
  readonly work: readonly Work[];
}

/** What the controller that is tortured can be asked for. */
export interface PlanFeatures {
  readonly schedules: boolean;
  readonly latches: boolean;
}

/** Pure: the seed decides everything. */
export function planTorture(
  options: {
    readonly seed: number;
    readonly minutes: number;
    readonly agents: number;
    readonly pace: number;
  },
  features: PlanFeatures,
): TorturePlan {
  const { seed, minutes, agents, pace } = options;
  const durationMs = Math.round(minutes * 60_000);
  const work = planWork(new Draw(seededRandom(seed * 2 + 1)), { durationMs, agents, ...features });
  return {
    ...{ seed, minutes, agents, pace, durationMs },
    ...work,
    faults: planFaults(new Draw(seededRandom(seed * 2)), {
      durationMs,
      agents,
      everyMs: (pace * 1_000) / agents,
    }),
  };
}

/** Draws from one series of random numbers. */
export class Draw {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return Math.round(least) + Math.floor(this.#random() * (Math.round(most) - Math.round(least) + 1));
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.whole(0, values.length - 1)] as Value;
  }

  /** One of the values, by weight. */
  weighted<Value>(values: readonly (readonly [Value, number])[]): Value {
    let rest = this.#random() * values.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [value, weight] of values) {
      rest -= weight;
      if (rest < 0) return value;
    }
    return (values.at(-1) as readonly [Value, number])[0];
  }

  /** All of them in another order. */
  shuffled<Value>(values: readonly Value[]): Value[] {
    const left = [...values];
    return values.map(() => left.splice(this.whole(0, left.length - 1), 1)[0] as Value);
  }
}
