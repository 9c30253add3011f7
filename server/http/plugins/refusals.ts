import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DomainError, ErrorCode } from '#protocols';
import { rolesOf } from '../../domain/accounts/actor.ts';
import type { Refusal, Refusals } from '../../domain/audit/refusals.ts';
import '../access.ts';
import { cookieName } from './session-cookie.ts';

/** Not let in, not allowed, slowed down. */
const REFUSED_STATUSES = [401, 403, 429];

/** What the rules of trust refuse to somebody who was let in, under another status: who tries to get around an approval leaves a trace. */
const REFUSALS_OF_TRUST: readonly ErrorCode[] = [
  ...(['announcement.not_approved', 'announcement.audio_changed', 'approval.areas_missing'] as const),
  ...(['emergency.two_persons', 'emergency.refused_there', 'make_good.not_covered'] as const),
  ...(['token.too_much', 'account.grants_changed'] as const),
];

/** Whether an error refuses something to who asks: that is for the audit log, and a mistake in what is asked is not. */
export function isRefusal({ status, code }: DomainError): boolean {
  return REFUSED_STATUSES.includes(status) || REFUSALS_OF_TRUST.includes(code);
}

/**
 * Gives what hears of each refusal (`isRefusal`). Who sent no credentials at all only has to log in: that is no refusal;
 * and a failed login has an entry of its own.
 */
export function recordRefusals(
  app: FastifyInstance,
  refusals: Pick<Refusals, 'note' | 'close'>,
  publicUrl: string,
): (request: FastifyRequest, error: DomainError) => void {
  app.addHook('onClose', () => refusals.close());
  return (request, error) => {
    const session = request.cookies[cookieName(publicUrl)];
    const nothingSent = request.headers.authorization === undefined && session === undefined;
    if (error.code === 'request.unauthenticated' && nothingSent) return;
    if (error.code.startsWith('login.') && error.status !== 429) return;
    refusals.note(refusalOf(request, error));
  };
}

/** The route and not the path: what a stranger writes there is not for the record. */
function refusalOf(request: FastifyRequest, { code, params }: DomainError): Refusal {
  const { actor, speakerId, method, ip, routeOptions } = request;
  const area = params['area'];
  return {
    actor: actor?.name ?? speakerId,
    role: actor === null ? (speakerId === null ? '' : 'speaker') : rolesOf(actor),
    origin: ip,
    subject: `${method} ${routeOptions.url ?? 'unknown'}`,
    code,
    areaId: typeof area === 'string' && area !== '' ? area : null,
  };
}
