import type { Clock, Instant } from '#kit';
import type { OccurrenceView } from '#protocols';
import type { NeedsOf } from '../announcements/area-needs.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { Turns } from '../turns.ts';
import { explainRule, type Occurrence } from './expand.ts';
import { faultOf } from './originals.ts';
import { reasonView } from './reason-view.ts';
import type { Schedule } from './schedule.ts';
import { templateAt } from './session-template.ts';
import type { SlotFacts } from './slot-facts.ts';
import { type Slots, sessionIdOf, skippedOf, slotsOf } from './slots.ts';

type Item = OccurrenceView['items'][number];

/**
 * Every occurrence of a series that begins in [from, to), the skipped and the withheld too, by start. `broadcastsOf` finds those that were
 * made.
 */
export async function occurrencesOf(
  parts: readonly Schedule[],
  options: {
    readonly facts: SlotFacts;
    readonly holidays: HolidayTable;
    readonly from: Instant;
    readonly to: Instant;
    readonly clock: Clock;
    readonly broadcastsOf: (ids: readonly string[]) => Promise<readonly Broadcast[]>;
    readonly needs: NeedsOf;
  },
): Promise<OccurrenceView[]> {
  const { facts, holidays, from, to, clock, needs } = options;
  const now = clock.now();
  const turns = new Turns(clock);
  const views: OccurrenceView[] = [];
  for (const part of parts) {
    // A deleted schedule has no more than what it had aired.
    const until = part.deletedAt === null ? to : Math.min(to, part.deletedAt);
    if (faultOf(part.rule, holidays) !== null) continue;
    const zone = facts.tree.zoneOf(part.areaId);
    const { occurrences, omissions } = explainRule(part.rule, zone, holidays, from, Math.max(from, until));
    for (const occurrence of occurrences) {
      views.push(viewOf(part, occurrence, slotsOf(part, occurrence, facts), { facts, now, needs }));
      await turns.take();
    }
    for (const omission of omissions) {
      if (omission.change.kind !== 'skip') continue;
      const { originalAt, day, change } = omission;
      const slots = { slots: [], withheld: skippedOf(part, omission, facts) };
      const view = viewOf(part, { originalAt, startsAt: originalAt, day, change: null }, slots, {
        ...{ facts, now, needs },
      });
      views.push({ ...view, state: 'skipped', change });
    }
  }
  return withBroadcasts(
    views.sort((a, b) => a.startsAt - b.startsAt),
    options.broadcastsOf,
  );
}

function viewOf(
  part: Schedule,
  { originalAt, startsAt, day, change }: Occurrence,
  { slots, withheld }: Slots,
  { facts, now, needs }: { readonly facts: SlotFacts; readonly now: Instant; readonly needs: NeedsOf },
): OccurrenceView {
  const items = [
    ...slots.map(
      ({
        broadcastId,
        announcementId,
        title,
        position,
        startsAt: at,
        airTimeMs,
        missing,
        insteadOf,
      }): Item => ({
        ...{ broadcastId, announcementId, title, position, startsAt: at, airTimeMs },
        ...{ withheld: null, notApproved: needs(missing), insteadOf, broadcast: null },
      }),
    ),
    ...withheld.map(
      ({ broadcastId, announcementId, title, position, startsAt: at, code, params, missing }): Item => ({
        ...{ broadcastId, announcementId, title, position, startsAt: at, airTimeMs: null },
        ...{
          withheld: reasonView({ code, params }),
          notApproved: needs(missing),
          insteadOf: null,
          broadcast: null,
        },
      }),
    ),
  ].sort((a, b) => a.position - b.position);
  const ends = slots.map((slot) => slot.startsAt + slot.airTimeMs);
  const endsAt = Math.max(startsAt + templateAt(part, originalAt, facts).lengthMs, ...ends);
  const planned = slots.length > 0 ? 'planned' : 'withheld';
  return {
    ...{ scheduleId: part.id, seriesId: part.seriesId, sessionId: sessionIdOf(part, originalAt) },
    ...{ originalAt, startsAt, endsAt, day, state: endsAt <= now ? 'over' : planned, change, items },
  };
}

async function withBroadcasts(
  views: OccurrenceView[],
  broadcastsOf: (ids: readonly string[]) => Promise<readonly Broadcast[]>,
): Promise<OccurrenceView[]> {
  const ids = views.flatMap(({ items }) => items.map(({ broadcastId }) => broadcastId));
  const states = new Map((await broadcastsOf(ids)).map(({ id, state }) => [id, state]));
  const broadcastOf = (id: string) => {
    const state = states.get(id);
    return state === undefined ? null : { id, state };
  };
  return views.map((view) => ({
    ...view,
    items: view.items.map((item) => ({ ...item, broadcast: broadcastOf(item.broadcastId) })),
  }));
}
