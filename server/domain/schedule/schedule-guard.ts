import type { Clock } from '#kit';
import { DomainError, type Targets } from '#protocols';
import { type Actor, authorize, type Permission } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { type Territory, territoryOf } from '../areas/territory.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { Stores } from '../unit-of-work.ts';
import { checkLoad, checkRule } from './check-rule.ts';
import { announcementsOf } from './draft.ts';
import { type DraftSession, type RefusedOccurrence, refusedSessions } from './draft-check.ts';
import { mayBeginFrom } from './ended.ts';
import type { HolidayBook } from './holiday-book.ts';
import type { Schedule } from './schedule.ts';
import type { SeriesCalendar } from './series.ts';
import { readSlotFacts, type SlotFacts } from './slot-facts.ts';

/** Sessions that are measured lie ahead: what others had earlier than this is nothing to them. */
const RECENT_MS = 3 * 24 * 3_600_000;

/** What the rules of scheduling are read from. */
export type ScheduleReads = Pick<Stores, 'schedules' | 'programmes' | 'announcements' | 'media' | 'standing'>;

/** The rules that every schedule is measured against: rights, content, targets, windows and limits of sessions. */
export class ScheduleGuard {
  readonly #areas: AreaDirectory;
  readonly #speakers: SpeakerIndex;
  readonly #holidays: HolidayBook;
  readonly #clock: Clock;

  constructor(options: {
    readonly areas: AreaDirectory;
    readonly speakers: SpeakerIndex;
    readonly holidays: HolidayBook;
    readonly clock: Clock;
  }) {
    this.#areas = options.areas;
    this.#speakers = options.speakers;
    this.#holidays = options.holidays;
    this.#clock = options.clock;
  }

  now(): number {
    return Math.floor(this.#clock.now());
  }

  /** What the calendar of a series depends on, now. */
  calendar(areaId: string): SeriesCalendar {
    return { zone: this.#areas.tree.zoneOf(areaId), holidays: this.#holidays.table, now: this.now() };
  }

  facts(read: ScheduleReads, schedules: Parameters<typeof readSlotFacts>[2]): Promise<SlotFacts> {
    return readSlotFacts(read, this.territory(), schedules);
  }

  /** Where areas and speakers in use lie. */
  territory(): Territory {
    return territoryOf(this.#areas.tree, this.#speakers);
  }

  /**
   * Rights, content, targets and rule of a schedule, whatever its hour. Throws `request.forbidden`, `request.not_found`,
   * `broadcast.no_targets`, `schedule.invalid`.
   */
  checkFields(actor: Actor, schedule: Schedule, facts: SlotFacts): void {
    const { tree } = this.#areas;
    for (const { areaId } of announcementsOf(schedule.content, facts))
      authorize(actor, 'announcement:read', areaId, tree);
    this.#checkFallback(actor, schedule, facts);
    this.#authorizeTargets(actor, 'schedule:write', schedule.targets, facts);
    this.authorizeLeave(actor, schedule, facts);
    checkRule(schedule.rule, this.#holidays.table);
    checkLoad(schedule, facts);
  }

  #checkFallback(actor: Actor, { fallbackId }: Schedule, { announcements }: SlotFacts): void {
    if (fallbackId === null) return;
    const fallback = announcements.get(fallbackId);
    if (fallback === undefined)
      throw new DomainError('request.not_found', { what: 'announcement', id: fallbackId });
    authorize(actor, 'announcement:read', fallback.areaId, this.#areas.tree);
    if (fallback.priority === 'emergency')
      throw new DomainError('schedule.invalid', {
        reason: 'an emergency is no fallback: it is not scheduled',
      });
  }

  /** Who changes what sounds outside the windows must be one who may give leave for it. Throws `request.forbidden`. */
  authorizeLeave(actor: Actor, { windowOverride, areaId, targets }: Schedule, facts: SlotFacts): void {
    if (windowOverride === null) return;
    authorize(actor, 'broadcast:override', areaId, this.#areas.tree);
    this.#authorizeTargets(actor, 'broadcast:override', targets, facts);
  }

  /** What of these sessions the policies do not allow beside the schedules of other series, and `beside` of the same one. */
  refused(
    read: ScheduleReads,
    sessions: readonly DraftSession[],
    facts: SlotFacts,
    beside: readonly Schedule[],
  ): Promise<RefusedOccurrence[]> {
    const own = new Set(
      [...sessions.map(({ schedule }) => schedule), ...beside].map(({ seriesId }) => seriesId),
    );
    const others = async () => {
      const since = this.now() - RECENT_MS;
      const active = (await read.schedules.active()).filter(
        (one) => !own.has(one.seriesId) && mayBeginFrom(one, since),
      );
      const schedules = [...active, ...beside];
      return { schedules, facts: await this.facts(read, schedules) };
    };
    return refusedSessions(sessions, { facts, holidays: this.#holidays.table, clock: this.#clock, others });
  }

  #authorizeTargets(actor: Actor, permission: Permission, targets: Targets, { rules }: SlotFacts): void {
    const { tree } = this.#areas;
    for (const areaId of [...targets.areas, ...targets.excludeAreas])
      authorize(actor, permission, tree.get(areaId).id, tree);
    for (const id of targets.speakers)
      if (this.#speakers.get(id) === undefined)
        throw new DomainError('request.not_found', { what: 'speaker', id });
    const meant = rules.areasOf(targets);
    if (meant.size === 0) throw new DomainError('broadcast.no_targets');
    for (const areaId of meant) authorize(actor, permission, areaId, tree);
  }
}
