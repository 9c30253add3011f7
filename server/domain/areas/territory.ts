import type { AreaTree } from './area.ts';

/** Where areas and the speakers in use lie. */
export interface Territory {
  readonly tree: AreaTree;
  /** Undefined for one that is blocked, retired or unknown. */
  readonly areaOfSpeaker: (speakerId: string) => string | undefined;
  /** Whether a speaker in use lies in exactly this area. */
  readonly hasSpeakers: (areaId: string) => boolean;
}

/** What a territory is made from. */
interface Speakers {
  get(speakerId: string): { readonly areaId: string; readonly lifecycle: string } | undefined;
  inAreas(areaIds: ReadonlySet<string>): Iterable<{ readonly lifecycle: string }>;
}

/** The territory as it is now. */
export function territoryOf(tree: AreaTree, speakers: Speakers): Territory {
  return {
    tree,
    areaOfSpeaker: (id) => {
      const speaker = speakers.get(id);
      return speaker !== undefined && isInUse(speaker) ? speaker.areaId : undefined;
    },
    hasSpeakers: (areaId) => {
      for (const speaker of speakers.inAreas(new Set([areaId]))) if (isInUse(speaker)) return true;
      return false;
    },
  };
}

function isInUse({ lifecycle }: { readonly lifecycle: string }): boolean {
  return lifecycle === 'enrolled' || lifecycle === 'active';
}
