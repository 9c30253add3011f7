import type { Clock, Instant } from '#kit';
import {
  type CalendarView,
  DomainError,
  type Holding,
  type LocalRules,
  limitsSessions,
  type PlayOrder,
  plannedItem,
  type Scope,
  scopeIncludes,
} from '#protocols';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import { rulesOf, rulesRange } from '../policies/local-rules.ts';
import { policyOf } from '../policies/policy.ts';
import type { Speaker } from '../speakers/speaker.ts';
import type { Stores } from '../unit-of-work.ts';
import { type CalendarSlot, calendarView } from './calendar-view.ts';
import type { HolidayBook } from './holiday-book.ts';
import { Pacer } from './pacer.ts';
import { previewAll } from './preview/preview.ts';
import type { PreviewSpeaker } from './preview/preview-types.ts';
import type { ScheduleGuard } from './schedule-guard.ts';
import { type MadeSlot, slotsBetween, type WithheldSlot } from './slots.ts';

/** Whether a speaker holds the plans and latches as they are now. */
export type Told = (speakerId: string) => boolean;

const DAY_MS = 86_400_000;
/** Where sessions are limited, what sounds within this time before a range counts in it. */
const HISTORY_MS = 2 * DAY_MS;

/** Items of all classes in one answer: writing more of them holds everybody else up. */
const MOST_ITEMS = 10_000;

export interface CalendarServiceOptions {
  readonly read: Pick<
    Stores,
    'schedules' | 'programmes' | 'announcements' | 'media' | 'speakers' | 'latches' | 'broadcasts' | 'plans'
  >;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly holidays: HolidayBook;
  readonly guard: ScheduleGuard;
  readonly told: Told;
  readonly clock: Clock;
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
    const since = limited ? from - HISTORY_MS : from;
    const { slots, withheld } = await this.#planned(scope, since, to);
    const items = [...slots, ...(await this.#ordered(since, to))];
    const classes = await previewAll(items, speakers, { from: since, to }, clock);
    const count = classes.reduce(
      (sum, one) => sum + one.slots.filter(({ startsAt }) => startsAt >= from).length,
      0,
    );
    if (count > MOST_ITEMS)
      throw new DomainError('request.invalid', {
        reason: `the calendar would have ${count} items, at most ${MOST_ITEMS}: ask for a smaller area or fewer days`,
        field: 'to',
      });
    const notTold = speakers.map(({ speakerId }) => speakerId).filter((id) => id !== '' && !told(id));
    return calendarView({ from, to, items, withheld, classes, notTold });
  }

  /** The slots of every schedule that is for somewhere in the scope. */
  async #planned(
    scope: Scope,
    from: Instant,
    to: Instant,
  ): Promise<{ readonly slots: CalendarSlot[]; readonly withheld: WithheldSlot[] }> {
    const { read, guard, holidays, clock } = this.#options;
    const schedules = await read.schedules.active();
    const facts = await guard.facts(read, schedules);
    const published = new Map(
      (await read.plans.slots(from, to)).map(({ broadcastId, publishedAt }) => [broadcastId, publishedAt]),
    );
    const within = this.#areasOf(scope);
    const pacer = new Pacer(clock);
    const slots: CalendarSlot[] = [];
    const withheld: WithheldSlot[] = [];
    for (const schedule of schedules) {
      const named = scope.kind === 'speaker' && schedule.targets.speakers.includes(scope.id);
      if (!named && ![...facts.rules.areasOf(schedule.targets)].some((id) => within.has(id))) continue;
      const made = slotsBetween(schedule, facts, holidays.table, from, to);
      for (const slot of made.slots)
        slots.push(slotItem(slot, published.get(slot.broadcastId) ?? schedule.updatedAt));
      withheld.push(...made.withheld);
      await pacer.rest();
    }
    return { slots, withheld };
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
      const order = payloadOf(document);
      if (order.scheduleId !== null || order.startsAt < from || order.startsAt >= to) return [];
      const item = plannedItem(order, null);
      const { title, targets } = order;
      const none = { scheduleId: null, seriesId: null, sessionId: null, originalAt: null };
      // Shards of one broadcast are orders of their own.
      return [{ ...item, ...none, title, targets, broadcastId, announcementId: null }];
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
      .map(({ id, scope: key }) => ({ id, scope: scopeOf(key) }));
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

function slotItem(slot: MadeSlot, issuedAt: Instant): CalendarSlot {
  const { order, targets, broadcastId, announcementId, title } = slot;
  const { scheduleId, seriesId, sessionId, originalAt } = slot;
  const whole = { ...order, id: broadcastId, revision: 0, issuedAt, targets };
  const item = plannedItem(whole, null);
  return {
    ...item,
    ...{ title, targets, broadcastId, announcementId, scheduleId, seriesId, sessionId, originalAt },
  };
}

function scopeOf(key: string): Scope {
  const [kind = '', id = ''] = [key.slice(0, key.indexOf('.')), key.slice(key.indexOf('.') + 1)];
  return { kind: kind === 'speaker' ? 'speaker' : 'area', id };
}

/** The payload of a play order that we signed ourselves. */
function payloadOf(document: string): PlayOrder {
  return JSON.parse(Buffer.from(document.split('.')[1] ?? '', 'base64url').toString('utf8')) as PlayOrder;
}
