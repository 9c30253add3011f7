import { type Clock, type Instant, Lifecycle, type Milliseconds, repeat } from '#kit';
import type { ApprovalsDue } from '#protocols';
import type { NeedsOf } from '../announcements/area-needs.ts';
import { concerned } from '../areas/commune.ts';
import { lastNightly } from '../backup/nightly.ts';
import { formatDay } from '../calendar/day-number.ts';
import type { LiveEvents } from '../events/live-events.ts';
import { addDays, instantOf, localDay } from '../policies/zoned-time.ts';
import { inTurns, Turns } from '../turns.ts';
import type { Storage } from '../unit-of-work.ts';
import { mayBeginFrom } from './ended.ts';
import type { HolidayBook } from './holiday-book.ts';
import { faultOf } from './originals.ts';
import type { Schedule } from './schedule.ts';
import type { ScheduleGuard } from './schedule-guard.ts';
import { type Slots, slotSteps } from './slots.ts';

type Due = ApprovalsDue['due'][number];

/** When people are reminded of what airs the next day, by the clocks of the schedule's area. */
const REMIND_AT = '20:00';
const LOOK_MS: Milliseconds = 60_000;
/** Setting: what was reminded of last, by zone. */
const REMINDED = 'approvals.reminded';

export interface ApprovalsDueOptions {
  readonly storage: Storage;
  readonly guard: ScheduleGuard;
  readonly holidays: HolidayBook;
  readonly needs: NeedsOf;
  readonly clock: Clock;
  readonly events: LiveEvents;
  /** Whether our own clock is in doubt: then nobody is reminded. */
  readonly disputed: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Says what would air and is not approved, and reminds of it at 20:00 of the day before: once, and later where we were away then. */
export class ApprovalsDueService extends Lifecycle {
  readonly #options: ApprovalsDueOptions;

  constructor(options: ApprovalsDueOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { clock, onError } = this.#options;
    const look = repeat(clock, 'approvals: look', LOOK_MS, () => this.look(), onError);
    this.disposers.defer('approvals', () => look.cancel());
    // Nobody's start waits for it: the database may be held just now, and then the next look reminds.
    this.background(this.look(), onError);
  }

  /** What begins in [from, to) for somewhere in these areas, or is of one of them, and is not approved everywhere, by start. */
  async due(
    areaIds: ReadonlySet<string>,
    range: { readonly from: Instant; readonly to: Instant },
  ): Promise<Due[]> {
    return this.#find(
      range,
      ({ areaId }, meant) => areaIds.has(areaId) || [...meant].some((id) => areaIds.has(id)),
    );
  }

  /** Reminds of what is due to be reminded of. */
  async look(): Promise<void> {
    const { storage, clock, disputed } = this.#options;
    if (disputed()) return;
    const { tree } = this.#options.guard.territory();
    const now = clock.now();
    const zones = new Set((await storage.read.schedules.active()).map(({ areaId }) => tree.zoneOf(areaId)));
    const before = JSON.parse((await storage.read.settings.get(REMINDED)) ?? '{}') as Record<string, number>;
    const reminded = { ...before };
    const told: Reminder[] = [];
    for (const zone of zones) {
      const at = lastNightly(zone, REMIND_AT, now);
      const last = before[zone];
      if (last !== undefined && last >= at) continue;
      reminded[zone] = at;
      // Where there was nothing to remind of before, no reminder was missed.
      if (last !== undefined) told.push(...(await this.#remindersFor(zone, at, now)));
    }
    if (JSON.stringify(before) === JSON.stringify(reminded)) return;
    await storage.transaction((tx) => tx.settings.put(REMINDED, JSON.stringify(reminded), Math.floor(now)));
    for (const one of told) this.#options.events.publish('approval.due', one);
  }

  /** One for each area that has schedules of the next day, and for each in which they lack an approval; nothing once that day is over. */
  async #remindersFor(zone: string, at: Instant, now: Instant): Promise<Reminder[]> {
    const { tree } = this.#options.guard.territory();
    const tomorrow = addDays(localDay(zone, at), 1);
    const range = {
      from: Math.max(now, instantOf(zone, tomorrow, 0)),
      to: instantOf(zone, addDays(tomorrow, 1), 0),
    };
    if (range.from >= range.to) return [];
    const due = await this.#find(range, ({ areaId }) => tree.zoneOf(areaId) === zone);
    const byArea = new Map<string, Reminder>();
    const day = formatDay(tomorrow);
    for (const { areaId: from, areas, startsAt } of due) {
      const missing = new Set(areas.flatMap((one) => [...tree.within(one.areaId)]));
      for (const areaId of new Set([from, ...concerned(missing, tree)])) {
        const known = byArea.get(areaId);
        byArea.set(areaId, {
          ...{ areaId, day, count: (known?.count ?? 0) + 1, firstAt: known?.firstAt ?? startsAt },
        });
      }
    }
    return [...byArea.values()];
  }

  async #find(
    { from, to }: { readonly from: Instant; readonly to: Instant },
    wanted: (schedule: Schedule, meant: ReadonlySet<string>) => boolean,
  ): Promise<Due[]> {
    const { guard, holidays, needs, clock, storage } = this.#options;
    const { read } = storage;
    const schedules = (await read.schedules.active()).filter((one) => mayBeginFrom(one, from));
    const facts = await guard.facts(read, schedules);
    const turns = new Turns(clock);
    const found: Due[] = [];
    for (const schedule of schedules) {
      await turns.take();
      if (schedule.pausedAt !== null || faultOf(schedule.rule, holidays.table) !== null) continue;
      if (!wanted(schedule, facts.rules.areasOf(schedule.targets))) continue;
      const slots = await inTurns(slotSteps(schedule, facts, holidays.table, from, to), turns);
      found.push(...dueOf(schedule, slots, needs, (id) => facts.announcements.get(id)?.state ?? null));
    }
    return found.sort((a, b) => a.startsAt - b.startsAt);
  }
}

interface Reminder {
  readonly areaId: string;
  readonly day: string;
  readonly count: number;
  readonly firstAt: Instant;
}

/** The items of a schedule that are not approved everywhere. A fallback that is not approved is not one of them: it is said with what it stands for. */
function dueOf(
  { areaId }: Schedule,
  { slots, withheld }: Slots,
  needs: NeedsOf,
  stateOf: (announcementId: string) => Due['state'],
): Due[] {
  const instead = new Map(slots.flatMap((slot) => (slot.insteadOf === null ? [] : [[slot.sessionId, slot]])));
  const open = [...slots, ...withheld].filter(({ missing }) => missing.length > 0);
  return open.map((one): Due => {
    const { broadcastId, scheduleId, seriesId, originalAt, announcementId, title, startsAt, sessionId } = one;
    const fallback = instead.get(sessionId);
    return {
      ...{ broadcastId, scheduleId, seriesId, areaId, originalAt, announcementId, title, startsAt },
      state: announcementId === null ? null : stateOf(announcementId),
      areas: needs(one.missing),
      fallback:
        fallback === undefined ? null : { announcementId: fallback.announcementId, title: fallback.title },
    };
  });
}
