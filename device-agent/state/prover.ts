import type { Clock } from '#kit';
import { isDomainError, type KeyRing, type KeyUse, type VerifiedDocument, verifyDocument } from '#protocols';
import { errorText, type Log } from '../log.ts';
import type { KeyStore } from './key-store.ts';

/** New statements are asked for at most this often because of a document signed with an unknown key. */
const KEYS_EVERY_MS = 60_000;

export interface ProverOptions {
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Asks the controller for new key statements; how many came. */
  readonly updateKeys: () => Promise<number>;
}

/** Proves what comes over the link with the keys in force; one that is not known may have been named by a statement that we do not have yet. */
export class Prover {
  readonly #options: ProverOptions;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ProverOptions) {
    this.#options = options;
  }

  /** The keys in force. */
  get ring(): KeyRing {
    return this.#options.keys.ring;
  }

  /** Throws what `verifyDocument` throws. */
  async prove(use: KeyUse, text: string): Promise<VerifiedDocument> {
    const { keys, clock, updateKeys, log } = this.#options;
    try {
      return await verifyDocument(use, text, keys.ring);
    } catch (error) {
      if (!isDomainError(error, 'document.unsigned')) throw error;
      if (clock.monotonic() - this.#askedAt < KEYS_EVERY_MS) throw error;
      this.#askedAt = clock.monotonic();
      const came = await updateKeys().catch((reason) => {
        log.info('key statements could not be fetched', { reason: errorText(reason) });
        return 0;
      });
      if (came === 0) throw error;
      return await verifyDocument(use, text, keys.ring);
    }
  }
}
