import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DomainError } from '#protocols';
import { rolesOf } from '../../domain/accounts/actor.ts';
import type { Refusal, Refusals } from '../../domain/audit/refusals.ts';
import '../access.ts';
import { cookieName } from './session-cookie.ts';

/**
 * Gives what hears of each request that was refused with 401, 403 or 429. Who sent no credentials at all only has to log in: that is no refusal;
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
