import type { Clock } from '#kit';
import { isDomainError, type KeyRing, type KeyUse, type VerifiedDocument, verifyDocument } from '#protocols';
import { errorText, type Log } from '../log.ts';
import type { KeyStore } from './key-store.ts';

/** New statements are asked for at most this often because of a document signed with an unknown key. */
const KEYS_EVERY_MS = 60_000;
/** So many messages at most wait for statements; more are refused at once. */
const MOST_WAITING = 64;

export interface ProverOptions {
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Is told when a document that was proved says it was signed. */
  readonly signedAt?: (issuedAt: number) => void;
  /** Asks the controller for new key statements; how many came. */
  readonly updateKeys: () => Promise<number>;
}

/** Proves what comes over the link with the keys in force; one that is not known may have been named by a statement that we do not have yet. */
export class Prover {
  readonly #options: ProverOptions;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<boolean> | undefined;
  #waiting = 0;

  constructor(options: ProverOptions) {
    this.#options = options;
  }

  /** The keys in force. */
  get ring(): KeyRing {
    return this.#options.keys.ring;
  }

  /** Throws what `verifyDocument` throws. Waits for no network. */
  async prove(use: KeyUse, text: string): Promise<VerifiedDocument> {
    const { keys, signedAt } = this.#options;
    const verified = await verifyDocument(use, text, keys.ring);
    const issuedAt = signedAt && issuedAtOf(verified.payload);
    if (issuedAt !== undefined) signedAt?.(issuedAt);
    return verified;
  }

  /**
   * Takes one message. Where that throws `document.unsigned`, asks for new key statements and takes it once more, if any came: `take` is
   * to queue by itself, so that other messages go on meanwhile. Throws what the last attempt throws.
   */
  async taking<Result>(take: () => Promise<Result>): Promise<Result> {
    try {
      return await take();
    } catch (error) {
      if (!isDomainError(error, 'document.unsigned') || !(await this.#moreKeys())) throw error;
    }
    return await take();
  }

  /** Whether statements came that a message may have waited for. Several messages wait for one request. */
  async #moreKeys(): Promise<boolean> {
    const { clock } = this.#options;
    if (this.#waiting >= MOST_WAITING) return false;
    if (this.#asking === undefined) {
      if (clock.monotonic() - this.#askedAt < KEYS_EVERY_MS) return false;
      this.#askedAt = clock.monotonic();
      this.#asking = this.#ask().finally(() => {
        this.#asking = undefined;
      });
    }
    this.#waiting += 1;
    return await this.#asking.finally(() => {
      this.#waiting -= 1;
    });
  }

  async #ask(): Promise<boolean> {
    const { updateKeys, log } = this.#options;
    try {
      return (await updateKeys()) > 0;
    } catch (error) {
      log.info('key statements could not be fetched', { reason: errorText(error) });
      return false;
    }
  }
}

function issuedAtOf(payload: Uint8Array): number | undefined {
  try {
    const document: unknown = JSON.parse(Buffer.from(payload).toString());
    const issuedAt = isObject(document) ? document['issuedAt'] : undefined;
    return typeof issuedAt === 'number' ? issuedAt : undefined;
  } catch {
    // Signed and no JSON: whoever reads it says so.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
