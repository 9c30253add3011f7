import { type Clock, Exclusive, type Instant, Lifecycle, type Milliseconds, repeat } from '#kit';
import type { ApprovalsDue } from '#protocols';
import type { DueFor, DueNotices } from '../accounts/due-notices.ts';
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
import { tooLongOf } from './session-too-long.ts';
import type { SlotFacts } from './slot-facts.ts';
import { type Slots, slotSteps } from './slots.ts';

type Due = ApprovalsDue['due'][number];

/** When people are reminded of what airs the next day, by the clocks of the schedule's area. */
const REMIND_AT = '20:00';
const LOOK_MS: Milliseconds = 60_000;
/** What was told is known for so long. */
const KEPT_MS: Milliseconds = 2 * 24 * 3_600_000;
/** Setting: what was reminded of last, by zone. */
const REMINDED = 'approvals.reminded';

export interface ApprovalsDueOptions {
  readonly storage: Storage;
  readonly guard: ScheduleGuard;
  readonly holidays: HolidayBook;
  readonly needs: NeedsOf;
  readonly clock: Clock;
  readonly events: LiveEvents;
  readonly notices: DueNotices;
  /** Whether our own clock is in doubt: then nobody is reminded. */
  readonly disputed: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Says what would air and is not approved, and reminds of it at 20:00 of the day before, later where we were away then. */
export class ApprovalsDueService extends Lifecycle {
  readonly #options: ApprovalsDueOptions;
  /** What this process has told, and for which 20:00: what could not be noted is looked at again. */
  readonly #told = new Map<string, Instant>();
  readonly #looks = new Exclusive();

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

  /** Reminds of what is due to be reminded of. One look at a time: another that begins before this one has noted what it told would tell it again. */
  look(): Promise<void> {
    return this.#looks.run(() => this.#look());
  }

  async #look(): Promise<void> {
    const { storage, clock, notices, disputed } = this.#options;
    if (disputed()) return;
    const { tree } = this.#options.guard.territory();
    const now = clock.now();
    const zones = new Set((await storage.read.schedules.active()).map(({ areaId }) => tree.zoneOf(areaId)));
    const before = JSON.parse((await storage.read.settings.get(REMINDED)) ?? '{}') as Record<string, number>;
    const reminded = { ...before };
    const found: DueFor[] = [];
    for (const zone of zones) {
      const at = lastNightly(zone, REMIND_AT, now);
      const last = before[zone];
      if (last !== undefined && last >= at) continue;
      reminded[zone] = at;
      // Where there was nothing to remind of before, no reminder was missed.
      if (last === undefined) continue;
      const { day, due } = await this.#dueFor(zone, at, now);
      this.#tell(remindersOf(due, day), at);
      found.push(...due);
    }
    if (JSON.stringify(before) === JSON.stringify(reminded)) return;
    // Told before it is noted: a crash in between tells once more, under the same ids, and loses nothing.
    await storage.transaction(async (tx) => {
      await tx.settings.put(REMINDED, JSON.stringify(reminded), Math.floor(now));
      if (found.length > 0) await notices.leave(tx, found, tree);
    });
  }

  #tell(reminders: readonly Reminder[], at: Instant): void {
    for (const [id, told] of this.#told) if (told < at - KEPT_MS) this.#told.delete(id);
    for (const one of reminders) {
      if (this.#told.has(one.id)) continue;
      this.#told.set(one.id, at);
      this.#options.events.publish('approval.due', one);
    }
  }

  /** What of the day after a 20:00 is not approved and has not begun, and the areas whose people are told; nothing once that day is over. */
  async #dueFor(zone: string, at: Instant, now: Instant): Promise<{ day: string; due: DueHere[] }> {
    const { tree } = this.#options.guard.territory();
    const tomorrow = addDays(localDay(zone, at), 1);
    const range = {
      from: Math.max(now, instantOf(zone, tomorrow, 0)),
      to: instantOf(zone, addDays(tomorrow, 1), 0),
    };
    const due =
      range.from >= range.to ? [] : await this.#find(range, ({ areaId }) => tree.zoneOf(areaId) === zone);
    return {
      day: formatDay(tomorrow),
      due: due.map((one) => {
        const missing = new Set(one.areas.flatMap(({ areaId }) => [...tree.within(areaId)]));
        const asked = concerned(missing, tree);
        const nearest = asked.filter(
          (id) => !asked.some((other) => other !== id && tree.ancestry(other).includes(id)),
        );
        return { ...one, zone, concerns: new Set([one.areaId, ...asked]), nearest };
      }),
    };
  }

  async #find(
    { from, to }: { readonly from: Instant; readonly to: Instant },
    wanted: (schedule: Schedule, meant: ReadonlySet<string>) => boolean,
  ): Promise<Due[]> {
    const found: Due[] = [];
    const asked = (schedule: Schedule, { rules }: SlotFacts) =>
      wanted(schedule, rules.areasOf(schedule.targets));
    await this.#walk({ from, to }, asked, (schedule, slots, { announcements }) => {
      const stateOf = (id: string) => announcements.get(id)?.state ?? null;
      found.push(...dueOf(schedule, slots, this.#options.needs, stateOf));
    });
    return found.sort((a, b) => a.startsAt - b.startsAt);
  }

  /** Makes the slots of the schedules that are wanted, one schedule after the other; what is paused or cannot be has none. */
  async #walk(
    { from, to }: { readonly from: Instant; readonly to: Instant },
    wanted: (schedule: Schedule, facts: SlotFacts) => boolean,
    take: (schedule: Schedule, slots: Slots, facts: SlotFacts) => void,
  ): Promise<void> {
    const { guard, holidays, clock, storage } = this.#options;
    const { read } = storage;
    const schedules = (await read.schedules.active()).filter((one) => mayBeginFrom(one, from));
    const facts = await guard.facts(read, schedules);
    const turns = new Turns(clock);
    for (const schedule of schedules) {
      await turns.take();
      if (schedule.pausedAt !== null || faultOf(schedule.rule, holidays.table) !== null) continue;
      if (!wanted(schedule, facts)) continue;
      take(schedule, await inTurns(slotSteps(schedule, facts, holidays.table, from, to), turns), facts);
    }
  }
}

interface Reminder {
  /** The same for the same area and day, however often it is told. */
  readonly id: string;
  readonly areaId: string;
  readonly day: string;
  readonly count: number;
  readonly firstAt: Instant;
  readonly targetAreas: readonly string[];
}

interface DueHere extends DueFor {
  /** Those of these areas of which who answers for something below hears, and of no other. */
  readonly nearest: readonly string[];
}

/** One for each area whose people are told of something of this day. */
function remindersOf(due: readonly DueHere[], day: string): Reminder[] {
  const byArea = new Map<string, Reminder>();
  for (const { concerns, nearest, startsAt } of due)
    for (const areaId of concerns) {
      const known = byArea.get(areaId);
      byArea.set(areaId, {
        ...{ id: `${areaId} ${day}`, areaId, day },
        ...{ count: (known?.count ?? 0) + 1, firstAt: known?.firstAt ?? startsAt },
        targetAreas: nearest.includes(areaId) ? [areaId] : (known?.targetAreas ?? []),
      });
    }
  return [...byArea.values()];
}

/** The items of a schedule that are not approved everywhere. A fallback that is not is no item of its own: it is said with what it stands for. */
function dueOf(
  { areaId }: Schedule,
  { slots, withheld }: Slots,
  needs: NeedsOf,
  stateOf: (announcementId: string) => Due['state'],
): Due[] {
  const instead = new Map(slots.flatMap((slot) => (slot.insteadOf === null ? [] : [[slot.sessionId, slot]])));
  const items = [...slots.filter(({ insteadOf }) => insteadOf === null), ...withheld];
  const open = items.filter(({ missing }) => missing.length > 0);
  return open.map((one): Due => {
    const { broadcastId, scheduleId, seriesId, originalAt, announcementId, title, startsAt, sessionId } = one;
    const fallback = instead.get(sessionId);
    return {
      ...{ broadcastId, scheduleId, seriesId, areaId, originalAt, announcementId, title, startsAt },
      state: announcementId === null ? null : stateOf(announcementId),
      areas: needs(one.missing),
      tooLong: tooLongOf(one),
      fallback:
        fallback === undefined
          ? null
          : {
              ...{ announcementId: fallback.announcementId, title: fallback.title },
              missing: needs(fallback.missing),
            },
    };
  });
}
