import {
  countsInPlan,
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
    { readonly version: number; readonly sessions: readonly DraftedSession[] }
  >();

  /** Why sessions are withheld that would be more, or longer, than an area allows; by session. In steps that hold nobody up. */
  async refused(
    { drafts, rules }: SlotFacts,
    book: Pick<SlotBook, 'get' | 'versionOf'>,
    turns: Turns,
  ): Promise<ReadonlyMap<string, Refusal>> {
    const groups: SessionGroup[] = [];
    for (const one of drafts) {
      groups.push({ targets: one.schedule.targets, sessions: this.#countedOf(one, book) });
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
  #countedOf(one: ScheduleDrafts, book: Pick<SlotBook, 'get' | 'versionOf'>): readonly DraftedSession[] {
    const { updatedAt, seriesId } = one.schedule;
    const version = book.versionOf(seriesId);
    const before = this.#counted.get(one);
    if (before?.version === version) return before.sessions;
    const counts = ({ startsAt, broadcastIds }: DraftedSession) =>
      broadcastIds.some((id) => countsInPlan(startsAt, updatedAt, book.get(id)));
    const counted = one.sessions.filter(counts);
    const same =
      before?.sessions.length === counted.length && before.sessions.every((one, i) => one === counted[i]);
    const sessions = same ? before.sessions : counted;
    this.#counted.set(one, { version, sessions });
    return sessions;
  }
}
