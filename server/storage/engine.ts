import type { DisposerStack, Milliseconds } from '#kit';
import type { Models } from './client.ts';
import type { FastPath } from './fast-path.ts';
import type { Provider } from './migrations.ts';

/** What a store works with: one connection's models and fast path. */
export interface Access {
  readonly provider: Provider;
  readonly models: Models;
  readonly fast: FastPath;
}

/** A database of one provider. */
export interface Engine {
  readonly provider: Provider;
  /** Whether this process is the one owner of the database right now. */
  readonly owned: boolean;
  /** For reads outside a transaction; changes are refused by the database. Sees only what is committed. */
  readonly reader: Access;
  /** Makes the database ready: owner, migrations, connections. Throws `StorageStartError`. */
  open(disposers: DisposerStack): Promise<void>;
  /**
   * One attempt of a transaction: commits what `run` did, or rolls back when it throws. `lockWaitMs`: how long a statement may wait for another
   * program's lock, where that is shorter than usual.
   */
  attempt<Result>(run: (access: Access) => Promise<Result>, lockWaitMs?: Milliseconds): Promise<Result>;
}

/** Limits of Prisma's own, out of the way: a transaction waits and ends by our rules. */
export const PRISMA_LIMITS = { maxWait: 60_000, timeout: 120_000 } as const;
