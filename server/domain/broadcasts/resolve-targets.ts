import type { PlayRequest, SpeakerLifecycle, Targets } from '#protocols';
import { DomainError, isDomainError, MAX_PERSONAL_TARGETS } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { outermost } from '../areas/outermost.ts';

/** What targeting needs to know of a speaker. */
export interface Targetable {
  readonly speakerId: string;
  readonly areaId: string;
  readonly lifecycle: SpeakerLifecycle;
}

/** The speakers in use, from memory: a broadcast to thousands must not wait for a query. */
export interface SpeakerIndex {
  get(speakerId: string): Targetable | undefined;
  inAreas(areaIds: ReadonlySet<string>): Iterable<Targetable>;
}

/** Who is meant, and how the orders reach them. */
export interface ResolvedTargets {
  /** Every speaker meant, sorted: the snapshot. */
  readonly speakerIds: readonly string[];
  /** Areas in which at least one of them lies. */
  readonly areaIds: ReadonlySet<string>;
  /** One order for each of these; area targets in one, named speakers in shards. */
  readonly orders: readonly {
    readonly targets: Targets;
    readonly topicIds: readonly string[];
    readonly by: 'area' | 'speaker';
  }[];
}

/** The targets of a request: each named once, what is not named empty. */
export function wantedTargets(wanted: PlayRequest['targets']): Targets {
  return {
    areas: [...new Set(wanted.areas ?? [])],
    speakers: [...new Set(wanted.speakers ?? [])],
    excludeAreas: [...new Set(wanted.excludeAreas ?? [])],
    excludeSpeakers: [...new Set(wanted.excludeSpeakers ?? [])],
  };
}

/**
 * Resolves targets against the territory and the speakers in use (enrolled or active). Pure. Throws `request.not_found` for
 * an unknown area or speaker and `broadcast.no_targets`.
 */
export function resolveTargets(wanted: Targets, tree: AreaTree, index: SpeakerIndex): ResolvedTargets {
  // A speaker under one of the others' areas hears the order on that one's topic.
  const areas = outermost(wanted.areas, tree);
  const excludedAreas = new Set(wanted.excludeAreas.flatMap((id) => [...tree.within(tree.get(id).id)]));
  const excludedSpeakers = new Set(wanted.excludeSpeakers);
  const meant = (speaker: Targetable) =>
    inUse(speaker) && !excludedAreas.has(speaker.areaId) && !excludedSpeakers.has(speaker.speakerId);

  const byArea = new Map<string, Targetable>();
  const within = new Set(areas.flatMap((id) => [...tree.within(id)]));
  for (const speaker of index.inAreas(within)) if (meant(speaker)) byArea.set(speaker.speakerId, speaker);

  const byName = new Map<string, Targetable>();
  for (const id of wanted.speakers) {
    const speaker = index.get(id);
    if (speaker === undefined) throw new DomainError('request.not_found', { what: 'speaker', id });
    if (meant(speaker) && !byArea.has(id)) byName.set(id, speaker);
  }

  const all = [...byArea.values(), ...byName.values()];
  if (all.length === 0) throw new DomainError('broadcast.no_targets');
  const orders: ResolvedTargets['orders'][number][] = [];
  if (byArea.size > 0)
    orders.push({
      by: 'area',
      topicIds: areas,
      targets: {
        areas,
        speakers: [],
        excludeAreas: [...wanted.excludeAreas],
        excludeSpeakers: [...wanted.excludeSpeakers],
      },
    });
  for (const shard of shards([...byName.keys()].sort(), MAX_PERSONAL_TARGETS))
    orders.push({
      by: 'speaker',
      topicIds: shard,
      targets: { areas: [], speakers: shard, excludeAreas: [], excludeSpeakers: [] },
    });
  return {
    speakerIds: all.map(({ speakerId }) => speakerId).sort(),
    areaIds: new Set(all.map(({ areaId }) => areaId)),
    orders,
  };
}

function inUse({ lifecycle }: Targetable): boolean {
  return lifecycle === 'enrolled' || lifecycle === 'active';
}

function shards<Item>(items: readonly Item[], most: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += most) parts.push(items.slice(at, at + most));
  return parts;
}

/** Whether any loudspeaker in use is meant. Throws as `resolveTargets` for a loudspeaker that is none. */
export function hasTargets(wanted: Targets, tree: AreaTree, index: SpeakerIndex): boolean {
  try {
    return resolveTargets(wanted, tree, index).orders.length > 0;
  } catch (error) {
    if (isDomainError(error, 'broadcast.no_targets')) return false;
    throw error;
  }
}
