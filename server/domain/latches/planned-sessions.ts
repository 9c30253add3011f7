import { type Scope, scopeKey, scopeOfKey, scopesOf } from '#protocols';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { PlanStore } from '../plans/plan.ts';
import { type NextSession, type NextSessions, REMIND_AHEAD_MS } from './reminders.ts';

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

  async from(instant: number): Promise<NextSession> {
    // One more minute: who asks comes once a minute.
    const slots = await this.#options.read.plans.slots(instant, instant + REMIND_AHEAD_MS + 60_000);
    /** First start by the key of each scope that a slot is for, and of each that such a scope lies in. */
    const [named, above] = [new Map<string, number>(), new Map<string, number>()];
    for (const { withdrawnAt, scopes, startsAt } of slots) {
      if (withdrawnAt !== null) continue;
      for (const key of scopes) {
        if (named.has(key)) continue;
        named.set(key, startsAt);
        for (const outer of this.#above(scopeOfKey(key))) {
          const outerKey = scopeKey(outer);
          if (!above.has(outerKey)) above.set(outerKey, startsAt);
        }
      }
    }
    // Some speaker may lie in both scopes where one lies in the other.
    return (scope) => {
      const starts = [
        above.get(scopeKey(scope)),
        ...this.#above(scope).map((outer) => named.get(scopeKey(outer))),
      ].filter((at) => at !== undefined);
      return starts.length === 0 ? null : Math.min(...starts);
    };
  }

  /** A scope and those that it lies in. */
  #above({ kind, id }: Scope): Scope[] {
    const { areas, speakers } = this.#options;
    const areaId = kind === 'area' ? id : speakers.get(id)?.areaId;
    const ancestry = areaId !== undefined && areas.tree.has(areaId) ? areas.tree.ancestry(areaId) : [];
    return kind === 'speaker' ? scopesOf(id, ancestry) : ancestry.map((area) => ({ kind: 'area', id: area }));
  }
}
