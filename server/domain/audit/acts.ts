import type { Clock } from '#kit';
import { DomainError } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import type { Storage, Transaction, TransactionLimits } from '../unit-of-work.ts';

/** Which request acts: who, under which Idempotency-Key, and what exactly was asked. */
export interface ActRequest {
  readonly actor: Actor;
  readonly key: string;
  /** SHA-256 of method, path and body. */
  readonly requestHash: string;
}

export interface ActAnswer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface ActResult<Body> extends ActAnswer<Body> {
  /** What to keep instead of `body` when that holds a secret; `replay` then makes the answer again. */
  readonly stored?: unknown;
}

export interface ActOutcome<Body> extends ActAnswer<Body> {
  /** Whether this is the answer of an earlier request under the same key. */
  readonly replayed: boolean;
}

/** Makes the answer to a repeated request from what was kept of the first. */
export type Replay<Body> = (tx: Transaction, kept: unknown) => Promise<Body>;

/** How long an answer is kept for a client that tries again. */
export const ANSWER_LIFETIME_MS = 7 * 24 * 3_600_000;

/**
 * Performs what people ask for: the change, its audit record and the answer for a retry are one transaction, so a client
 * that tries again after a crash of ours gets the first answer and nothing happens twice. What throws changed nothing and
 * is not kept: the same key may then be tried again.
 */
export class Acts {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #underWay = new Set<string>();

  constructor(options: { readonly storage: Storage; readonly clock: Clock }) {
    this.#storage = options.storage;
    this.#clock = options.clock;
  }

  /**
   * Runs `work` once for this key. Throws `request.key_reused`, `request.key_in_use`, `storage.busy` and what `work` throws.
   * `work` must append to the audit log; one that does not is a defect and is rolled back.
   */
  async perform<Body>(
    request: ActRequest,
    work: (tx: Transaction) => Promise<ActResult<Body>>,
    // The same request has the same answer's shape: the request hash was compared.
    replay: Replay<Body> = async (_tx, kept) => kept as Body,
    limits: TransactionLimits = {},
  ): Promise<ActOutcome<Body>> {
    const slot = JSON.stringify([request.actor.name, request.key]);
    if (this.#underWay.has(slot)) throw new DomainError('request.key_in_use', { key: request.key });
    this.#underWay.add(slot);
    try {
      return await this.#storage.transaction(async (tx) => {
        const kept = await tx.idempotency.get(request.actor.name, request.key);
        if (kept !== null) {
          if (kept.requestHash !== request.requestHash)
            throw new DomainError('request.key_reused', { key: request.key });
          const body = await replay(tx, JSON.parse(kept.body));
          return { status: kept.status, body, replayed: true };
        }
        const { audited, watched } = countAudits(tx);
        const result = await work(watched);
        if (audited() === 0) throw new Error('an act left no audit record');
        await tx.idempotency.put({
          actor: request.actor.name,
          key: request.key,
          requestHash: request.requestHash,
          status: result.status,
          body: JSON.stringify(result.stored ?? result.body),
          createdAt: this.#clock.now(),
        });
        return { status: result.status, body: result.body, replayed: false };
      }, limits);
    } finally {
      this.#underWay.delete(slot);
    }
  }

  /** Forgets answers that no client can still be waiting for. */
  async prune(): Promise<void> {
    const before = this.#clock.now() - ANSWER_LIFETIME_MS;
    await this.#storage.transaction((tx) => tx.idempotency.prune(before));
  }
}

function countAudits(tx: Transaction): { audited: () => number; watched: Transaction } {
  let count = 0;
  const watched: Transaction = {
    ...tx,
    audit: {
      append: (entry) => {
        count++;
        return tx.audit.append(entry);
      },
      list: (fromSeq, limit) => tx.audit.list(fromSeq, limit),
    },
  };
  return { audited: () => count, watched };
}
