import type { Instant } from '#kit';

/** A priority item as it is planned: a slot's broadcast, or one that a person ordered for itself. */
export interface PriorityAiring {
  readonly broadcastId: string;
  readonly areaId: string;
  readonly title: string;
  /** The occurrence that it is of; null: ordered by itself. */
  readonly scheduleId: string | null;
  readonly originalAt: Instant | null;
  readonly startsAt: Instant;
  /** First instant of silence, if nothing delays it. */
  readonly endsAt: Instant;
  /** When it was asked for: two that wait for one loudspeaker sound in this order. */
  readonly askedAt: Instant;
  readonly speakerIds: ReadonlySet<string>;
}

/**
 * Two priority items that want the same loudspeakers at the same time: who comes first is for a person to say (Circular 39/2020). Where
 * nobody does, both are aired, `first` before `second`.
 */
export interface Collision {
  readonly first: PriorityAiring;
  readonly second: PriorityAiring;
  /** The overlap as planned. */
  readonly from: Instant;
  readonly to: Instant;
  /** Loudspeakers that both are for, sorted; never none. */
  readonly speakerIds: readonly string[];
}

/** All pairs that collide, by the start of their overlap. Items of one session follow each other and never do. Pure. */
export function collisionsOf(airings: Iterable<PriorityAiring>): Collision[] {
  const byStart = [...airings].sort(inOrder);
  const found: Collision[] = [];
  let sounding: PriorityAiring[] = [];
  for (const second of byStart) {
    sounding = sounding.filter(({ endsAt }) => endsAt > second.startsAt);
    for (const first of sounding) {
      const speakerIds = shared(first.speakerIds, second.speakerIds);
      const to = Math.min(first.endsAt, second.endsAt);
      if (speakerIds.length > 0 && to > second.startsAt)
        found.push({ first, second, from: second.startsAt, to, speakerIds });
    }
    sounding.push(second);
  }
  return found;
}

/** One for each two sessions: people decide the order of sessions, however many items of theirs meet. Keeps the order of the first overlaps. */
export function bySession(collisions: readonly Collision[]): Collision[] {
  const found = new Map<string, Collision>();
  for (const one of collisions) {
    const key = [sessionOf(one.first), sessionOf(one.second)].sort().join(' ');
    const known = found.get(key);
    const speakerIds = [...new Set([...(known?.speakerIds ?? []), ...one.speakerIds])].sort();
    found.set(key, { ...(known ?? one), to: Math.max(known?.to ?? 0, one.to), speakerIds });
  }
  return [...found.values()];
}

function sessionOf({ broadcastId, scheduleId, originalAt }: PriorityAiring): string {
  return scheduleId === null ? broadcastId : `${scheduleId}@${originalAt}`;
}

/** What sounds already is not stopped by its equal; of two that wait the one that was asked for first comes first, then the id decides. */
function inOrder(a: PriorityAiring, b: PriorityAiring): number {
  const byId = a.broadcastId < b.broadcastId ? -1 : 1;
  return a.startsAt - b.startsAt || a.askedAt - b.askedAt || byId;
}

function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): string[] {
  const [fewer, more] = a.size < b.size ? [a, b] : [b, a];
  return [...fewer].filter((id) => more.has(id)).sort();
}
