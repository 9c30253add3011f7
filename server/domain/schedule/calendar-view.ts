import type { Instant } from '#kit';
import { airTimeMs, type CalendarView, type Conflict, type ItemTimeline, type Reason } from '#protocols';
import type { NeedsOf } from '../announcements/area-needs.ts';
import type { Turns } from '../turns.ts';
import type { PreviewClass, PreviewSlot } from './preview/preview-types.ts';
import { reasonView } from './reason-view.ts';
import type { WithheldSlot } from './slots.ts';

/** One item of the calendar: a slot of a schedule, or what was ordered by itself. */
export interface CalendarSlot extends PreviewSlot {
  readonly broadcastId: string;
  readonly announcementId: string | null;
  readonly seriesId: string | null;
  readonly sessionId: string | null;
  readonly originalAt: Instant | null;
  /** Areas in which nobody approved it. */
  readonly missing: readonly string[];
  /** The broadcast that it stands for where that is not approved; null: it is itself. */
  readonly insteadOf: string | null;
}

type ClassItem = CalendarView['classes'][number]['items'][number];

/** What an evaluation gave, for people: only what begins in [from, to), each item and each conflict once. Rests between its steps. */
export async function calendarView({
  from,
  to,
  items,
  withheld,
  classes,
  notTold,
  turns,
  needs,
}: {
  readonly from: Instant;
  readonly to: Instant;
  readonly items: readonly CalendarSlot[];
  readonly withheld: readonly WithheldSlot[];
  readonly classes: readonly PreviewClass[];
  readonly notTold: readonly string[];
  readonly turns: Turns;
  readonly needs: NeedsOf;
}): Promise<CalendarView> {
  const byId = new Map(items.map((item) => [item.id, item]));
  const inRange = (at: Instant) => at >= from && at < to;
  const meant = new Set<string>();
  const classViews: CalendarView['classes'] = [];
  for (const { speakerIds, slots, timeline } of classes) {
    for (const { id } of slots) meant.add(id);
    await turns.take();
    const view: ClassItem[] = [];
    for (const one of timeline.items) {
      const item = byId.get(one.id);
      if (item !== undefined && inRange(item.startsAt)) view.push(classItem(one, item, byId));
    }
    classViews.push({ speakerIds: speakerIds.filter((id) => id !== ''), items: view });
    await turns.take();
  }
  const shown = new Map<string, CalendarSlot>();
  for (const item of items)
    if (inRange(item.startsAt) && meant.has(item.id)) shown.set(item.broadcastId, item);
  await turns.take();
  const itemViews = [...shown.values()]
    .sort((a, b) => a.startsAt - b.startsAt || a.position - b.position)
    .map((item) => ({ ...itemView(item), notApproved: needs(item.missing), insteadOf: item.insteadOf }));
  await turns.take();
  const withheldViews = withheld
    .filter(({ startsAt }) => inRange(startsAt))
    .sort((a, b) => a.startsAt - b.startsAt || a.position - b.position)
    .map(({ broadcastId, announcementId, scheduleId, originalAt, position, title, startsAt, ...one }) => ({
      ...{ broadcastId, announcementId, scheduleId, originalAt, position, title, startsAt },
      ...{ reason: reasonView(one), notApproved: needs(one.missing) },
    }));
  await turns.take();
  return {
    ...{ from, to, items: itemViews, withheld: withheldViews, classes: classViews },
    conflicts: await conflictViews(classes, byId, inRange, turns),
    notTold: [...notTold],
  };
}

function itemView(item: CalendarSlot): Omit<CalendarView['items'][number], 'notApproved' | 'insteadOf'> {
  const { broadcastId, announcementId, scheduleId, seriesId, sessionId, originalAt, position } = item;
  const { title, priority, startsAt, latestStartAt } = item;
  return {
    ...{ broadcastId, announcementId, scheduleId, seriesId, sessionId, originalAt, position },
    ...{ title, priority, startsAt, latestStartAt, endsAt: Math.ceil(startsAt + airTimeMs(item)) },
  };
}

function classItem(
  { ranges, lateMs, heldBackBy, reason }: ItemTimeline,
  { broadcastId }: CalendarSlot,
  byId: ReadonlyMap<string, CalendarSlot>,
): ClassItem {
  const why = (one: Reason | null) => (one === null ? null : whyNot(broadcastId, one, byId));
  return {
    broadcastId,
    ranges: ranges.map((range) => ({ ...range })),
    lateMs,
    heldBackBy: why(heldBackBy),
    reason: why(reason),
  };
}

function whyNot(
  orderId: string,
  { code, other }: Reason,
  byId: ReadonlyMap<string, CalendarSlot>,
): NonNullable<ClassItem['reason']> {
  const inTheWay = other === null ? undefined : byId.get(other);
  const params = inTheWay === undefined ? { orderId } : { orderId, other: inTheWay.title };
  return { ...reasonView({ code, params }), other: inTheWay?.broadcastId ?? null };
}

/** The same pair at many loudspeakers is one conflict with all of them. */
async function conflictViews(
  classes: readonly PreviewClass[],
  byId: ReadonlyMap<string, CalendarSlot>,
  inRange: (at: Instant) => boolean,
  turns: Turns,
): Promise<CalendarView['conflicts']> {
  const found = new Map<string, CalendarView['conflicts'][number]>();
  for (const { speakerIds, timeline } of classes) {
    await turns.take();
    for (const conflict of timeline.conflicts) {
      const [a, b] = [byId.get(conflict.a), byId.get(conflict.b)];
      if (a === undefined || b === undefined || !(inRange(a.startsAt) || inRange(b.startsAt))) continue;
      const key = `${a.broadcastId} ${b.broadcastId}`;
      const known = found.get(key);
      const names = speakerIds.filter((id) => id !== '');
      if (known === undefined) found.set(key, { ...conflictView(conflict, a, b), speakerIds: names });
      else known.speakerIds.push(...names);
    }
  }
  return [...found.values()].sort((a, b) => a.from - b.from);
}

function conflictView({ kind, from, to }: Conflict, a: CalendarSlot, b: CalendarSlot) {
  return {
    ...{ kind, needsDecision: kind === 'priority', from: Math.floor(from), to: Math.ceil(to) },
    a: party(a),
    b: party(b),
  };
}

function party({ scheduleId, originalAt, broadcastId, title, startsAt }: CalendarSlot) {
  return { scheduleId, originalAt, broadcastId, title, startsAt };
}
