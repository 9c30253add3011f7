import type { Clock, Instant } from '#kit';
import {
  type CalendarView,
  DomainError,
  type Holding,
  type LocalRules,
  limitsSessions,
  plannedItem,
  type Scope,
  scopeIncludes,
  scopeOfKey,
} from '#protocols';
import type { NeedsOf } from '../announcements/area-needs.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import { readPlayOrder } from '../dispatch/read-order.ts';
import { rulesOf, rulesRange } from '../policies/local-rules.ts';
import { policyOf } from '../policies/policy.ts';
import type { Speaker } from '../speakers/speaker.ts';
import { inTurns, Turns } from '../turns.ts';
import type { Stores } from '../unit-of-work.ts';
import { askedAtOf } from './asked-at.ts';
import { type CalendarSlot, calendarView } from './calendar-view.ts';
import { mayBeginFrom } from './ended.ts';
import type { HolidayBook } from './holiday-book.ts';
import { faultOf } from './originals.ts';
import { previewAll } from './preview/preview.ts';
import type { PreviewSpeaker } from './preview/preview-types.ts';
import type { Schedule } from './schedule.ts';
import type { ScheduleGuard } from './schedule-guard.ts';
import {
  countsInPlan,
  groupsOf,
  overLimitGroups,
  type PlannedBefore,
  type SessionGroup,
  sessionsOfSlots,
  withholdRefused,
} from './session-limits.ts';
import { faultySlots, type MadeSlot, type Slots, slotSteps, type WithheldSlot } from './slots.ts';
import type { Refusal, TargetRules } from './target-rules.ts';

/** Whether a speaker holds the plans and latches as they are now. */
export type Told = (speakerId: string) => boolean;

const DAY_MS = 86_400_000;
/** Where sessions are limited, what sounds within this time before a range counts in it. */
const HISTORY_MS = 2 * DAY_MS;

/** Slots that begin later than so long ago are in memory. */
const IN_MEMORY_MS = 2 * DAY_MS;

/** Items of all classes in one answer: writing more of them holds everybody else up. */
const MOST_ITEMS = 10_000;

export interface CalendarServiceOptions {
  readonly read: Pick<
    Stores,
    | 'standing'
    | 'schedules'
    | 'programmes'
    | 'announcements'
    | 'media'
    | 'speakers'
    | 'latches'
    | 'broadcasts'
    | 'plans'
  >;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly holidays: HolidayBook;
  readonly guard: ScheduleGuard;
  readonly told: Told;
  /** The slots of the present plan; those of before are read. */
  readonly slots: { get(broadcastId: string): PlannedBefore | undefined };
  readonly clock: Clock;
  readonly needs: NeedsOf;
}

/** What loudspeakers will play, and why and why not: the schedules as they are now, by the evaluator of the loudspeakers. */
export class CalendarService {
  readonly #options: CalendarServiceOptions;

  constructor(options: CalendarServiceOptions) {
    this.#options = options;
  }

  /** The calendar of an area with all below it, or of one speaker: what begins in [from, to). Throws `request.not_found`, and `request.invalid` for more than one answer holds. */
  async calendar(
    scope: Scope,
    { from, to }: { readonly from: Instant; readonly to: Instant },
  ): Promise<CalendarView> {
    const { clock, told } = this.#options;
    const speakers = await this.#speakers(scope);
    const limited = speakers.some(({ rules }) => rules !== null && limitsSessions(rules));
    const turns = new Turns(clock);
    const { slots, withheld, since } = await this.#planned(scope, { from, to, limited }, turns);
    const items = [...slots, ...(await this.#ordered(since, to))];
    const classes = await previewAll(items, speakers, { from: since, to }, clock);
    let count = 0;
    for (const one of classes) {
      for (const { startsAt } of one.slots) if (startsAt >= from) count += 1;
      await turns.take();
    }
    if (count > MOST_ITEMS)
      throw new DomainError('request.invalid', {
        reason: `the calendar would have ${count} items, at most ${MOST_ITEMS}: ask for a smaller area or fewer days`,
        field: 'to',
      });
    const notTold: string[] = [];
    for (const { speakerId } of speakers) {
      if (speakerId !== '' && !told(speakerId)) notTold.push(speakerId);
      await turns.take();
    }
    const { needs } = this.#options;
    return calendarView({ from, to, items, withheld, classes, notTold, turns, needs });
  }

  /** The slots of every schedule that is for somewhere in the scope, within the limits of sessions: as the plan has them. `since`: where they begin. */
  async #planned(
    scope: Scope,
    { from, to, limited }: { readonly from: Instant; readonly to: Instant; readonly limited: boolean },
    turns: Turns,
  ): Promise<{
    readonly slots: CalendarSlot[];
    readonly withheld: WithheldSlot[];
    readonly since: Instant;
  }> {
    const { read, guard, holidays, slots: book } = this.#options;
    const schedules = (await read.schedules.active()).filter((one) => mayBeginFrom(one, from - HISTORY_MS));
    await turns.take();
    const facts = await guard.facts(read, schedules);
    const { rules } = facts;
    const within = this.#areasOf(scope);
    const here = new Set<Schedule>();
    /** Where the limits of sessions decide about what is for the scope: there everything counts. */
    const bound = new Set<string>();
    for (const schedule of schedules) {
      await turns.take();
      const areaIds = rules.areasOf(schedule.targets);
      const named = scope.kind === 'speaker' && schedule.targets.speakers.includes(scope.id);
      if (!named && !hasAny(areaIds, within)) continue;
      here.add(schedule);
      for (const areaId of areaIds) if (limitsSessions(rules.ofArea(areaId))) bound.add(areaId);
    }
    const since = limited || bound.size > 0 ? from - HISTORY_MS : from;
    const past = await this.#publishedBefore(since, to);
    const planned = (id: string): PlannedBefore | undefined => book.get(id) ?? past.get(id);
    const found: Slots[] = [];
    const groups: SessionGroup[] = [];
    for (const schedule of schedules) {
      if (!here.has(schedule) && !hasAny(rules.areasOf(schedule.targets), bound)) continue;
      await turns.take();
      const fault = faultOf(schedule.rule, holidays.table);
      const made =
        fault === null
          ? await inTurns(slotSteps(schedule, facts, holidays.table, since, to), turns)
          : faultySlots(schedule, fault, facts, from, to);
      if (here.has(schedule)) found.push(made);
      if (bound.size === 0) continue;
      const askedAt = askedAtOf(schedule, facts);
      const counted = made.slots.filter(({ broadcastId, startsAt }) =>
        countsInPlan(startsAt, askedAt, planned(broadcastId)),
      );
      const sessionIds = new Set(counted.map(({ sessionId }) => sessionId));
      const sessions = sessionsOfSlots(made.slots).filter(({ sessionId }) => sessionIds.has(sessionId));
      groups.push(...groupsOf(sessions));
    }
    const refused = await this.#refused(groups, bound, rules, turns);
    const slots: CalendarSlot[] = [];
    const withheld: WithheldSlot[] = [];
    for (const made of found) {
      await turns.take();
      const kept = withholdRefused(made, refused);
      for (const slot of kept.slots) slots.push(slotItem(slot));
      for (const one of kept.withheld) withheld.push(one);
    }
    return { slots, withheld, since };
  }

  #refused(
    groups: readonly SessionGroup[],
    areaIds: ReadonlySet<string>,
    rules: TargetRules,
    turns: Turns,
  ): Promise<ReadonlyMap<string, Refusal>> {
    return inTurns(overLimitGroups(groups, areaIds, rules), turns);
  }

  /** Slots of before those that are in memory. */
  async #publishedBefore(from: Instant, to: Instant): Promise<ReadonlyMap<string, PlannedBefore>> {
    const { read, clock } = this.#options;
    const until = Math.min(to, clock.now() - IN_MEMORY_MS);
    const slots = from < until ? await read.plans.slots(from, until) : [];
    return new Map(slots.map((slot) => [slot.broadcastId, slot]));
  }

  /** What people ordered for itself and is not over. */
  async #ordered(from: Instant, to: Instant): Promise<CalendarSlot[]> {
    const { read, clock } = this.#options;
    const orders = (await read.broadcasts.liveOrders(clock.now())).map(({ order }) => order);
    const cancelled = new Set(
      orders.flatMap(({ kind, broadcastId }) => (kind === 'cancel' ? [broadcastId] : [])),
    );
    return orders.flatMap(({ kind, broadcastId, document }) => {
      if (kind !== 'play' || cancelled.has(broadcastId)) return [];
      const order = readPlayOrder(document);
      if (order.scheduleId !== null || order.startsAt < from || order.startsAt >= to) return [];
      const item = plannedItem(order, null);
      const { title, targets } = order;
      const none = { scheduleId: null, seriesId: null, sessionId: null, originalAt: null };
      // Shards of one broadcast are orders of their own.
      return [
        { ...item, ...none, title, targets, broadcastId, announcementId: null, missing: [], insteadOf: null },
      ];
    });
  }

  async #speakers(scope: Scope): Promise<PreviewSpeaker[]> {
    const { read, areas, clock } = this.#options;
    const { tree } = areas;
    const found =
      scope.kind === 'speaker'
        ? await read.speakers.list({ ids: [scope.id] })
        : await read.speakers.list({ areaIds: [...tree.within(scope.id)] });
    if (scope.kind === 'speaker' && found.length === 0)
      throw new DomainError('request.not_found', { what: 'speaker', id: scope.id });
    const latches = (await read.latches.all())
      .filter(({ state }) => state === 'set')
      .map(({ id, scope: key }) => ({ id, scope: scopeOfKey(key) }));
    const range = rulesRange(clock.now());
    const known = new Map<string, LocalRules>();
    const rules = (areaId: string, sensitive: boolean) => {
      const key = `${areaId} ${sensitive}`;
      const made =
        known.get(key) ??
        rulesOf(policyOf(tree.policyOf(areaId)), tree.zoneOf(areaId), range.from, range.until, sensitive);
      known.set(key, made);
      return made;
    };
    const holding = ({ id, areaId, sensitive, mute, maintenance }: Speaker): PreviewSpeaker => {
      const ancestry = tree.ancestry(areaId);
      const held = latches.filter((latch) => scopeIncludes(latch.scope, id, ancestry));
      const here: Holding = {
        ...{ rules: rules(areaId, sensitive), mute, maintenance },
        latches: held.map((latch) => latch.id),
      };
      return { speakerId: id, areas: ancestry, ...here };
    };
    const inUse = found.filter(({ lifecycle }) => lifecycle === 'enrolled' || lifecycle === 'active');
    if (inUse.length > 0 || scope.kind === 'speaker') return inUse.map(holding);
    // Nobody is there to hear it yet; what would sound is shown all the same.
    const ancestry = tree.ancestry(scope.id);
    const nobody = { rules: rules(scope.id, false), mute: null, maintenance: null, latches: [] };
    return [{ speakerId: '', areas: ancestry, ...nobody }];
  }

  #areasOf({ kind, id }: Scope): ReadonlySet<string> {
    const { areas, speakers } = this.#options;
    const areaId = kind === 'area' ? id : speakers.get(id)?.areaId;
    if (areaId === undefined) return new Set();
    return kind === 'area' ? areas.tree.within(areaId) : new Set([areaId]);
  }
}

function hasAny(ids: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean {
  for (const id of ids) if (wanted.has(id)) return true;
  return false;
}

function slotItem(slot: MadeSlot): CalendarSlot {
  const { order, targets, broadcastId, announcementId, title, missing, insteadOf } = slot;
  const { scheduleId, seriesId, sessionId, originalAt } = slot;
  // When it is signed decides nothing: it says itself when it was asked for.
  const whole = { ...order, id: broadcastId, revision: 0, issuedAt: 0, targets };
  const item = plannedItem(whole, null);
  return {
    ...item,
    ...{
      title,
      targets,
      broadcastId,
      announcementId,
      scheduleId,
      seriesId,
      sessionId,
      originalAt,
      missing,
      insteadOf,
    },
  };
}
