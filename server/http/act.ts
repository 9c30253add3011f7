import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, IDEMPOTENCY_HEADER, IDEMPOTENCY_KEY_PATTERN, sha256 } from '#protocols';
import type { Actor } from '../domain/accounts/actor.ts';
import type { ActResult, Replay } from '../domain/audit/acts.ts';
import type { Transaction } from '../domain/unit-of-work.ts';
import { actorOf } from './plugins/authentication.ts';
import type { ApiServices } from './services.ts';

/** The request's Idempotency-Key. Throws `request.key_missing`. */
export function idempotencyKey(request: FastifyRequest): string {
  const key = request.headers[IDEMPOTENCY_HEADER];
  if (typeof key !== 'string' || !IDEMPOTENCY_KEY_PATTERN.test(key))
    throw new DomainError('request.key_missing');
  return key;
}

export interface ActOptions<Body> {
  /** Stands for the request in the key's record; by default the parsed body. For an upload: the hash of the file. */
  readonly fingerprint?: unknown;
  readonly replay?: Replay<Body>;
}

/** Runs an acting request once for its key and gives the answer's body: the first one again when the request is repeated. */
export async function act<Body>(
  services: ApiServices,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (tx: Transaction, actor: Actor) => Promise<ActResult<Body>>,
  options: ActOptions<Body> = {},
): Promise<Body> {
  const actor = actorOf(request);
  const asked = JSON.stringify([request.method, request.url, options.fingerprint ?? request.body ?? null]);
  const outcome = await services.acts.perform(
    { actor, key: idempotencyKey(request), requestHash: sha256(asked) },
    (tx) => work(tx, actor),
    options.replay,
  );
  if (outcome.replayed) void reply.header('idempotent-replayed', 'true');
  void reply.code(outcome.status);
  return outcome.body;
}
