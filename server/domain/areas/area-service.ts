import type { Clock } from '#kit';
import {
  type AreaChange,
  type AreaCreate,
  type AreaKindEffect,
  type AreaView,
  DomainError,
  type EffectivePolicy,
  newId,
} from '#protocols';
import { type Actor, areasOf, authorize, isAllowed, type Permission } from '../accounts/actor.ts';
import { changes, record } from '../audit/record.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { checkPolicy } from '../policies/check-policy.ts';
import { effectivePolicy } from '../policies/effective-policy.ts';
import { DEFAULT_POLICY, policyCodec } from '../policies/policy.ts';
import { isZone } from '../policies/zoned-time.ts';
import { followZones } from '../schedule/zone-change.ts';
import type { Transaction } from '../unit-of-work.ts';
import { type Area, AreaTree, MAX_DEPTH } from './area.ts';
import type { AreaDirectory } from './area-directory.ts';
import { communesIn, placeOf } from './commune.ts';

export interface AreaServiceOptions {
  readonly directory: AreaDirectory;
  readonly clock: Clock;
  readonly holidays: { readonly table: HolidayTable };
  /** Told after the commit: other rules hold for the speakers in these areas now. */
  readonly onRulesChanged: (areaIds: ReadonlySet<string>) => void;
  /** What follows from a new area, in its transaction; `after`: the tree with it. */
  readonly onEntered: (tx: Transaction, parentId: string, after: AreaTree) => Promise<void>;
}

/** The territory: what people read and change of it. */
export class AreaService {
  readonly #directory: AreaDirectory;
  readonly #clock: Clock;
  readonly #holidays: { readonly table: HolidayTable };
  readonly #onRulesChanged: (areaIds: ReadonlySet<string>) => void;
  readonly #onEntered: AreaServiceOptions['onEntered'];

  constructor(options: AreaServiceOptions) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#holidays = options.holidays;
    this.#onRulesChanged = options.onRulesChanged;
    this.#onEntered = options.onEntered;
  }

  /** Ids of every area in which the actor holds a permission. */
  reach(actor: Actor, permission: Permission): Set<string> {
    const { tree } = this.#directory;
    const reach = new Set<string>();
    for (const id of areasOf(actor))
      if (isAllowed(actor, permission, id, tree)) for (const within of tree.within(id)) reach.add(within);
    return reach;
  }

  /** Ids below `areaId` (itself included) or, without one, all that the actor reaches. Throws `request.forbidden`. */
  scope(actor: Actor, permission: Permission, areaId: string | undefined): string[] {
    if (areaId === undefined) return [...this.reach(actor, permission)];
    authorize(actor, permission, areaId, this.#directory.tree);
    return [...this.#directory.tree.within(areaId)];
  }

  list(actor: Actor): AreaView[] {
    const reach = this.reach(actor, 'area:read');
    return this.#directory
      .all()
      .filter(({ id }) => reach.has(id))
      .map((area) => this.view(area));
  }

  /** Throws `request.forbidden`. */
  get(actor: Actor, id: string): AreaView {
    authorize(actor, 'area:read', id, this.#directory.tree);
    return this.view(this.#directory.tree.get(id));
  }

  /** The rules that hold in an area, nothing left out, and where each comes from. Throws `request.forbidden`. */
  policy(actor: Actor, id: string): EffectivePolicy {
    authorize(actor, 'area:read', id, this.#directory.tree);
    return effectivePolicy(id, this.#directory.tree);
  }

  /** What another kind of an area would change of the rule of two persons. Throws `request.forbidden`. */
  kindEffect(actor: Actor, id: string, kind: string): AreaKindEffect {
    const { tree } = this.#directory;
    authorize(actor, 'area:write', id, tree);
    const at = (trees: AreaTree) => ({ level: placeOf(id, trees).level, communes: communesIn(id, trees) });
    return { before: at(tree), after: at(this.#treeWith({ ...tree.get(id), kind })) };
  }

  /** Enters an area below one of the actor's. Throws `request.conflict`, `area.unknown_zone`, `area.retired`. */
  async create(tx: Transaction, actor: Actor, wanted: AreaCreate): Promise<AreaView> {
    const { tree } = this.#directory;
    authorize(actor, 'area:write', wanted.parentId, tree);
    if (tree.get(wanted.parentId).retiredAt !== null)
      throw new DomainError('area.retired', { id: wanted.parentId });
    const now = this.#clock.now();
    const id = wanted.id ?? newId('are', now);
    if (tree.has(id)) throw conflict(id, 'entered already', 'a new id');
    if (tree.ancestry(wanted.parentId).length >= MAX_DEPTH)
      throw conflict(wanted.parentId, `${MAX_DEPTH} levels deep`, 'a wider area');
    const area = {
      id,
      parentId: wanted.parentId,
      kind: wanted.kind,
      name: wanted.name.trim(),
      zone: checkZone(wanted.zone ?? null),
      policy: null,
      createdAt: now,
      retiredAt: null,
    };
    await tx.areas.insert(area);
    await this.#onEntered(tx, area.parentId, this.#treeWith(area));
    const { parentId, kind, name } = area;
    await record(tx, now, actor, 'area.create', id, { parentId, kind, name }, { areaId: id });
    tx.afterCommit(() => this.#directory.put(area));
    return this.#viewAfter(area);
  }

  /**
   * Renames an area or changes its zone or policy; history keeps the old name. With other clocks its schedules keep their wall times. Throws `policy.invalid`,
   * `area.unknown_zone`.
   */
  async change(tx: Transaction, actor: Actor, id: string, change: AreaChange): Promise<AreaView> {
    const { tree } = this.#directory;
    authorize(actor, 'area:write', id, tree);
    const before = tree.get(id);
    const now = this.#clock.now();
    const area: Area = {
      ...before,
      kind: change.kind ?? before.kind,
      name: change.name?.trim() ?? before.name,
      zone: change.zone === undefined ? before.zone : checkZone(change.zone),
      policy: change.policy === undefined ? before.policy : policyText(change.policy),
    };
    await tx.areas.update(area, now);
    const changed = changes(before, area, ['kind', 'name', 'zone', 'policy']);
    await record(tx, now, actor, 'area.change', id, change, { areaId: id, ...changed });
    if (area.zone !== before.zone) {
      const trees = { before: tree, after: this.#treeWith(area) };
      const { table: holidays } = this.#holidays;
      const parts = await followZones(tx, tree.within(id), trees, { holidays, now });
      if (parts > 0) await record(tx, now, actor, 'schedules.follow_zone', id, { parts }, { areaId: id });
    }
    tx.afterCommit(() => {
      this.#directory.put(area);
      if (area.zone !== before.zone || area.policy !== before.policy)
        this.#onRulesChanged(this.#directory.tree.within(id));
    });
    return this.#viewAfter(area);
  }

  view(area: Area, tree = this.#directory.tree): AreaView {
    const text = tree.policyOf(area.id);
    const from = tree
      .ancestry(area.id)
      .reverse()
      .find((id) => tree.get(id).policy !== null);
    const { level, station } = placeOf(area.id, tree);
    return {
      id: area.id,
      parentId: area.parentId,
      kind: area.kind,
      name: area.name,
      zone: tree.zoneOf(area.id),
      ownZone: area.zone,
      policy: text === null ? DEFAULT_POLICY : policyCodec.parse(text),
      policyFrom: from ?? null,
      createdAt: area.createdAt,
      retiredAt: area.retiredAt,
      mergedInto: area.mergedInto ?? null,
      level,
      station: { areaId: station, kind: tree.get(station).kind, name: tree.get(station).name },
    };
  }

  /** The view that holds once `area` is committed. */
  #viewAfter(area: Area): AreaView {
    return this.view(area, this.#treeWith(area));
  }

  #treeWith(area: Area): AreaTree {
    return new AreaTree([...this.#directory.all().filter(({ id }) => id !== area.id), area]);
  }
}

function checkZone(zone: string | null): string | null {
  if (zone !== null && !isZone(zone)) throw new DomainError('area.unknown_zone', { zone });
  return zone;
}

function policyText(policy: (AreaChange['policy'] & {}) | null): string | null {
  if (policy === null) return null;
  checkPolicy(policy);
  return JSON.stringify(policy);
}

function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'area', id, state, expected });
}
