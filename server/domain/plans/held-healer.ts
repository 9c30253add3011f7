import { type Clock, Lifecycle, type Milliseconds } from '#kit';
import { type Hello, isDomainError, sha256 } from '#protocols';
import type { SpeakerAreas } from '../deliveries/observer.ts';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import type { HeldDocument, HeldDocuments } from './held-documents.ts';

/** A speaker whose heartbeat differs is sent everything no more often than this: what was sent may still be under way. */
const HEAL_EVERY_MS: Milliseconds = 60_000;
/** A speaker holds 64 documents at most, and a hello takes eight. */
const MOST_PAGES = 8;

/** A hello takes some documents only: what a speaker holds of later revisions comes page by page. */
interface Asked {
  readonly sessionEpoch: number;
  readonly page: number;
  /** Hashes of the documents that came. */
  readonly received: ReadonlySet<string>;
}

export interface HeldHealerOptions {
  readonly documents: HeldDocuments;
  readonly publisher: OrderPublisher;
  readonly areas: SpeakerAreas;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Brings each loudspeaker's plan heads and latches up to ours: at its hello what lacks, at a heartbeat that differs all of them. */
export class HeldHealer extends Lifecycle {
  readonly #options: HeldHealerOptions;
  /** Monotonic time at which each speaker was last sent everything. */
  readonly #healedAt = new Map<string, Milliseconds>();
  /** What each speaker was asked for on its connection. */
  readonly #asked = new Map<string, Asked>();

  constructor(options: HeldHealerOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    this.#healedAt.clear();
    this.#asked.clear();
  }

  /** `heldHash` of what a speaker is to hold now. */
  expectedHash(speakerId: string): string {
    return this.#options.documents.expectedHash(speakerId, this.#areasOf(speakerId));
  }

  /**
   * After a hello: sends what lacks on the speaker's own topics. Resolves with what it is to say hello again with (`want`): "held", then
   * "held.2" and so on, until all that it holds of later revisions than ours has come or it sends no more; else null.
   */
  async greet(speakerId: string, hello: Hello): Promise<string | null> {
    const { documents } = this.#options;
    const { sessionEpoch, heldDocuments: sent = [] } = hello;
    for (const document of sent) await this.#overtake(document);
    const { missing, newer } = documents.difference(speakerId, this.#areasOf(speakerId), hello.held);
    for (const document of missing) this.#send(speakerId, document);
    const known = this.#asked.get(speakerId);
    const before = known?.sessionEpoch === sessionEpoch ? known : undefined;
    const received = new Set([...(before?.received ?? []), ...sent.map((document) => sha256(document))]);
    if (newer.every(({ hash }) => received.has(hash))) return null;
    if (before !== undefined && sent.length === 0) return null;
    const page = (before?.page ?? 0) + 1;
    if (page > MOST_PAGES) return null;
    this.#asked.set(speakerId, { sessionEpoch, page, received });
    return page === 1 ? 'held' : `held.${page}`;
  }

  /** After a heartbeat: sends all when what the speaker holds is not what it is to hold. */
  heartbeat(speakerId: string, held: string): void {
    if (held === this.expectedHash(speakerId)) {
      this.#healedAt.delete(speakerId);
      return;
    }
    const now = this.#options.clock.monotonic();
    const before = this.#healedAt.get(speakerId);
    if (before !== undefined && now - before < HEAL_EVERY_MS) return;
    this.#healedAt.set(speakerId, now);
    for (const document of this.#options.documents.forSpeaker(speakerId, this.#areasOf(speakerId)))
      this.#send(speakerId, document);
  }

  async #overtake(document: string): Promise<void> {
    try {
      await this.#options.documents.overtake(document);
    } catch (error) {
      // Not signed by our key, or unreadable: it does not move our revisions.
      this.#options.onError(error);
    }
  }

  #send(speakerId: string, { kind, document }: HeldDocument): void {
    this.background(this.#options.publisher.publish(kind, speakerId, document), (error) => {
      // The next hello or heartbeat shows it.
      if (!isDomainError(error, 'message.disconnected')) this.#options.onError(error);
    });
  }

  #areasOf(speakerId: string): readonly string[] {
    return this.#options.areas.areasOf(speakerId);
  }
}
