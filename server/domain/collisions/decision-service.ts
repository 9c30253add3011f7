import type { Clock, Instant } from '#kit';
import { type Decided, type Decision, DomainError, type OccurrenceName } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import { type PostponeParts, postpone } from '../broadcasts/postpone.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { ScheduleService } from '../schedule/schedule-service.ts';
import type { Transaction } from '../unit-of-work.ts';
import { airingsOf } from './priority-airings.ts';

export interface DecisionServiceOptions extends PostponeParts {
  readonly schedules: Pick<ScheduleService, 'endOf' | 'putAfter'>;
  readonly areas: AreaDirectory;
  readonly clock: Clock;
}

/** What was put off by a decision. */
export interface Decisions {
  readonly schedules: readonly Schedule[];
  readonly broadcast: Broadcast | null;
}

/** Two priority items want one loudspeaker: the second follows the first, by a person's decision. */
export class DecisionService {
  readonly #options: DecisionServiceOptions;

  constructor(options: DecisionServiceOptions) {
    this.#options = options;
  }

  /**
   * Puts `second` to the end of `first`, as planned. Both have not begun; the audit log keeps who decided. Throws `request.forbidden`, `request.person_only`,
   * `request.not_found`, `request.conflict`, `schedule.invalid` (no priority item), `schedule.no_occurrence`, `policy.*`.
   */
  async decide(tx: Transaction, actor: Actor, { first, second, reason }: Decision): Promise<Decisions> {
    if (actor.kind !== 'person')
      throw new DomainError('request.person_only', { actor: actor.name, act: 'decide which comes first' });
    const ahead = await this.#occurrenceOf(tx, first);
    const behind = await this.#occurrenceOf(tx, second);
    const { title, endsAt } =
      'scheduleId' in ahead
        ? await this.#options.schedules.endOf(tx, actor, ahead)
        : await this.#endOf(tx, ahead.broadcast);
    if ('broadcast' in ahead)
      authorize(actor, 'broadcast:read', ahead.broadcast.areaId, this.#options.areas.tree);
    // What begins with the last sample of the other would still be held back by it.
    const act = { startsAt: Math.ceil(endsAt), reason: reason ?? `after "${title}"`, first };
    if ('scheduleId' in behind)
      return { schedules: await this.#options.schedules.putAfter(tx, actor, behind, act), broadcast: null };
    const { broadcast } = behind;
    authorize(actor, 'broadcast:play', broadcast.areaId, this.#options.areas.tree);
    requirePriority(broadcast);
    const now = this.#options.clock.now();
    const { startsAt, reason: why } = act;
    const after = await postpone(tx, this.#options, { actor, broadcast, startsAt, reason: why, now });
    return { schedules: [], broadcast: after };
  }

  /** A broadcast of a schedule is its occurrence. */
  async #occurrenceOf(
    tx: Transaction,
    named: Decided,
  ): Promise<OccurrenceName | { readonly broadcast: Broadcast }> {
    if ('scheduleId' in named) return named;
    const id = named.broadcastId;
    const broadcast = await tx.broadcasts.get(id);
    // One that is planned further ahead has no record yet.
    const slot = broadcast === null ? await tx.plans.slot(id) : null;
    const { scheduleId, originalAt } = slot ?? broadcast ?? { scheduleId: null, originalAt: null };
    if (scheduleId !== null && originalAt !== null) return { scheduleId, originalAt };
    if (broadcast === null) throw new DomainError('request.not_found', { what: 'broadcast', id });
    return { broadcast };
  }

  async #endOf(
    tx: Transaction,
    broadcast: Broadcast,
  ): Promise<{ readonly title: string; readonly endsAt: Instant }> {
    requirePriority(broadcast);
    const { id, state, title } = broadcast;
    const [airing] = await airingsOf(tx, [broadcast]);
    if (airing === undefined || airing.endsAt <= this.#options.clock.now())
      throw new DomainError('request.conflict', {
        ...{ what: 'broadcast', id, state },
        expected: 'one that is not over yet',
      });
    return { title, endsAt: airing.endsAt };
  }
}

function requirePriority({ title, priority }: Broadcast): void {
  if (priority === 'priority') return;
  throw new DomainError('schedule.invalid', {
    reason: `"${title}" is no priority item: only their order is decided`,
  });
}
