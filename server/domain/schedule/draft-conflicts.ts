import type { Clock } from '#kit';
import type { ConflictView } from '#protocols';
import type { HolidayTable } from '../calendar/holiday.ts';
import { Turns } from '../turns.ts';
import { type DraftSession, sessionsOf, whenApproved } from './draft-check.ts';
import type { Schedule } from './schedule.ts';
import type { SlotFacts } from './slot-facts.ts';

const DAY_MS = 86_400_000;
/** Conflicts that are told at most: with that many the schedule is a mistake. */
const MOST = 200;

/** Where sessions of a draft overlap those of other schedules of the same priority at some loudspeaker's place, by start. */
export async function draftConflicts(
  draft: Schedule,
  sessions: readonly DraftSession[],
  others: { readonly schedules: readonly Schedule[]; readonly facts: SlotFacts },
  holidays: HolidayTable,
  clock: Pick<Clock, 'monotonic'>,
): Promise<ConflictView[]> {
  const [first, last] = [sessions[0], sessions.at(-1)];
  if (first === undefined || last === undefined) return [];
  const facts = whenApproved(others.facts);
  const areas = facts.rules.areasOf(draft.targets);
  const turns = new Turns(clock);
  const found: ConflictView[] = [];
  for (const other of others.schedules) {
    await turns.take();
    if (other.pausedAt !== null || other.priority !== draft.priority) continue;
    if (![...facts.rules.areasOf(other.targets)].some((id) => areas.has(id))) continue;
    const beside = sessionsOf(other, facts, holidays, first.startsAt - DAY_MS, last.endsAt);
    found.push(...overlaps(draft, sessions, other, beside));
  }
  return found.sort((a, b) => a.from - b.from).slice(0, MOST);
}

/** Both lists are in the order of their starts. */
function overlaps(
  draft: Schedule,
  sessions: readonly DraftSession[],
  other: Schedule,
  beside: readonly DraftSession[],
): ConflictView[] {
  const kind = draft.priority === 'priority' ? 'priority' : 'equal';
  const found: ConflictView[] = [];
  let at = 0;
  for (const session of sessions) {
    while ((beside[at]?.endsAt ?? Number.POSITIVE_INFINITY) <= session.startsAt) at++;
    for (const one of beside.slice(at)) {
      if (one.startsAt >= session.endsAt) break;
      const from = Math.max(one.startsAt, session.startsAt);
      const to = Math.min(one.endsAt, session.endsAt);
      if (from >= to) continue;
      found.push({
        ...{ kind, needsDecision: kind === 'priority', from, to },
        a: party(null, draft.title, session),
        b: party(other.id, other.title, one),
      });
    }
  }
  return found;
}

function party(scheduleId: string | null, title: string, { occurrence, startsAt }: DraftSession) {
  return { scheduleId, originalAt: occurrence.originalAt, broadcastId: null, title, startsAt };
}
