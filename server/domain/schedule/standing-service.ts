import type { Clock, Instant } from '#kit';
import { type AuditAction, type Capacity, DomainError, newId, type StandingRequest } from '#protocols';
import { type Account, accountActor, answersUntil } from '../accounts/account.ts';
import { type Actor, areasOf, authorize, isAllowed, refusal } from '../accounts/actor.ts';
import { capacityOf } from '../accounts/capacity.ts';
import type { StandingApproval, StandingTerms } from '../announcements/standing-approval.ts';
import { addressOf, keepsTo } from '../announcements/standing-approval.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { outermost } from '../areas/outermost.ts';
import { record } from '../audit/record.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import { announcementsOf } from './draft.ts';
import type { PlanChanges } from './plan-changes.ts';
import type { Schedule } from './schedule.ts';
import type { ScheduleGuard } from './schedule-guard.ts';

/** A leave lasts no longer. */
const LONGEST_MS = 366 * 24 * 3_600_000;
const MOST_LISTED = 500;

/** Takes back what sounds by a leave alone, in these areas. */
type StopUnder = (
  tx: Transaction,
  actor: Actor,
  standingId: string,
  areaIds: readonly string[],
) => Promise<void>;

export interface StandingServiceOptions {
  readonly read: Pick<Stores, 'standing'>;
  readonly areas: AreaDirectory;
  readonly guard: ScheduleGuard;
  readonly plans: PlanChanges;
  readonly clock: Clock;
  readonly events: LiveEvents;
  readonly stop: StopUnder;
  /** The account of this name as it was committed last; undefined: nobody's. */
  readonly accountOf: (name: string) => Account | undefined;
}

/** Leaves for what changes within a series: given for a time, within what the series is then, and taken back at any time. */
export class StandingService {
  readonly #options: StandingServiceOptions;

  constructor(options: StandingServiceOptions) {
    this.#options = options;
  }

  list(areaIds: readonly string[]): Promise<StandingApproval[]> {
    return this.#options.read.standing.list(areaIds, MOST_LISTED);
  }

  /**
   * Lets what changes within a series of schedules air without a single approval, in the areas that are named, by default in all of the actor's own that the
   * series is for; no longer than the giver answers there by the grants that he has now. Throws `request.not_found`, `request.forbidden`, `request.conflict` for a schedule that is deleted, `approval.standing_invalid`.
   */
  async give(
    tx: Transaction,
    actor: Actor,
    scheduleId: string,
    wanted: StandingRequest,
  ): Promise<StandingApproval> {
    const { guard, clock, plans, accountOf } = this.#options;
    const now = Math.floor(clock.now());
    const schedule = await tx.schedules.get(scheduleId);
    if (schedule === null) throw new DomainError('request.not_found', { what: 'schedule', id: scheduleId });
    const facts = await guard.facts(tx, [schedule]);
    const areaIds = this.#areasFor(actor, schedule, facts.rules.areasOf(schedule.targets), wanted.areas);
    if (schedule.deletedAt !== null)
      throw new DomainError('request.conflict', {
        ...{ what: 'schedule', id: scheduleId, state: 'deleted', expected: 'one that is in force' },
      });
    if (wanted.expiresAt <= now || wanted.expiresAt > now + LONGEST_MS)
      throw new DomainError('approval.standing_invalid', {
        reason: 'it has to end in the future, at most 366 days from now',
      });
    const content = announcementsOf(schedule.content, facts);
    const relays = content.flatMap(({ stream, mediaSha256 }) =>
      stream === null ? [] : [{ stream, mediaSha256 }],
    );
    const streams = relays.map(({ stream }) => addressOf(stream.url));
    const fallbacks = relays.flatMap(({ mediaSha256 }) => mediaSha256 ?? []);
    const terms: StandingTerms = {
      files: content.some(({ stream }) => stream === null),
      streams: [...new Set(streams)].sort(),
      fallbacks: [...new Set(fallbacks)].sort(),
      priority: schedule.priority,
      recurrence: schedule.rule.recurrence,
      targets: schedule.targets,
      outsideWindows: schedule.windowOverride !== null,
    };
    const { seriesId, areaId, title } = schedule;
    const standing: StandingApproval = {
      ...{
        id: newId('sta', now),
        seriesId,
        scheduleId,
        areaId,
        title,
        areas: areaIds,
        exceptAreas: [],
        terms,
      },
      ...{ editors: wanted.editors ?? null, maxMinutes: wanted.maxMinutes, note: wanted.note ?? '' },
      ...{ by: actor.name, as: this.#capacity(actor, areaIds), at: now },
      // Nobody's word outlives his office.
      expiresAt: Math.min(wanted.expiresAt, this.#officeEnd(accountOf(actor.name), areaIds, now)),
      ...{ endedAt: null, endedBy: null, endedAs: null, endedReason: null },
    };
    await tx.standing.save(standing);
    const { expiresAt, as } = standing;
    const detail = { scheduleId, ...wanted, expiresAt, areas: areaIds, terms, as };
    await record(tx, now, actor, 'standing.give', standing.id, detail, { areaId });
    tx.afterCommit(() => plans.changed());
    this.#tell(tx, standing);
    return standing;
  }

  /**
   * Takes a leave back: all of it, where the actor answers for all its areas or gave it, else, or where areas are named, there. What sounds by it alone
   * stops. Throws `request.not_found`, `request.forbidden`, `request.conflict` for one that is over.
   */
  async revoke(
    tx: Transaction,
    actor: Actor,
    id: string,
    { reason, areas: named }: { readonly reason: string; readonly areas?: readonly string[] },
  ): Promise<StandingApproval> {
    const { areas, clock } = this.#options;
    const { tree } = areas;
    const before = await tx.standing.get(id);
    if (before === null) throw new DomainError('request.not_found', { what: 'standing approval', id });
    const may = (areaId: string) => isAllowed(actor, 'announcement:approve', areaId, tree);
    const own = areasOf(actor).filter(
      (one) => tree.has(one) && may(one) && before.areas.some((given) => tree.ancestry(one).includes(given)),
    );
    const whole = before.by === actor.name || before.areas.every(may);
    if (!whole && own.length === 0) authorize(actor, 'announcement:approve', before.areas[0] ?? '', tree);
    for (const one of named ?? []) authorize(actor, 'announcement:approve', tree.get(one).id, tree);
    const now = Math.floor(clock.now());
    if (before.endedAt !== null || before.expiresAt <= now)
      throw new DomainError('request.conflict', {
        ...{ what: 'standing approval', id, state: 'over', expected: 'one that is in force' },
      });
    if (whole && named === undefined) return this.#end(tx, actor, before, reason);
    const closed = outermost([...(named ?? own)], tree);
    const after = { ...before, exceptAreas: outermost([...before.exceptAreas, ...closed], tree) };
    const detail = { reason, areas: closed, as: this.#capacity(actor, closed) };
    await this.#save(tx, actor, 'standing.revoke', before, after, detail, closed);
    return after;
  }

  /** A series was changed: leaves that it has left the terms of are over. `parts`: those that say something else now; none: the series is deleted. */
  async followSeries(
    tx: Transaction,
    actor: Actor,
    seriesId: string,
    parts: readonly Schedule[],
  ): Promise<void> {
    const territory = this.#options.guard.territory();
    for (const one of await tx.standing.live()) {
      if (one.seriesId !== seriesId) continue;
      if (parts.length > 0 && parts.every((part) => keepsTo(one.terms, part, territory))) continue;
      await this.#end(tx, actor, one, parts.length > 0 ? 'the series was changed' : 'the series was deleted');
    }
  }

  /**
   * Somebody's account becomes this: the leaves that he gave end where he answers no more, and elsewhere no later than his office does. What another leader
   * gave for the same series stands.
   */
  async followGiver(tx: Transaction, actor: Actor, giver: Account): Promise<void> {
    const { clock, areas } = this.#options;
    const { tree } = areas;
    const now = Math.floor(clock.now());
    const then = accountActor(giver, now, '');
    for (const one of await tx.standing.live()) {
      if (one.by !== giver.name || one.expiresAt <= now) continue;
      const lost = one.areas.filter((id) => !isAllowed(then, 'announcement:approve', id, tree));
      const reason = 'who gave it answers there no more';
      if (lost.length === one.areas.length) {
        await this.#end(tx, actor, one, reason);
        continue;
      }
      const kept = one.areas.filter((id) => !lost.includes(id));
      const after = {
        ...one,
        exceptAreas: outermost(
          [...one.exceptAreas, ...lost].filter((id) => tree.has(id)),
          tree,
        ),
        expiresAt: Math.min(one.expiresAt, this.#officeEnd(giver, kept, now)),
      };
      if (after.expiresAt === one.expiresAt && lost.every((id) => one.exceptAreas.includes(id))) continue;
      const detail = { reason, areas: lost, expiresAt: after.expiresAt };
      await this.#save(tx, actor, 'standing.revoke', one, after, detail, lost);
    }
  }

  #officeEnd(giver: Account | undefined, areaIds: readonly string[], now: Instant): Instant {
    const { tree } = this.#options.areas;
    return giver === undefined ? Number.POSITIVE_INFINITY : answersUntil(giver, areaIds, tree, now);
  }

  #capacity(actor: Actor, areaIds: readonly string[]): Capacity | null {
    return capacityOf(actor, 'announcement:approve', areaIds, this.#options.areas.tree);
  }

  async #end(
    tx: Transaction,
    actor: Actor,
    before: StandingApproval,
    reason: string,
  ): Promise<StandingApproval> {
    const endedAt = Math.floor(this.#options.clock.now());
    const endedAs = this.#capacity(actor, before.areas);
    const after = { ...before, endedAt, endedBy: actor.name, endedAs, endedReason: reason };
    const detail = { reason, as: endedAs };
    await this.#save(tx, actor, 'standing.end', before, after, detail, before.areas);
    return after;
  }

  async #save(
    tx: Transaction,
    actor: Actor,
    action: AuditAction,
    before: StandingApproval,
    after: StandingApproval,
    detail: object,
    stopped: readonly string[],
  ): Promise<void> {
    const { clock, plans, stop } = this.#options;
    const { id, areaId } = before;
    await tx.standing.save(after);
    const states = {
      before: boundsOf(before),
      after: boundsOf(after),
    };
    await record(tx, clock.now(), actor, action, id, detail, { areaId, ...states });
    await stop(tx, actor, id, stopped);
    tx.afterCommit(() => plans.changed());
    this.#tell(tx, after);
  }

  #tell(tx: Transaction, { id: standingId, areaId, seriesId, areas, endedAt }: StandingApproval): void {
    const state = endedAt === null ? 'in_force' : 'ended';
    tx.afterCommit(() =>
      this.#options.events.publish('approval.standing', {
        ...{ areaId, standingId, seriesId, state },
        targetAreas: [...areas],
      }),
    );
  }

  /** The areas that the actor gives leave for. Throws `request.forbidden`. */
  #areasFor(
    actor: Actor,
    { areaId }: Schedule,
    meant: ReadonlySet<string>,
    named: readonly string[] | undefined,
  ): string[] {
    const { tree } = this.#options.areas;
    const concerns = (id: string) => [...meant].some((one) => tree.ancestry(one).includes(id));
    const own = areasOf(actor).filter(
      (id) => tree.has(id) && isAllowed(actor, 'announcement:approve', id, tree) && concerns(id),
    );
    if (own.length === 0) throw refusal(actor, 'announcement:approve', areaId);
    for (const id of named ?? []) authorize(actor, 'announcement:approve', tree.get(id).id, tree);
    return outermost([...(named ?? own)], tree);
  }
}

function boundsOf({ endedAt, exceptAreas, expiresAt }: StandingApproval) {
  return { endedAt, exceptAreas, expiresAt };
}
