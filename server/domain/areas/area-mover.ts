import type { Clock } from '#kit';
import { type AreaView, DomainError, MAX_PERSONAL_TARGETS, type Targets } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import { record } from '../audit/record.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { followZones } from '../schedule/zone-change.ts';
import type { Speaker } from '../speakers/speaker.ts';
import type { Transaction } from '../unit-of-work.ts';
import { type Area, AreaTree, MAX_DEPTH } from './area.ts';
import type { AreaDirectory } from './area-directory.ts';
import type { Moved, Shift } from './moved.ts';

/** Areas that one target may name. */
const MAX_TARGET_AREAS = 64;

export interface AreaMoverOptions {
  readonly directory: AreaDirectory;
  readonly clock: Clock;
  readonly holidays: { readonly table: HolidayTable };
  readonly view: (area: Area, tree: AreaTree) => AreaView;
  /** Whether everything in an area is stopped by a latch of its own. */
  readonly isStopped: (areaId: string) => boolean;
  /** What was said to what lay there follows it: refusals, and leaves for series. Gives what the audit log tells of that. */
  readonly follow: (tx: Transaction, actor: Actor, shift: Shift) => Promise<object>;
  /** Told after the commit: these speakers lie in another area. */
  readonly onSpeakerMoved: (speaker: Speaker) => void;
  /** Told after the commit: the speakers in these areas have other areas above them. */
  readonly onMoved: (areaIds: ReadonlySet<string>) => void;
}

/**
 * Changes the shape of the territory: an area goes below another, is merged into another, or is dissolved. Nothing that was is rewritten: what was aired stays with
 * the area that it was aired in, which stays in the tree, retired, below the one that took it in; and so its records can be read from there.
 */
export class AreaMover {
  readonly #options: AreaMoverOptions;

  constructor(options: AreaMoverOptions) {
    this.#options = options;
  }

  /** Puts an area, with all below it, below another. Throws `request.forbidden` unless the actor holds `area:write` above both, `request.conflict`, `area.retired`. */
  async move(tx: Transaction, actor: Actor, id: string, parentId: string): Promise<AreaView> {
    const area = this.#changeable(actor, id);
    this.#requireHost(actor, area, parentId);
    const now = Math.floor(this.#options.clock.now());
    const moved: Area = { ...area, parentId };
    await tx.areas.update(moved, now);
    const [after, said] = await this.#follow(tx, actor, [moved], [{ from: id, to: id }], now);
    const detail = { from: area.parentId, to: parentId, ...said };
    await record(tx, now, actor, 'area.move', id, detail, { areaId: id });
    tx.afterCommit(() => this.#options.onMoved(after.within(id)));
    return this.#options.view(moved, after);
  }

  /**
   * Merges an area into another: its loudspeakers, the areas below it and its schedules go over, and it is retired. A schedule goes on reaching the loudspeakers
   * that it reached, and no others. Throws as `move`, and `request.conflict` while it is stopped by a latch: the stop would be lost.
   */
  async merge(tx: Transaction, actor: Actor, id: string, into: string): Promise<AreaView> {
    const area = this.#changeable(actor, id);
    this.#requireHost(actor, area, into);
    const { directory, clock, isStopped, onSpeakerMoved, onMoved } = this.#options;
    const { tree } = directory;
    if (isStopped(id)) throw conflict(id, 'stopped', 'one whose stop was released');
    if (tree.zoneOf(id) !== tree.zoneOf(into))
      throw conflict(id, `in zone ${tree.zoneOf(id)}`, `one in zone ${tree.zoneOf(into)}`);
    const now = Math.floor(clock.now());
    const children = directory
      .all()
      .filter(({ parentId, retiredAt }) => parentId === id && retiredAt === null);
    const speakers = await tx.speakers.list({ areaIds: [id] });
    const merged: Area = { ...area, parentId: into, mergedInto: into, retiredAt: now };
    const moved = [merged, ...children.map((child) => ({ ...child, parentId: into }))];
    for (const one of moved) await tx.areas.update(one, now);
    for (const speaker of speakers) {
      const there = { ...speaker, areaId: into };
      await tx.speakers.update(there);
      await tx.speakers.leavePlace(speaker.id, id, now);
      tx.afterCommit(() => onSpeakerMoved(there));
    }
    const parts = {
      areas: children.map((child) => child.id),
      speakers: speakers.map((speaker) => speaker.id),
    };
    for (const schedule of await tx.schedules.active()) {
      const next = scheduleAfter(schedule, id, into, parts);
      if (next !== schedule) await tx.schedules.save({ ...next, updatedAt: now });
    }
    const went: Moved[] = children.map((child) => ({ from: child.id, to: child.id }));
    // What is no longer in use sounds nowhere: nothing of what was said about it is said about the host.
    if (speakers.some(({ lifecycle }) => lifecycle !== 'retired')) went.push({ from: id, to: into });
    const [after, said] = await this.#follow(tx, actor, moved, went, now);
    await record(tx, now, actor, 'area.merge', id, { into, ...parts, ...said }, { areaId: id });
    tx.afterCommit(() => onMoved(after.within(into)));
    return this.#options.view(merged, after);
  }

  /** Dissolves an area in which nothing is left. Throws `request.forbidden`, `request.conflict`. */
  async retire(tx: Transaction, actor: Actor, id: string): Promise<AreaView> {
    const area = this.#changeable(actor, id);
    const { directory, clock, onMoved } = this.#options;
    const below = directory.all().some(({ parentId, retiredAt }) => parentId === id && retiredAt === null);
    if (below) throw conflict(id, 'still divided into areas', 'one without areas below it');
    const speakers = await tx.speakers.list({ areaIds: [id] });
    if (speakers.some(({ lifecycle }) => lifecycle !== 'retired'))
      throw conflict(id, 'the place of loudspeakers', 'one without loudspeakers');
    if ((await tx.schedules.list([id])).length > 0)
      throw conflict(id, 'the area of schedules', 'one whose schedules were deleted');
    const now = Math.floor(clock.now());
    const retired: Area = { ...area, retiredAt: now };
    await tx.areas.update(retired, now);
    const [after, said] = await this.#follow(tx, actor, [retired], [], now);
    await record(tx, now, actor, 'area.retire', id, said, { areaId: id });
    tx.afterCommit(() => onMoved(new Set([id])));
    return this.#options.view(retired, after);
  }

  /** The area, if the actor may change where it lies. */
  #changeable(actor: Actor, id: string): Area {
    const { tree } = this.#options.directory;
    const area = tree.get(id);
    authorize(actor, 'area:write', area.parentId ?? id, tree);
    if (area.retiredAt !== null) throw new DomainError('area.retired', { id });
    return area;
  }

  #requireHost(actor: Actor, area: Area, hostId: string): void {
    const { tree } = this.#options.directory;
    authorize(actor, 'area:write', hostId, tree);
    if (tree.get(hostId).retiredAt !== null) throw new DomainError('area.retired', { id: hostId });
    if (tree.within(area.id).has(hostId)) throw conflict(hostId, `inside "${area.id}"`, 'an area outside it');
    const levels = [...tree.within(area.id)].map((id) => tree.ancestry(id).length);
    const height = Math.max(...levels) - tree.ancestry(area.id).length + 1;
    if (tree.ancestry(hostId).length + height > MAX_DEPTH)
      throw conflict(hostId, `${MAX_DEPTH} levels deep with what would come below it`, 'a wider area');
  }

  /** Clocks that are other ones now, what was said to what went elsewhere, and the directory after the commit. Gives the tree that holds then, and what to tell of it. */
  async #follow(
    tx: Transaction,
    actor: Actor,
    areas: readonly Area[],
    moved: readonly Moved[],
    now: number,
  ): Promise<[AreaTree, object]> {
    const { directory, holidays, follow } = this.#options;
    const changed = new Map(areas.map((area) => [area.id, area]));
    const after = new AreaTree(directory.all().map((area) => changed.get(area.id) ?? area));
    const ids = new Set(areas.flatMap(({ id }) => [...directory.tree.within(id)]));
    const parts = await followZones(
      tx,
      ids,
      { before: directory.tree, after },
      { holidays: holidays.table, now },
    );
    const [first] = areas;
    if (parts > 0 && first !== undefined)
      await record(tx, now, actor, 'schedules.follow_zone', first.id, { parts });
    // First of all that is done after the commit.
    tx.afterCommit(() => {
      for (const area of areas) directory.put(area);
    });
    const shift = { changed: areas.map(({ id }) => id), moved, before: directory.tree, after };
    return [after, await follow(tx, actor, shift)];
  }
}

/** A schedule once `gone` was merged: of the new area, and for what had lain in the old one. */
function scheduleAfter(schedule: Schedule, gone: string, into: string, parts: Parts): Schedule {
  const targets = targetsAfter(schedule.targets, gone, parts);
  if (schedule.areaId !== gone && targets === schedule.targets) return schedule;
  return { ...schedule, areaId: schedule.areaId === gone ? into : schedule.areaId, targets };
}

interface Parts {
  readonly areas: readonly string[];
  readonly speakers: readonly string[];
}

function targetsAfter(targets: Targets, gone: string, parts: Parts): Targets {
  if (!targets.areas.includes(gone) && !targets.excludeAreas.includes(gone)) return targets;
  const instead = (areas: readonly string[], speakers: readonly string[]): [string[], string[]] =>
    areas.includes(gone)
      ? [
          [...new Set([...areas.filter((id) => id !== gone), ...parts.areas])],
          [...new Set([...speakers, ...parts.speakers])],
        ]
      : [[...areas], [...speakers]];
  const [areas, speakers] = instead(targets.areas, targets.speakers);
  const [excludeAreas, excludeSpeakers] = instead(targets.excludeAreas, targets.excludeSpeakers);
  // Where nothing had lain, it goes on reaching nothing.
  if (areas.length + speakers.length === 0) return targets;
  for (const named of [areas, excludeAreas])
    if (named.length > MAX_TARGET_AREAS)
      throw conflict(gone, `made of ${named.length} areas`, `${MAX_TARGET_AREAS} at most`);
  for (const named of [speakers, excludeSpeakers])
    if (named.length > MAX_PERSONAL_TARGETS)
      throw conflict(
        gone,
        `the place of ${named.length} loudspeakers`,
        `${MAX_PERSONAL_TARGETS} at most; move them into areas below it`,
      );
  return { areas, speakers, excludeAreas, excludeSpeakers };
}

function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'area', id, state, expected });
}
