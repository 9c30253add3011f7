import { type Clock, type Instant, Lifecycle, type Milliseconds, repeat } from '#kit';
import type { AreaTree } from '../areas/area.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { StoredSlot } from '../plans/plan.ts';
import type { Stores } from '../unit-of-work.ts';
import { bySession, type Collision, collisionsOf, type PriorityAiring } from './collision.ts';
import { airingOfSlot, airingsOf } from './priority-airings.ts';

/** People are asked about what begins within this time; what lies further ahead the calendar shows. */
export const ASK_AHEAD_MS: Milliseconds = 48 * 3_600_000;
/** What began so long ago may still sound. */
const SOUNDING_MS: Milliseconds = 24 * 3_600_000;
const LOOK_MS: Milliseconds = 60_000;

export interface CollisionWatchOptions {
  readonly read: Pick<Stores, 'broadcasts' | 'plans'>;
  readonly slots: { between(from: Instant, to: Instant): readonly StoredSlot[] };
  readonly areas: { readonly tree: AreaTree };
  readonly speakers: SpeakerIndex;
  readonly events: LiveEvents;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * Puts to people which of two priority items comes first where both want a loudspeaker: an event for each pair when it is found, and
 * again after a restart while nobody has decided. A decision moves one of them, so that they collide no more.
 */
export class CollisionWatch extends Lifecycle {
  readonly #options: CollisionWatchOptions;
  /** Pairs that people were told of, with what they were told. */
  #told = new Map<string, string>();

  constructor(options: CollisionWatchOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { clock, onError } = this.#options;
    const look = repeat(clock, 'collisions: look', LOOK_MS, () => this.look(), onError);
    this.disposers.defer('collisions', () => look.cancel());
  }

  /** Something was planned or ordered: looks at once. Failures go to `onError`. */
  kick(): void {
    if (this.running) this.background(this.look(), this.#options.onError);
  }

  /** Asks about what was found since it looked last. */
  async look(): Promise<void> {
    const told = new Map<string, string>();
    for (const collision of await this.undecided()) {
      const { first, second, from, to, speakerIds } = collision;
      const pair = `${first.broadcastId} ${second.broadcastId}`;
      const what = `${from} ${to} ${speakerIds.length}`;
      told.set(pair, what);
      if (this.#told.get(pair) === what) continue;
      for (const areaId of new Set([first.areaId, second.areaId]))
        this.#options.events.publish('priority.undecided', {
          ...{ areaId, first: first.broadcastId, second: second.broadcastId, from, to },
          speakers: speakerIds.length,
        });
    }
    this.#told = told;
  }

  /** What nobody has decided and has not begun: `second` may still be moved. */
  async undecided(): Promise<Collision[]> {
    const now = this.#options.clock.now();
    const airings = await this.#airings(now);
    return bySession(collisionsOf(airings)).filter(({ from }) => from > now && from < now + ASK_AHEAD_MS);
  }

  async #airings(now: Instant): Promise<PriorityAiring[]> {
    const { read, slots, areas, speakers } = this.#options;
    const [from, to] = [now - SOUNDING_MS, now + ASK_AHEAD_MS];
    const planned = slots.between(from, to).flatMap((slot) => airingOfSlot(slot, areas.tree, speakers) ?? []);
    return [...planned, ...(await airingsOf(read, await read.broadcasts.ordered(from, to)))];
  }
}
