import {
  type AuditAction,
  DomainError,
  newId,
  type OccurrenceAct,
  type OccurrenceChange,
  type OccurrenceName,
  type ScheduleChangeRequest,
  type ScheduleCreate,
} from '#protocols';
import { type Actor, authorize, type Permission } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { record } from '../audit/record.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import { againSchedule } from './again.ts';
import { changeSeries } from './change-series.ts';
import { draftOf } from './draft.ts';
import {
  type DraftSession,
  nextSessions,
  type RefusedOccurrence,
  sessionsOf,
  whenApproved,
} from './draft-check.ts';
import { partChanges } from './part-changes.ts';
import type { PlanChanges } from './plan-changes.ts';
import type { Schedule } from './schedule.ts';
import type { ScheduleGuard, ScheduleReads } from './schedule-guard.ts';
import { orphaned, type Pending, pendingOf, withChange } from './series.ts';
import type { SlotFacts } from './slot-facts.ts';
import type { StandingService } from './standing-service.ts';

export interface ScheduleServiceOptions {
  readonly read: ScheduleReads;
  readonly areas: AreaDirectory;
  readonly guard: ScheduleGuard;
  readonly plans: PlanChanges;
  /** Leaves that a series was given. */
  readonly standing: Pick<StandingService, 'followSeries'>;
}

/** What a schedule that is not saved yet would do. */
export interface DraftResult {
  readonly schedule: Schedule;
  readonly facts: SlotFacts;
  readonly sessions: readonly DraftSession[];
  readonly refused: readonly RefusedOccurrence[];
}

/** A series after a change. */
export interface ChangedSeries {
  /** Those in force. */
  readonly parts: readonly Schedule[];
  /** Changes of single occurrences that there are no more: a skip of 05:30 skips nothing where the hour is 06:00 now. */
  readonly dropped: readonly OccurrenceChange[];
}

/** Schedules: what people make, change and take back of them. What has been aired stays as it was. */
export class ScheduleService {
  readonly #read: ScheduleReads;
  readonly #areas: AreaDirectory;
  readonly #guard: ScheduleGuard;
  readonly #plans: PlanChanges;
  readonly #standing: ScheduleServiceOptions['standing'];

  constructor(options: ScheduleServiceOptions) {
    this.#read = options.read;
    this.#areas = options.areas;
    this.#guard = options.guard;
    this.#plans = options.plans;
    this.#standing = options.standing;
  }

  list(areaIds: readonly string[]): Promise<Schedule[]> {
    return this.#read.schedules.list(areaIds);
  }

  get(actor: Actor, id: string): Promise<Schedule> {
    return this.#authorized(this.#read, actor, 'schedule:read', id);
  }

  /** Every part of the series of a schedule, deleted ones too. */
  async series(actor: Actor, id: string): Promise<Schedule[]> {
    const { seriesId } = await this.get(actor, id);
    return this.#read.schedules.ofSeries(seriesId);
  }

  /**
   * Throws `request.forbidden`, `request.not_found`, `schedule.invalid`, `broadcast.no_targets`, and for the first occurrence that lies
   * outside the windows or over a limit of sessions `policy.*`, unless the chairman gives leave.
   */
  async create(tx: Transaction, actor: Actor, wanted: ScheduleCreate): Promise<Schedule> {
    const { schedule, refused } = await this.draft(actor, wanted, tx);
    throwFirst(refused);
    await this.#save(tx, actor, [schedule], 'schedule.create', schedule.id, wanted);
    return schedule;
  }

  /** What `create` would make, with what it would refuse for its hour; throws whatever else `create` throws. */
  async draft(actor: Actor, wanted: ScheduleCreate, read: ScheduleReads = this.#read): Promise<DraftResult> {
    authorize(actor, 'schedule:write', wanted.areaId, this.#areas.tree);
    const { holidays, now } = this.#guard.calendar(wanted.areaId);
    const facts = await this.#guard.facts(read, [wanted]);
    const ids = { id: newId('sch', now), seriesId: newId('ser', now) };
    const schedule = draftOf(wanted, actor, ids, now, facts);
    this.#guard.checkFields(actor, schedule, facts);
    const sessions = nextSessions(schedule, whenApproved(facts), holidays, now);
    if (sessions.length === 0)
      throw new DomainError('schedule.invalid', { reason: 'none of its occurrences lies ahead' });
    return { schedule, facts, sessions, refused: await this.#guard.refused(read, sessions, facts, []) };
  }

  /**
   * Changes one occurrence, this and the following, or all that has not begun. Gives the parts of the series that are in force then, and the
   * single changes of occurrences that there are no more.
   */
  async change(
    tx: Transaction,
    actor: Actor,
    id: string,
    { span, change }: ScheduleChangeRequest,
  ): Promise<ChangedSeries> {
    const { parts, areaId } = await this.#loadSeries(tx, actor, id);
    const facts = await this.#guard.facts(tx, [...parts, change]);
    const calendar = this.#guard.calendar(areaId);
    const saved = changeSeries(parts, span, change, { actor, facts, calendar });
    const after = afterwards(
      parts,
      saved.map(({ schedule }) => schedule),
    );
    const altered = saved.filter((one) => one.altered).map(({ schedule }) => schedule);
    if (altered.length === 0)
      throw new DomainError('schedule.no_occurrence', {
        id,
        originalAt: new Date(calendar.now).toISOString(),
      });
    for (const schedule of altered) this.#guard.checkFields(actor, schedule, facts);
    const sessions = altered.flatMap((schedule) =>
      nextSessions(schedule, whenApproved(facts), calendar.holidays, calendar.now),
    );
    const others = after.filter((part) => !altered.includes(part));
    throwFirst(await this.#guard.refused(tx, sessions, facts, others));
    const schedules = saved.map(({ schedule }) => schedule);
    const dropped = orphaned(parts, after, calendar);
    const told = dropped.length === 0 ? {} : { dropped };
    await this.#save(tx, actor, schedules, 'schedule.change', id, { span, change, ...told });
    // One occurrence by itself leaves the series what it was: where it goes beyond that, it is not covered.
    if (span.kind !== 'one') await this.#standing.followSeries(tx, actor, parts[0]?.seriesId ?? '', altered);
    return { parts: after, dropped };
  }

  /** Skips or postpones one occurrence, or plays it again. Gives the parts of the series, or the new schedule alone. Throws `schedule.no_occurrence`, `policy.*`. */
  async act(tx: Transaction, actor: Actor, id: string, act: OccurrenceAct): Promise<Schedule[]> {
    const { parts, areaId } = await this.#loadSeries(tx, actor, id);
    const { originalAt, reason } = act;
    if (act.kind === 'again') return [await this.#again(tx, actor, parts, act)];
    const pending = pendingOf(parts, originalAt, this.#guard.calendar(areaId));
    if (act.kind === 'skip') {
      const skip = { kind: 'skip' as const, originalAt, by: actor.name, reason };
      const after = this.#touched(withChange(pending.part, originalAt, skip));
      await this.#save(tx, actor, [after], 'schedule.skip', id, { originalAt, reason });
      return afterwards(parts, [after]);
    }
    const after = await this.#moved(tx, actor, parts, pending, act.startsAt, reason);
    const detail = { originalAt, startsAt: act.startsAt, reason };
    await this.#save(tx, actor, [after], 'schedule.move', id, detail);
    return afterwards(parts, [after]);
  }

  /** When a priority occurrence that has not begun is over, if nothing delays it; with its title. Throws `schedule.invalid` for one of another priority, and as `act`. */
  async endOf(
    tx: Transaction,
    actor: Actor,
    { scheduleId, originalAt }: OccurrenceName,
  ): Promise<{ readonly title: string; readonly endsAt: number }> {
    const { parts, areaId } = await this.#loadSeries(tx, actor, scheduleId);
    const pending = requirePriority(pendingOf(parts, originalAt, this.#guard.calendar(areaId)));
    return { title: pending.part.title, endsAt: await this.#endOf(tx, pending) };
  }

  /** Puts a priority occurrence after another item, by a person's decision on their order. Throws as `endOf` and `act`. */
  async putAfter(
    tx: Transaction,
    actor: Actor,
    { scheduleId, originalAt }: OccurrenceName,
    {
      startsAt,
      reason,
      first,
    }: { readonly startsAt: number; readonly reason: string; readonly first: object },
  ): Promise<Schedule[]> {
    const { parts, areaId } = await this.#loadSeries(tx, actor, scheduleId);
    const behind = requirePriority(pendingOf(parts, originalAt, this.#guard.calendar(areaId)));
    const after = await this.#moved(tx, actor, parts, behind, startsAt, reason);
    const detail = { first, second: { scheduleId, originalAt }, startsAt, reason };
    await this.#save(tx, actor, [after], 'schedule.decide', scheduleId, detail);
    return afterwards(parts, [after]);
  }

  /** Withholds every occurrence from now on, until `resume`. Throws `request.conflict`. */
  pause(tx: Transaction, actor: Actor, id: string): Promise<Schedule[]> {
    const pausedAt = this.#guard.now();
    return this.#all(tx, actor, id, 'schedule.pause', (part) => {
      if (part.pausedAt !== null) throw conflict(id, 'paused', 'one that is in force');
      return { ...part, pausedAt, pausedBy: actor.name };
    });
  }

  /** Throws `request.conflict`. */
  resume(tx: Transaction, actor: Actor, id: string): Promise<Schedule[]> {
    return this.#all(tx, actor, id, 'schedule.resume', (part) => {
      if (part.pausedAt === null) throw conflict(id, 'in force', 'one that is paused');
      return { ...part, pausedAt: null, pausedBy: null };
    });
  }

  /** Takes the series out of the plans; what it has aired stays. Throws `request.conflict`. */
  async remove(tx: Transaction, actor: Actor, id: string): Promise<Schedule[]> {
    const deletedAt = this.#guard.now();
    const parts = await this.#all(tx, actor, id, 'schedule.delete', (part) => ({ ...part, deletedAt }));
    await this.#standing.followSeries(tx, actor, parts[0]?.seriesId ?? '', []);
    return parts;
  }

  async #all(
    tx: Transaction,
    actor: Actor,
    id: string,
    action: AuditAction,
    change: (part: Schedule) => Schedule,
  ): Promise<Schedule[]> {
    const { parts } = await this.#loadSeries(tx, actor, id);
    const after = parts.map((part) => this.#touched(change(part)));
    await this.#save(tx, actor, after, action, id, {});
    return after;
  }

  async #again(
    tx: Transaction,
    actor: Actor,
    parts: readonly Schedule[],
    act: Extract<OccurrenceAct, { kind: 'again' }>,
  ): Promise<Schedule> {
    const calendar = this.#guard.calendar(parts[0]?.areaId ?? '');
    const schedule = againSchedule(parts, act, actor, calendar);
    const facts = await this.#guard.facts(tx, [schedule]);
    this.#guard.checkFields(actor, schedule, facts);
    const sessions = nextSessions(schedule, whenApproved(facts), calendar.holidays, calendar.now);
    throwFirst(await this.#guard.refused(tx, sessions, facts, []));
    const { startsAt, reason } = act;
    const detail = { of: schedule.againOf, startsAt, reason };
    await this.#save(tx, actor, [schedule], 'schedule.again', schedule.id, detail);
    return schedule;
  }

  /** A part with one occurrence put to another instant, measured there as a new one would be. */
  async #moved(
    tx: Transaction,
    actor: Actor,
    parts: readonly Schedule[],
    { part, originalAt }: Pending,
    startsAt: number,
    reason: string,
  ): Promise<Schedule> {
    const { holidays, now } = this.#guard.calendar(part.areaId);
    if (startsAt <= now)
      throw new DomainError('broadcast.starts_in_past', { startsAt: new Date(startsAt).toISOString() });
    const move = { kind: 'move' as const, originalAt, startsAt, by: actor.name, reason };
    const after = this.#touched(withChange(part, originalAt, startsAt === originalAt ? null : move));
    const facts = await this.#guard.facts(tx, [part]);
    this.#guard.authorizeLeave(actor, after, facts);
    const session = sessionsOf(after, whenApproved(facts), holidays, startsAt, startsAt + 1).filter(
      ({ occurrence }) => occurrence.originalAt === originalAt,
    );
    // What it leaves is free.
    const skip = { kind: 'skip' as const, originalAt, by: actor.name, reason };
    const others = afterwards(parts, [withChange(part, originalAt, skip)]);
    throwFirst(await this.#guard.refused(tx, session, facts, others));
    return after;
  }

  /** When the session of an occurrence is over, if nothing delays it. */
  async #endOf(
    tx: Transaction,
    { part, originalAt, startsAt }: Pending & { startsAt: number },
  ): Promise<number> {
    const facts = whenApproved(await this.#guard.facts(tx, [part]));
    const { holidays } = this.#guard.calendar(part.areaId);
    const session = sessionsOf(part, facts, holidays, startsAt, startsAt + 1).find(
      ({ occurrence }) => occurrence.originalAt === originalAt,
    );
    return session?.endsAt ?? startsAt;
  }

  #touched(schedule: Schedule): Schedule {
    return { ...schedule, updatedAt: this.#guard.now() };
  }

  /** The parts in force of a schedule's series. Throws `request.conflict` where it is deleted. */
  async #loadSeries(
    tx: Transaction,
    actor: Actor,
    id: string,
  ): Promise<{ readonly parts: readonly Schedule[]; readonly areaId: string }> {
    const { seriesId, areaId } = await this.#authorized(tx, actor, 'schedule:write', id);
    const parts = (await tx.schedules.ofSeries(seriesId)).filter(({ deletedAt }) => deletedAt === null);
    if (parts.length === 0) throw conflict(id, 'deleted', 'one that is in force');
    return { parts, areaId };
  }

  async #authorized(
    read: Pick<Stores, 'schedules'>,
    actor: Actor,
    permission: Permission,
    id: string,
  ): Promise<Schedule> {
    const schedule = await read.schedules.get(id);
    if (schedule === null) throw new DomainError('request.not_found', { what: 'schedule', id });
    authorize(actor, permission, schedule.areaId, this.#areas.tree);
    return schedule;
  }

  async #save(
    tx: Transaction,
    actor: Actor,
    schedules: readonly Schedule[],
    action: AuditAction,
    subject: string,
    detail: object,
  ): Promise<void> {
    const changed = await partChanges(tx, schedules);
    for (const schedule of schedules) await tx.schedules.save(schedule);
    const [{ seriesId: series = null, areaId } = {}] = schedules;
    const place = { ...(areaId === undefined ? {} : { areaId }), ...changed };
    await record(tx, this.#guard.now(), actor, action, subject, { series, ...detail }, place);
    tx.afterCommit(() => this.#plans.changed());
  }
}

/** The parts of a series when these were saved, by where they begin. */
function afterwards(parts: readonly Schedule[], saved: readonly Schedule[]): Schedule[] {
  const after = new Map([...parts, ...saved].map((part) => [part.id, part]));
  return [...after.values()].sort((a, b) => (a.rule.fromInstant ?? 0) - (b.rule.fromInstant ?? 0));
}

function requirePriority({ part, originalAt, startsAt }: Pending): Pending & { startsAt: number } {
  if (part.priority === 'priority' && startsAt !== null) return { part, originalAt, startsAt };
  throw new DomainError('schedule.invalid', {
    reason: `"${part.title}" has no priority item at ${new Date(originalAt).toISOString()}: only their order is decided`,
  });
}

function throwFirst([first]: readonly RefusedOccurrence[]): void {
  if (first === undefined) return;
  const startsAt = new Date(first.startsAt).toISOString();
  throw new DomainError(first.code, { ...first.params, startsAt });
}

function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'schedule', id, state, expected });
}
