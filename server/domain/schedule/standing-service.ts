import type { Clock, Instant } from '#kit';
import { type AuditAction, type Capacity, DomainError, newId, type StandingRequest } from '#protocols';
import { type Account, accountActor, answersUntil } from '../accounts/account.ts';
import { type Actor, areasOf, authorize, isAllowed, refusal } from '../accounts/actor.ts';
import { capacityOf } from '../accounts/capacity.ts';
import type { StandingApproval, StandingTerms } from '../announcements/standing-approval.ts';
import { addressOf, keepsTo } from '../announcements/standing-approval.ts';
import type { AreaTree } from '../areas/area.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { lostAbove, type Shift } from '../areas/moved.ts';
import { outermost } from '../areas/outermost.ts';
import { record } from '../audit/record.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import { announcementsOf } from './draft.ts';
import type { PlanChanges } from './plan-changes.ts';
import type { Schedule } from './schedule.ts';
import type { ScheduleGuard } from './schedule-guard.ts';
import { composedMs } from './series-leaves.ts';
import type { SlotFacts } from './slot-facts.ts';

/** A leave lasts no longer. */
const LONGEST_MS = 366 * 24 * 3_600_000;
const MOST_LISTED = 500;
/** Who acts where no person does. */
const CONTROLLER = 'controller';

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
      sessionMinutes: wanted.sessionMinutes ?? longestSession(schedule, wanted.maxMinutes, facts),
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
    const now = Math.floor(this.#options.clock.now());
    for (const one of await tx.standing.live())
      if (one.by === giver.name && one.expiresAt > now)
        await this.#follow(tx, actor, one, giver, { at: now, tree: this.#options.areas.tree });
  }

  /** The territory changes: leaves stay taken back for what lay where they were, and end where who gave them answers no more. Resolves with how many are others now. */
  async followShift(tx: Transaction, actor: Actor, shift: Shift): Promise<number> {
    const { clock, accountOf } = this.#options;
    const now = Math.floor(clock.now());
    let changed = 0;
    for (const before of await tx.standing.live()) {
      if (before.expiresAt <= now) continue;
      const taken = shift.moved.filter((one) =>
        lostAbove(one, shift).some((id) => before.exceptAreas.includes(id)),
      );
      const closed = taken.map(({ to }) => to).filter((id) => !before.exceptAreas.includes(id));
      const one = { ...before, exceptAreas: [...before.exceptAreas, ...closed] };
      if (closed.length > 0) {
        const detail = { reason: 'the territory was changed', areas: closed };
        await this.#save(tx, actor, 'standing.revoke', before, one, detail, closed);
      }
      const kept = await this.#follow(tx, actor, one, accountOf(one.by), { at: now, tree: shift.after });
      if (closed.length > 0 || !kept) changed += 1;
    }
    return changed;
  }

  /**
   * Brings leaves of earlier versions to what a leave is now, at the start and before anything sounds by them: no longer than the office of who gave it, by the
   * grants that he had then, and nobody's where he has no account; and no longer a session than the series has. Does nothing the second time. No clock
   * ends any: it may be wrong just then. What has a longest session is a leave of now, and followed its giver ever since: his account does not say any more
   * what he held when he gave it.
   */
  async settle(tx: Transaction): Promise<void> {
    const { accountOf, areas, guard, clock } = this.#options;
    const actor: Actor = { kind: 'machine', name: CONTROLLER, grants: [] };
    for (const before of await tx.standing.live()) {
      const { terms, maxMinutes, scheduleId, at } = before;
      if (before.expiresAt <= clock.now() || terms.sessionMinutes !== null) continue;
      const schedule = await tx.schedules.get(scheduleId);
      const sessionMinutes =
        schedule === null
          ? maxMinutes
          : longestSession(schedule, maxMinutes, await guard.facts(tx, [schedule]));
      const one = { ...before, terms: { ...terms, sessionMinutes } };
      await this.#save(tx, actor, 'standing.bound', before, one, { sessionMinutes }, []);
      await this.#follow(tx, actor, one, accountOf(one.by), { at, tree: areas.tree });
    }
  }

  /** Ends a leave where its giver, as the account is, answers no more by the grants of an instant; all of it where there is no account. False: something of it ended. */
  async #follow(
    tx: Transaction,
    actor: Actor,
    one: StandingApproval,
    giver: Account | undefined,
    { at, tree }: { readonly at: Instant; readonly tree: AreaTree },
  ): Promise<boolean> {
    const then = giver === undefined ? undefined : accountActor(giver, at, '');
    const answers = (id: string) =>
      then !== undefined && tree.has(id) && isAllowed(then, 'announcement:approve', id, tree);
    const lost = one.areas.filter((id) => !answers(id));
    const reason = 'who gave it answers there no more';
    if (giver === undefined || lost.length === one.areas.length) {
      await this.#end(tx, actor, one, reason);
      return false;
    }
    const kept = one.areas.filter((id) => !lost.includes(id));
    const after = {
      ...one,
      exceptAreas: outermost(
        [...one.exceptAreas, ...lost].filter((id) => tree.has(id)),
        tree,
      ),
      expiresAt: Math.min(one.expiresAt, answersUntil(giver, kept, tree, at)),
    };
    if (after.expiresAt === one.expiresAt && lost.every((id) => one.exceptAreas.includes(id))) return true;
    const detail = { reason, areas: lost, expiresAt: after.expiresAt };
    await this.#save(tx, actor, 'standing.revoke', one, after, detail, lost);
    return false;
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
    if (stopped.length > 0) await stop(tx, actor, id, stopped);
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

/** How long an occurrence may be where nobody said: as long as it is now, in whole minutes, and long enough for one item. */
function longestSession(schedule: Schedule, maxMinutes: number, facts: SlotFacts): number {
  return Math.max(maxMinutes, Math.ceil(composedMs(schedule, facts) / 60_000));
}

function boundsOf({ endedAt, exceptAreas, expiresAt, terms: { sessionMinutes } }: StandingApproval) {
  return { endedAt, exceptAreas, expiresAt, sessionMinutes };
}
