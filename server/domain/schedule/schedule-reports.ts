import type { Clock, Instant } from '#kit';
import type { OccurrenceView, SchedulePreview } from '#protocols';
import type { NeedsOf } from '../announcements/area-needs.ts';
import type { Stores } from '../unit-of-work.ts';
import { draftConflicts } from './draft-conflicts.ts';
import { mayBeginFrom } from './ended.ts';
import type { HolidayBook } from './holiday-book.ts';
import { occurrencesOf } from './occurrences.ts';
import { reasonView } from './reason-view.ts';
import type { Schedule } from './schedule.ts';
import type { ScheduleGuard, ScheduleReads } from './schedule-guard.ts';
import type { DraftResult } from './schedule-service.ts';
import { templateOf } from './session-template.ts';
import type { SlotFacts } from './slot-facts.ts';

/** A draft lies ahead: what others had earlier than this is nothing to it. */
const RECENT_MS = 3 * 24 * 3_600_000;

/** What schedules have had, have, and would have. */
export class ScheduleReports {
  readonly #read: ScheduleReads & Pick<Stores, 'broadcasts'>;
  readonly #guard: ScheduleGuard;
  readonly #holidays: HolidayBook;
  readonly #clock: Clock;
  readonly #needs: NeedsOf;

  constructor(options: {
    readonly read: ScheduleReads & Pick<Stores, 'broadcasts'>;
    readonly guard: ScheduleGuard;
    readonly holidays: HolidayBook;
    readonly clock: Clock;
    readonly needs: NeedsOf;
  }) {
    this.#read = options.read;
    this.#guard = options.guard;
    this.#holidays = options.holidays;
    this.#clock = options.clock;
    this.#needs = options.needs;
  }

  /** The occurrences of a series that begin in [from, to). */
  async occurrences(
    series: readonly Schedule[],
    { from, to }: { readonly from: Instant; readonly to: Instant },
  ): Promise<OccurrenceView[]> {
    const facts = await this.#guard.facts(this.#read, series);
    const holidays = this.#holidays.table;
    const broadcastsOf = (ids: readonly string[]) => this.#read.broadcasts.some(ids);
    const [clock, needs] = [this.#clock, this.#needs];
    return occurrencesOf(series, { facts, holidays, from, to, clock, broadcastsOf, needs });
  }

  /** What a draft would do: its next sixty days, or where there is nothing in them its first occurrence. */
  async preview({ schedule, facts, sessions, refused }: DraftResult): Promise<SchedulePreview> {
    const since = this.#clock.now() - RECENT_MS;
    const schedules = (await this.#read.schedules.active()).filter((one) => mayBeginFrom(one, since));
    const others = { schedules, facts: await this.#guard.facts(this.#read, schedules) };
    const conflicts = await draftConflicts(schedule, sessions, others, this.#holidays.table, this.#clock);
    const reasons = new Map(refused.map((one) => [one.originalAt, reasonView(one)]));
    return {
      title: schedule.title,
      priority: schedule.priority,
      occurrences: sessions.map(({ occurrence: { originalAt, day }, startsAt, endsAt }) => ({
        ...{ originalAt, startsAt, endsAt, day },
        refused: reasons.get(originalAt) ?? null,
      })),
      conflicts,
      notApproved: this.#notApproved(schedule, facts),
    };
  }

  #notApproved(schedule: Schedule, facts: SlotFacts): SchedulePreview['notApproved'] {
    const { items, silent } = templateOf(schedule, facts);
    const found = new Map<string, SchedulePreview['notApproved'][number]>();
    for (const { announcementId, title, missing } of [...items, ...silent])
      if (announcementId !== null && missing.length > 0)
        found.set(announcementId, { announcementId, title, areas: this.#needs(missing) });
    return [...found.values()];
  }
}
