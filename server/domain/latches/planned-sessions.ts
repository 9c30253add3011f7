import { type Scope, scopesOf } from '#protocols';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { PlanStore } from '../plans/plan.ts';
import { scopeOfKey } from './latch-book.ts';
import { type NextSessions, REMIND_AHEAD_MS } from './reminders.ts';

export interface PlannedSessionsOptions {
  readonly read: { readonly plans: Pick<PlanStore, 'slots'> };
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
}

/** The next session of a scope, from the slots that were signed into plans; no further ahead than people are reminded. */
export class PlannedSessions implements NextSessions {
  readonly #options: PlannedSessionsOptions;

  constructor(options: PlannedSessionsOptions) {
    this.#options = options;
  }

  async nextSessionAt(scope: Scope, from: number): Promise<number | null> {
    // One more minute: who asks comes once a minute.
    const slots = await this.#options.read.plans.slots(from, from + REMIND_AHEAD_MS + 60_000);
    const next = slots.find(
      ({ withdrawnAt, scopes }) =>
        withdrawnAt === null && scopes.some((key) => this.#meet(scope, scopeOfKey(key))),
    );
    return next?.startsAt ?? null;
  }

  /** Whether some speaker may lie in both. */
  #meet(one: Scope, other: Scope): boolean {
    const within = (inner: Scope, outer: Scope) =>
      this.#above(inner).some(({ kind, id }) => kind === outer.kind && id === outer.id);
    return within(one, other) || within(other, one);
  }

  /** A scope and those that it lies in. */
  #above({ kind, id }: Scope): Scope[] {
    const { areas, speakers } = this.#options;
    const areaId = kind === 'area' ? id : speakers.get(id)?.areaId;
    const ancestry = areaId !== undefined && areas.tree.has(areaId) ? areas.tree.ancestry(areaId) : [];
    return kind === 'speaker' ? scopesOf(id, ancestry) : ancestry.map((area) => ({ kind: 'area', id: area }));
  }
}
