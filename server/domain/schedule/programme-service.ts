import type { Clock } from '#kit';
import { type AuditAction, DomainError, newId, type ProgrammeChange, type ProgrammeCreate } from '#protocols';
import { type Actor, authorize, type Permission } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { changes, record } from '../audit/record.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { HolidayBook } from './holiday-book.ts';
import type { PlanChanges } from './plan-changes.ts';
import { airingsOf, authorizeAirings, throwNewRefusals } from './programme-airings.ts';
import type { Programme } from './schedule.ts';
import type { ScheduleGuard } from './schedule-guard.ts';
import { hasAhead } from './series.ts';

/** Silence after an item where the request names none. */
const DEFAULT_GAP_MS = 1_000;
/** The sounds that may open a programme: an alarm tone is no chime. */
const CHIMES: readonly string[] = ['chime'];
/** What a schedule has beyond this keeps no programme in use. */
const LOOK_AHEAD_MS = 400 * 24 * 3_600_000;

/** Programmes: ordered announcements that are aired as one session. */
export class ProgrammeService {
  readonly #read: Pick<Stores, 'programmes'>;
  readonly #areas: AreaDirectory;
  readonly #holidays: HolidayBook;
  readonly #guard: ScheduleGuard;
  readonly #plans: PlanChanges;
  readonly #clock: Clock;

  constructor(options: {
    readonly read: Pick<Stores, 'programmes'>;
    readonly areas: AreaDirectory;
    readonly holidays: HolidayBook;
    readonly guard: ScheduleGuard;
    readonly plans: PlanChanges;
    readonly clock: Clock;
  }) {
    this.#read = options.read;
    this.#areas = options.areas;
    this.#holidays = options.holidays;
    this.#guard = options.guard;
    this.#plans = options.plans;
    this.#clock = options.clock;
  }

  list(areaIds: readonly string[]): Promise<Programme[]> {
    return this.#read.programmes.list(areaIds);
  }

  get(actor: Actor, id: string): Promise<Programme> {
    return this.#load(this.#read, actor, 'schedule:read', id);
  }

  /** Throws `request.forbidden`, `request.not_found` for an unknown announcement, `schedule.invalid`. */
  async create(tx: Transaction, actor: Actor, wanted: ProgrammeCreate): Promise<Programme> {
    authorize(actor, 'schedule:write', wanted.areaId, this.#areas.tree);
    const now = Math.floor(this.#clock.now());
    const programme: Programme = {
      id: newId('prg', now),
      areaId: wanted.areaId,
      title: wanted.title.trim(),
      items: await this.#items(tx, actor, wanted.items),
      chime: chimeOf(wanted.chime ?? null),
      createdBy: actor.name,
      createdAt: now,
      updatedAt: now,
      retiredAt: null,
    };
    return this.#save(tx, actor, null, programme, 'programme.create', wanted);
  }

  /**
   * What has been aired stays; what is planned follows. Throws as `create`, `request.conflict` when it is retired, `request.forbidden` where
   * one may not change a schedule that airs it, and `policy.*` for what would be withheld of one.
   */
  async change(tx: Transaction, actor: Actor, id: string, change: ProgrammeChange): Promise<Programme> {
    const before = await this.#load(tx, actor, 'schedule:write', id);
    if (before.retiredAt !== null) throw conflict(id, 'retired', 'one that is in use');
    const programme: Programme = {
      ...before,
      title: change.title?.trim() ?? before.title,
      items: change.items === undefined ? before.items : await this.#items(tx, actor, change.items),
      chime: change.chime === undefined ? before.chime : chimeOf(change.chime),
      updatedAt: Math.floor(this.#clock.now()),
    };
    if (change.items === undefined && change.chime === undefined)
      return this.#save(tx, actor, before, programme, 'programme.change', change);
    const airings = await airingsOf(tx, id, this.#guard);
    await this.#save(tx, actor, before, programme, 'programme.change', change);
    // As the transaction has it now: a refusal takes it back.
    await authorizeAirings(tx, actor, airings.schedules, this.#guard, this.#areas.tree);
    throwNewRefusals(airings, await airingsOf(tx, id, this.#guard));
    return programme;
  }

  /** Never again offered. Throws `request.conflict` while a schedule still airs it. */
  async retire(tx: Transaction, actor: Actor, id: string): Promise<Programme> {
    const before = await this.#load(tx, actor, 'schedule:write', id);
    if (before.retiredAt !== null) throw conflict(id, 'retired', 'one that is in use');
    const now = Math.floor(this.#clock.now());
    for (const schedule of await tx.schedules.active()) {
      const { content } = schedule;
      if (content.kind !== 'programme' || content.programmeId !== id) continue;
      const zone = this.#areas.tree.zoneOf(schedule.areaId);
      if (hasAhead(schedule, { zone, holidays: this.#holidays.table, now }, now + LOOK_AHEAD_MS))
        throw conflict(id, `aired by schedule "${schedule.id}"`, 'one that no schedule airs any more');
    }
    const retired = { ...before, updatedAt: now, retiredAt: now };
    return this.#save(tx, actor, before, retired, 'programme.retire', {});
  }

  async #items(tx: Transaction, actor: Actor, items: ProgrammeCreate['items']): Promise<Programme['items']> {
    const known = new Map(
      (await tx.announcements.some(items.map(({ announcementId }) => announcementId))).map((one) => [
        one.id,
        one,
      ]),
    );
    return items.map(({ announcementId, gapMs = DEFAULT_GAP_MS, repeat = 1 }) => {
      const announcement = known.get(announcementId);
      if (announcement === undefined)
        throw new DomainError('request.not_found', { what: 'announcement', id: announcementId });
      authorize(actor, 'announcement:read', announcement.areaId, this.#areas.tree);
      if (announcement.stream !== null && repeat > 1)
        throw new DomainError('schedule.invalid', {
          reason: `"${announcement.title}" relays a station: it cannot be repeated`,
        });
      return { announcementId, gapMs, repeat };
    });
  }

  async #load(
    stores: Pick<Stores, 'programmes'>,
    actor: Actor,
    permission: Permission,
    id: string,
  ): Promise<Programme> {
    const programme = await stores.programmes.get(id);
    if (programme === null) throw new DomainError('request.not_found', { what: 'programme', id });
    authorize(actor, permission, programme.areaId, this.#areas.tree);
    return programme;
  }

  async #save(
    tx: Transaction,
    actor: Actor,
    before: Programme | null,
    programme: Programme,
    action: AuditAction,
    detail: object,
  ): Promise<Programme> {
    await tx.programmes.save(programme);
    const changed =
      before === null ? {} : changes(before, programme, ['title', 'items', 'chime', 'retiredAt']);
    const place = { areaId: programme.areaId, ...changed };
    await record(tx, programme.updatedAt, actor, action, programme.id, detail, place);
    tx.afterCommit(() => this.#plans.changed());
    return programme;
  }
}

function chimeOf(name: string | null): string | null {
  if (name === null || CHIMES.includes(name)) return name;
  throw new DomainError('schedule.invalid', { reason: `there is no chime "${name}": expected "chime"` });
}

function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'programme', id, state, expected });
}
