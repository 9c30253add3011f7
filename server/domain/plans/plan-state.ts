import { type PlanState, scopeIncludes, type UnreadyReason } from '#protocols';
import type { SpeakerIndex, Targetable } from '../broadcasts/resolve-targets.ts';
import type { SpeakerAreas } from '../deliveries/observer.ts';
import type { SpeakerStatus } from '../speakers/speaker.ts';
import type { HeadBook } from './head-book.ts';
import type { HeldDocuments } from './held-documents.ts';

/** Names given of those that lack something. */
export const MOST_NAMED = 100;

export interface ToldOptions {
  readonly documents: HeldDocuments;
  readonly heads: HeadBook;
  readonly areas: SpeakerAreas;
  readonly speakers: SpeakerIndex & { all(): Iterable<Targetable> };
  readonly statusOf: (speakerId: string) => SpeakerStatus | undefined;
}

/** Who holds what it is to hold: compared by the one hash that each loudspeaker says at every heartbeat. */
export class PlanTold {
  readonly #options: ToldOptions;

  constructor(options: ToldOptions) {
    this.#options = options;
  }

  /** Whether a speaker said last that it holds exactly the plan heads and latches that it is to hold. */
  told(speakerId: string): boolean {
    const { documents, areas, statusOf } = this.#options;
    return statusOf(speakerId)?.heldHash === documents.expectedHash(speakerId, areas.areasOf(speakerId));
  }

  /** The same for many in one pass. */
  teller(): (speakerId: string) => boolean {
    const { documents, areas, statusOf } = this.#options;
    const expected = documents.expectedHashes();
    return (speakerId) => statusOf(speakerId)?.heldHash === expected(speakerId, areas.areasOf(speakerId));
  }

  /** Speakers in use that have not said so. */
  get untold(): number {
    const told = this.teller();
    let count = 0;
    for (const { speakerId, lifecycle } of this.#options.speakers.all())
      if (lifecycle === 'active' && !told(speakerId)) count += 1;
    return count;
  }

  /** Every head that is for a speaker in these areas, widest scopes first, and who of them has it. */
  state(areaIds: ReadonlySet<string>): PlanState {
    const { speakers, areas, heads } = this.#options;
    const told = this.teller();
    const all = [...speakers.inAreas(areaIds)]
      .filter(({ lifecycle }) => lifecycle === 'active' || lifecycle === 'enrolled')
      .map(({ speakerId }) => ({ speakerId, ancestry: areas.areasOf(speakerId), told: told(speakerId) }));
    const scopes: PlanState['scopes'] = [];
    for (const { stored, head } of heads.all()) {
      const meant = all.filter(({ speakerId, ancestry }) => scopeIncludes(head.scope, speakerId, ancestry));
      const own = head.scope.kind === 'area' && areaIds.has(head.scope.id);
      if (meant.length === 0 && !own) continue;
      const untold = meant.filter((one) => !one.told).map(({ speakerId }) => speakerId);
      const { revision, issuedAt, validUntil } = stored;
      scopes.push({
        ...{ scope: head.scope, revision, issuedAt, validUntil },
        documents: head.documents.length,
        speakers: meant.length,
        told: meant.length - untold.length,
        untold: untold.sort().slice(0, MOST_NAMED),
      });
    }
    return { scopes: scopes.sort((a, b) => b.speakers - a.speakers) };
  }
}

/** What stands between a loudspeaker and its next slot, by what it said last. */
export function statusReasons(status: SpeakerStatus | undefined): UnreadyReason[] {
  const reasons: UnreadyReason[] = [];
  if (status?.health != null && !status.health.output.ok) reasons.push('output_fault');
  if (status?.health != null && status.health.clock.trust !== 'trusted') reasons.push('clock_untrusted');
  return reasons;
}
