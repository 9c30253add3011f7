import { DomainError } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import type { AreaTree } from '../areas/area.ts';
import type { Transaction } from '../unit-of-work.ts';
import { checkLoad } from './check-rule.ts';
import { nextSessions, type RefusedOccurrence, whenApproved } from './draft-check.ts';
import { mayBeginFrom } from './ended.ts';
import type { Schedule } from './schedule.ts';
import type { ScheduleGuard } from './schedule-guard.ts';

/** The schedules that will air a programme, and what of them the policies do not allow as things are. */
export interface Airings {
  readonly schedules: readonly Schedule[];
  readonly refused: readonly RefusedOccurrence[];
}

/**
 * Whether an actor may change what these schedules will air. What the chairman gave leave for was another sound: it needs leave again.
 * Throws `request.forbidden`, `schedule.invalid`.
 */
export async function authorizeAirings(
  tx: Transaction,
  actor: Actor,
  schedules: readonly Schedule[],
  guard: ScheduleGuard,
  tree: AreaTree,
): Promise<void> {
  const facts = await guard.facts(tx, schedules);
  for (const schedule of schedules) {
    const { targets, windowOverride, areaId } = schedule;
    const permission = windowOverride === null ? 'schedule:write' : 'broadcast:override';
    for (const id of [areaId, ...facts.rules.areasOf(targets)]) authorize(actor, permission, id, tree);
    checkLoad(schedule, facts);
  }
}

/** What will air a programme, as the transaction has it. */
export async function airingsOf(
  tx: Transaction,
  programmeId: string,
  guard: ScheduleGuard,
): Promise<Airings> {
  const now = guard.now();
  const active = (await tx.schedules.active()).filter((one) => mayBeginFrom(one, now));
  const schedules = active.filter(
    ({ content }) => content.kind === 'programme' && content.programmeId === programmeId,
  );
  if (schedules.length === 0) return { schedules, refused: [] };
  const facts = await guard.facts(tx, schedules);
  const sessions = schedules.flatMap((schedule) =>
    nextSessions(schedule, whenApproved(facts), guard.calendar(schedule.areaId).holidays, now),
  );
  const series = new Set(schedules.map(({ seriesId }) => seriesId));
  const beside = active.filter((one) => series.has(one.seriesId) && !schedules.includes(one));
  return { schedules, refused: await guard.refused(tx, sessions, facts, beside) };
}

/** Throws the first refusal that is new (`policy.*`), with the schedule and how many occurrences would be withheld. */
export function throwNewRefusals(before: Airings, after: Airings): void {
  const known = new Set(before.refused.map(nameOf));
  const added = after.refused.filter((one) => !known.has(nameOf(one)));
  const [first] = added;
  if (first === undefined) return;
  throw new DomainError(first.code, {
    ...first.params,
    schedule: first.scheduleId,
    startsAt: new Date(first.startsAt).toISOString(),
    withheld: added.length,
  });
}

function nameOf({ scheduleId, originalAt }: RefusedOccurrence): string {
  return `${scheduleId} ${originalAt}`;
}
