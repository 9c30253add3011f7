import { type Clock, Lifecycle, type Milliseconds, repeat } from '#kit';
import type { Storage, Transaction } from '../unit-of-work.ts';
import type { Actor } from './actor.ts';
import { type ApiToken, isUsable, tokenActor } from './api-token.ts';
import { hashSecret } from './secrets.ts';

/** When a token was last used is written so often. */
const WRITE_EVERY_MS: Milliseconds = 60_000;

/** Machines' tokens in memory, with when they were last used. */
export class ApiTokenBook extends Lifecycle {
  readonly #options: {
    readonly storage: Storage;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  };
  /** By the hash of the secret. */
  readonly #tokens = new Map<string, ApiToken>();
  readonly #used = new Set<string>();

  constructor(options: {
    readonly storage: Storage;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  }) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { storage, clock, onError } = this.#options;
    this.#tokens.clear();
    for (const token of await storage.read.apiTokens.all()) this.#tokens.set(token.secretHash, token);
    this.disposers.defer('what was used', () => this.#writeUsed().catch(onError));
    const writing = repeat(clock, 'tokens used', WRITE_EVERY_MS, () => this.#writeUsed(), onError);
    this.disposers.defer('writing what was used', () => writing.cancel());
  }

  /** Who the bearer is now, or undefined. */
  find(secret: string, origin: string): Actor | undefined {
    const now = Math.floor(this.#options.clock.now());
    const token = this.#tokens.get(hashSecret(secret));
    if (token === undefined || !isUsable(token, now)) return undefined;
    this.#tokens.set(token.secretHash, { ...token, lastUsedAt: now });
    this.#used.add(token.secretHash);
    return tokenActor(token, origin);
  }

  all(): ApiToken[] {
    return [...this.#tokens.values()];
  }

  /** Stores a token, new or changed; `previous` is its hash before where that changed. */
  async save(tx: Transaction, token: ApiToken, previous?: ApiToken): Promise<void> {
    if (previous === undefined) await tx.apiTokens.insert(token);
    else await tx.apiTokens.update(token);
    tx.afterCommit(() => {
      if (previous !== undefined) this.#tokens.delete(previous.secretHash);
      this.#tokens.set(token.secretHash, token);
    });
  }

  async #writeUsed(): Promise<void> {
    const used = [...this.#used].flatMap((hash) => this.#tokens.get(hash) ?? []);
    this.#used.clear();
    if (used.length > 0) await this.#options.storage.transaction((tx) => tx.apiTokens.touch(used));
  }
}
