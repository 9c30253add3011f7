import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, IDEMPOTENCY_HEADER, IDEMPOTENCY_KEY_PATTERN, sha256 } from '#protocols';
import type { Actor } from '../domain/accounts/actor.ts';
import type { ActRequest, ActResult, Replay } from '../domain/audit/acts.ts';
import type { Transaction } from '../domain/unit-of-work.ts';
import type { UrgentPlan } from '../domain/urgent/urgent-acts.ts';
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
  const asked = actRequest(request, options.fingerprint);
  const { actor } = asked;
  const outcome = await services.acts.perform(asked, (tx) => work(tx, actor), options.replay);
  if (outcome.replayed) void reply.header('idempotent-replayed', 'true');
  void reply.code(outcome.status);
  return outcome.body;
}

/** Said of every route that acts so. */
export const KEPT_LATER =
  '202 with the header "kept-in: file" while the database is held: it is done and durable, and the database is to hear of it.';

/** The same act without the database, for when that is held. */
export interface UrgentOptions<Body> {
  readonly subject: string;
  readonly plan: (actor: Actor) => Promise<UrgentPlan<Body>>;
}

/**
 * As `act`, for what must reach loudspeakers at once. 202 with the header `kept-in: file` says that it is done and durable, and that the database is to
 * hear of it later.
 */
export async function actNow<Body>(
  services: ApiServices,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (tx: Transaction, actor: Actor) => Promise<ActResult<Body>>,
  { subject, plan }: UrgentOptions<Body>,
): Promise<Body> {
  const asked = actRequest(request);
  const { actor } = asked;
  const outcome = await services.urgent.perform(asked, (tx) => work(tx, actor), {
    subject,
    plan: () => plan(actor),
  });
  if (outcome.replayed) void reply.header('idempotent-replayed', 'true');
  if (outcome.kept === 'file') void reply.header('kept-in', 'file');
  void reply.code(outcome.status);
  return outcome.body;
}

function actRequest(request: FastifyRequest, fingerprint: unknown = request.body ?? null): ActRequest {
  const asked = JSON.stringify([request.method, request.url, fingerprint]);
  return { actor: actorOf(request), key: idempotencyKey(request), requestHash: sha256(asked) };
}
