import { join } from 'node:path';
import type { Clock } from '#kit';
import { type Assignment, localDayOf } from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import { DataBudget } from '../cache/data-budget.ts';
import { Downloads } from '../cache/downloads.ts';
import type { TrustedTime } from '../clock/index.ts';
import type { ContentOrigin } from '../content-origin.ts';
import type { Log } from '../log.ts';
import type { SlotBook } from '../runner/recover-orders.ts';
import type { OwedWrites } from '../state/owed-writes.ts';
import type { Prover } from '../state/prover.ts';
import { PlanFiles } from './plan-files.ts';
import { PlanKeeper } from './plan-keeper.ts';

const BYTES_PER_MB = 1024 * 1024;

/** Share of the cache that the audio of the plan may take: the rest is for orders and emergencies. */
const PLAN_SHARE = 0.75;

export interface PlanPartsOptions {
  /** The agent's folder. */
  readonly folder: string;
  readonly speakerId: string;
  readonly prover: Prover;
  readonly owed: OwedWrites;
  readonly assignment: () => Assignment | undefined;
  readonly cache: ContentCache;
  readonly cacheBytes: number;
  /** Bytes of audio fetched ahead in one day where the assignment does not say; 0: no limit. */
  readonly dataBudgetBytes: number;
  readonly origin: ContentOrigin;
  readonly clock: Clock;
  readonly time: TrustedTime;
  readonly log: Log;
  readonly random: () => number;
  /** The data of today are used up while something waits for them, or not any more. */
  readonly onSpent?: () => void;
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
}

/** Everything that the plan is held with. */
export interface PlanParts {
  readonly plan: PlanKeeper;
  readonly budget: DataBudget;
  readonly downloads: Downloads;
  readonly slots: SlotBook;
}

/** Puts it together; nothing is read yet. */
export function planParts(options: PlanPartsOptions): PlanParts {
  const { folder, log, time, assignment, cacheBytes } = options;
  const plan = new PlanKeeper({
    ...options,
    areas: () => assignment()?.areas ?? [],
    files: new PlanFiles({ folder: join(folder, 'plan'), log }),
  });
  const budget = new DataBudget({
    path: join(folder, 'data-budget.json'),
    limitBytes: () => {
      const wanted = assignment()?.dataBudgetMb;
      return wanted === undefined ? options.dataBudgetBytes : wanted * BYTES_PER_MB;
    },
    day: () => {
      const offsets = assignment()?.rules.offsets ?? [{ from: 0, minutes: 0 }];
      return localDayOf({ offsets }, time.now().instant);
    },
    log,
  });
  const downloads = new Downloads({ ...options, budget, roomBytes: PLAN_SHARE * cacheBytes });
  const slots: SlotBook = {
    proveSlot: (record, keys) => plan.proveSlot(record, keys),
    plannedUntil: (record) => plan.plannedUntil(record),
  };
  return { plan, budget, downloads, slots };
}
