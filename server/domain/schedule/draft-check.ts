import type { Clock, Instant } from '#kit';
import { limitsSessions } from '#protocols';
import { asApproved } from '../announcements/approval-hash.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { inTurns, Turns } from '../turns.ts';
import { expandRule, type Occurrence } from './expand.ts';
import { faultOf } from './originals.ts';
import type { Schedule } from './schedule.ts';
import { overLimitSteps, type PlannedSession } from './session-limits.ts';
import { templateOf } from './session-template.ts';
import type { SlotFacts } from './slot-facts.ts';
import type { Refusal } from './target-rules.ts';

const DAY_MS = 86_400_000;
/** How far ahead a schedule is measured against the policies when it is made. */
export const CHECKED_DAYS = 60;
/** What begins later is looked for so far: a leap day comes every four years, seldom eight. */
const FARTHEST_DAYS = 8 * 366;

/** One occurrence that the policies do not allow. */
export interface RefusedOccurrence extends Refusal {
  readonly scheduleId: string;
  readonly originalAt: Instant;
  readonly startsAt: Instant;
}

/** A session of an occurrence, as long as its content is. Its name is for comparing alone: hashing thousands takes time. */
export interface DraftSession extends PlannedSession {
  readonly schedule: Schedule;
  readonly occurrence: Occurrence;
}

/** The facts as they are when every announcement with audio is approved everywhere: what is refused is refused before anybody approves it. */
export function whenApproved(facts: SlotFacts): SlotFacts {
  const { tree } = facts;
  const roots = [...tree.ids()].filter((id) => tree.get(id).parentId === null);
  const announcements = new Map([...facts.announcements].map(([id, one]) => [id, asApproved(one, roots)]));
  return { ...facts, announcements };
}

/** The sessions of a schedule that begin in [from, to); none of a rule that cannot be. */
export function sessionsOf(
  schedule: Schedule,
  facts: SlotFacts,
  holidays: HolidayTable,
  from: Instant,
  to: Instant,
): DraftSession[] {
  if (faultOf(schedule.rule, holidays) !== null) return [];
  const zone = facts.tree.zoneOf(schedule.areaId);
  const { lengthMs } = templateOf(schedule, facts);
  const { targets, windowOverride } = schedule;
  return expandRule(schedule.rule, zone, holidays, from, to).map((occurrence) => ({
    sessionId: `${schedule.seriesId} ${occurrence.originalAt}`,
    startsAt: occurrence.startsAt,
    endsAt: occurrence.startsAt + lengthMs,
    targets,
    exempt: windowOverride !== null,
    schedule,
    occurrence,
  }));
}

/** The sessions of a schedule in the next sixty days or, where there is none, the next one after. */
export function nextSessions(
  schedule: Schedule,
  facts: SlotFacts,
  holidays: HolidayTable,
  now: Instant,
): DraftSession[] {
  const soon = sessionsOf(schedule, facts, holidays, now, now + CHECKED_DAYS * DAY_MS);
  if (soon.length > 0) return soon;
  for (let day = CHECKED_DAYS; day < FARTHEST_DAYS; day += 366) {
    const [from, to] = [now + day * DAY_MS, now + (day + 366) * DAY_MS];
    const [first] = sessionsOf(schedule, facts, holidays, from, to);
    if (first !== undefined) return [first];
  }
  return [];
}

/**
 * What of these sessions the windows and limits of everywhere they are for do not allow, by start. `others` gives the schedules beside
 * them, asked for only where sessions are limited. Gives way to others in between.
 */
export async function refusedSessions(
  sessions: readonly DraftSession[],
  options: {
    readonly facts: SlotFacts;
    readonly holidays: HolidayTable;
    readonly clock: Pick<Clock, 'monotonic'>;
    readonly others: () => Promise<{ readonly schedules: readonly Schedule[]; readonly facts: SlotFacts }>;
  },
): Promise<RefusedOccurrence[]> {
  const { facts } = options;
  const turns = new Turns(options.clock);
  const refused: RefusedOccurrence[] = [];
  const refuse = ({ schedule, occurrence }: DraftSession, { code, params }: Refusal) =>
    refused.push({
      scheduleId: schedule.id,
      originalAt: occurrence.originalAt,
      startsAt: occurrence.startsAt,
      code,
      params,
    });
  const allowed: DraftSession[] = [];
  for (const session of sessions) {
    if (session.exempt) continue;
    const { startsAt, endsAt, targets } = session;
    const window = facts.rules.window(facts.rules.of(targets), startsAt, endsAt - startsAt);
    if ('code' in window) refuse(session, window);
    else allowed.push(session);
    await turns.take();
  }
  for (const { session, refusal } of await overLimits(allowed, options, turns)) refuse(session, refusal);
  return refused.sort((a, b) => a.startsAt - b.startsAt);
}

async function overLimits(
  sessions: readonly DraftSession[],
  { facts, holidays, others }: Parameters<typeof refusedSessions>[1],
  turns: Turns,
): Promise<{ readonly session: DraftSession; readonly refusal: Refusal }[]> {
  const [first] = sessions;
  if (first === undefined) return [];
  const { rules } = facts;
  const areaIds = new Set(
    sessions.flatMap(({ targets }) =>
      [...rules.areasOf(targets)].filter((id) => limitsSessions(rules.ofArea(id))),
    ),
  );
  if (areaIds.size === 0) return [];
  const beside = await others();
  const besideFacts = whenApproved(beside.facts);
  // Whole local days, wherever in the world they are.
  const from = Math.min(...sessions.map(({ startsAt }) => startsAt)) - 2 * DAY_MS;
  const to = Math.max(...sessions.map(({ startsAt }) => startsAt)) + 2 * DAY_MS;
  const other: DraftSession[] = [];
  for (const schedule of beside.schedules) {
    if (schedule.pausedAt !== null) continue;
    if (![...besideFacts.rules.areasOf(schedule.targets)].some((id) => areaIds.has(id))) continue;
    other.push(...sessionsOf(schedule, besideFacts, holidays, from, to));
    await turns.take();
  }
  const before = await inTurns(overLimitSteps(other, areaIds, besideFacts.rules), turns);
  const after = await inTurns(overLimitSteps([...other, ...sessions], areaIds, rules), turns);
  const ours = new Map(sessions.map((session) => [session.sessionId, session]));
  const found: { session: DraftSession; refusal: Refusal }[] = [];
  for (const [sessionId, refusal] of after) {
    if (before.has(sessionId)) continue;
    // An older one that would have to give way is refused in the name of the new one.
    const session = ours.get(sessionId) ?? sameDay(sessions, other, sessionId) ?? first;
    found.push({ session, refusal });
  }
  return found;
}

/** The new session that is nearest to an older one. */
function sameDay(
  sessions: readonly DraftSession[],
  others: readonly DraftSession[],
  sessionId: string,
): DraftSession | undefined {
  const at = others.find((one) => one.sessionId === sessionId)?.startsAt ?? 0;
  return [...sessions].sort((a, b) => Math.abs(a.startsAt - at) - Math.abs(b.startsAt - at))[0];
}
