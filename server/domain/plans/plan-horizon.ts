import type { Instant } from '#kit';
import { PLAN_HORIZON_DAYS } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { dayOf } from '../calendar/day-number.ts';
import { instantOf, localDayNumber } from '../policies/zoned-time.ts';

/** How far ahead plans reach. The zones of a tree are found once. */
export class PlanHorizon {
  #known: { readonly tree: AreaTree; readonly zones: readonly string[] } | undefined;

  /** The end of the last local day that plans reach, in the zone that is furthest behind. */
  end(tree: AreaTree, now: Instant): Instant {
    if (this.#known?.tree !== tree)
      this.#known = { tree, zones: [...new Set([...tree.ids()].map((id) => tree.zoneOf(id)))] };
    return Math.max(
      ...this.#known.zones.map((zone) =>
        instantOf(zone, dayOf(localDayNumber(zone, now) + PLAN_HORIZON_DAYS + 1), 0),
      ),
    );
  }
}
