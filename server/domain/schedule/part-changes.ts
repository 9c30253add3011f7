import { changes } from '../audit/record.ts';
import type { Stores } from '../unit-of-work.ts';
import type { Schedule } from './schedule.ts';

/** What saving these parts changes, by the id of each that there is already: for the audit log. Nothing where all are new. */
export async function partChanges(
  stores: { readonly schedules: Pick<Stores['schedules'], 'get'> },
  saved: readonly Schedule[],
): Promise<{ readonly before?: object; readonly after?: object }> {
  const before: Record<string, object> = {};
  const after: Record<string, object> = {};
  for (const schedule of saved) {
    const held = await stores.schedules.get(schedule.id);
    if (held === null) continue;
    const names = (Object.keys(schedule) as (keyof Schedule)[]).filter((name) => name !== 'updatedAt');
    const changed = changes(held, schedule, names);
    before[schedule.id] = changed.before;
    after[schedule.id] = changed.after;
  }
  return Object.keys(before).length === 0 ? {} : { before, after };
}
