import { type LatchDetail, type LatchView, type Scope, scopeOfKey } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { StoredLatch } from './latch.ts';
import type { LatchService } from './latch-service.ts';

/** Untold loudspeakers that are named one by one. */
const MOST_NAMED = 500;

/** Whether a speaker is known to hold this very document of a scope. */
export type Told = (speakerId: string, scope: Scope, hash: string) => boolean;

export interface LatchViewParts {
  readonly latches: LatchService;
  readonly tree: AreaTree;
  readonly speakers: SpeakerIndex;
  readonly told: Told;
}

/** A latch as people see it, with who does not know of it yet. */
export function latchDetail(latch: StoredLatch, parts: LatchViewParts): LatchDetail {
  const { latches, told } = parts;
  const scope = scopeOfKey(latch.scope);
  const meant = speakersOf(scope, parts);
  // Only the newest of a scope is anything that a loudspeaker has to hold.
  const counts = latches.book.newestOf(scope)?.id === latch.id;
  const untold = counts ? meant.filter((id) => !told(id, scope, latch.hash)) : [];
  const { hash: _, document: __, ...shown } = latch;
  return {
    ...shown,
    scope,
    areaId: latches.areaIdOf(scope) ?? null,
    kept: latches.keptIn(latch),
    speakers: meant.length,
    untold: untold.length,
    untoldSpeakers: untold.slice(0, MOST_NAMED),
  };
}

export function latchView(latch: StoredLatch, parts: LatchViewParts): LatchView {
  const { untoldSpeakers: _, ...view } = latchDetail(latch, parts);
  return view;
}

function speakersOf({ kind, id }: Scope, { tree, speakers }: LatchViewParts): string[] {
  const one = speakers.get(id);
  const found =
    kind === 'speaker'
      ? one === undefined
        ? []
        : [one]
      : [...speakers.inAreas(tree.has(id) ? tree.within(id) : new Set<string>())];
  return found
    .filter(({ lifecycle }) => lifecycle === 'enrolled' || lifecycle === 'active')
    .map(({ speakerId }) => speakerId)
    .sort();
}
