import type { Instant } from '#kit';
import {
  countsInPlan,
  groupsOf,
  type LimitMemo,
  overLimitGroups,
  type SessionGroup,
} from '../schedule/session-limits.ts';
import type { Refusal } from '../schedule/target-rules.ts';
import type { Turns } from '../turns.ts';
import type { SlotBook } from './slot-book.ts';
import type { DraftedSession, ScheduleDrafts, SlotFacts } from './slot-draft.ts';

/** The limits of sessions across all schedules. Counts again only where something changed. */
export class PlanLimits {
  readonly #memo: LimitMemo = new Map();
  /** What counted of a schedule's sessions the last time, and by which slots. */
  readonly #counted = new WeakMap<
    ScheduleDrafts,
    {
      readonly version: number;
      readonly sessions: readonly DraftedSession[];
      /** The first of them that counts only because it may still come into the plan. */
      readonly firstOpenAt: Instant;
    }
  >();

  /**
   * Why sessions are withheld that would be more, or longer, than an area allows; by session. `since`: what is new in the schedules, policies or
   * holidays came at this instant or later: it asks for nothing before. In steps that hold nobody up.
   */
  async refused(
    { drafts, rules }: SlotFacts,
    book: Pick<SlotBook, 'get' | 'versionOf'>,
    since: Instant,
    turns: Turns,
  ): Promise<ReadonlyMap<string, Refusal>> {
    const groups: SessionGroup[] = [];
    for (const one of drafts) {
      for (const group of groupsOf(this.#countedOf(one, book, since))) groups.push(group);
      await turns.take();
    }
    const steps = overLimitGroups(groups, null, rules, this.#memo);
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      await turns.take();
    }
  }

  /** The sessions that count; the same array as long as they are the same. */
  #countedOf(
    one: ScheduleDrafts,
    book: Pick<SlotBook, 'get' | 'versionOf'>,
    since: Instant,
  ): readonly DraftedSession[] {
    const version = book.versionOf(one.schedule.seriesId);
    const before = this.#counted.get(one);
    if (before?.version === version && since <= before.firstOpenAt) return before.sessions;
    const askedAt = Math.max(one.askedAt, since);
    let firstOpenAt = Number.POSITIVE_INFINITY;
    const counted = one.sessions.filter(({ startsAt, broadcastIds }) => {
      const counts = (from: Instant) => broadcastIds.some((id) => countsInPlan(startsAt, from, book.get(id)));
      if (counts(Number.POSITIVE_INFINITY)) return true;
      if (!counts(askedAt)) return false;
      firstOpenAt = Math.min(firstOpenAt, startsAt);
      return true;
    });
    const same =
      before?.sessions.length === counted.length && before.sessions.every((one, i) => one === counted[i]);
    const sessions = same ? before.sessions : counted;
    this.#counted.set(one, { version, sessions, firstOpenAt });
    return sessions;
  }
}
