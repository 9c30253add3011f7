import type { Clock } from '#kit';
import { isDomainError, payloadOf, type Rehome, rehomeCodec, rehomes } from '#protocols';
import type { SpeakerAreas } from '../deliveries/observer.ts';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import type { KeyVault } from './key-vault.ts';

export interface RehomeBookOptions {
  readonly vault: Pick<KeyVault, 'readRehomes'>;
  readonly clock: Clock;
  readonly areas: SpeakerAreas;
  readonly publisher: OrderPublisher;
  readonly onError: (error: unknown) => void;
}

/**
 * Documents that move loudspeakers to another controller, made at the terminal with the root key, and told to those who are meant: here before hello to whoever
 * asks, and with each greeting.
 */
export class RehomeBook {
  readonly #options: RehomeBookOptions;
  #held: readonly { readonly document: string; readonly rehome: Rehome }[] = [];

  constructor(options: RehomeBookOptions) {
    this.#options = options;
  }

  /** Reads what there is. Made while no controller runs, so once is enough. */
  async load(): Promise<void> {
    const documents = await this.#options.vault.readRehomes();
    this.#held = documents.map((document) => ({ document, rehome: rehomeOf(document) }));
  }

  /** Those that are not over, oldest first: every one in its exact bytes. */
  inForce(): readonly string[] {
    return this.#valid().map(({ document }) => document);
  }

  /** A loudspeaker was greeted: it hears where it belongs. */
  greet(speakerId: string): void {
    const { areas, publisher, onError } = this.#options;
    const ancestry = areas.areasOf(speakerId);
    const newest = this.#valid().findLast(({ rehome }) => rehomes(rehome, speakerId, ancestry));
    if (newest === undefined) return;
    // It asks over HTTP as well, and hears it again with the next greeting.
    publisher.publish('rehome', speakerId, newest.document).catch((error: unknown) => {
      if (!isDomainError(error, 'message.disconnected')) onError(error);
    });
  }

  #valid() {
    const now = this.#options.clock.now();
    return this.#held
      .filter(({ rehome }) => now < rehome.expiresAt)
      .sort((one, other) => one.rehome.n - other.rehome.n);
  }
}

/** What a document of ours says. */
export function rehomeOf(document: string): Rehome {
  return rehomeCodec.parse(payloadOf(document));
}
