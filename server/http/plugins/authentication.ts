import { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '#protocols';
import { type Actor, authorizeSomewhere } from '../../domain/accounts/actor.ts';
import type { ApiServices } from '../services.ts';

const BEARER = /^Bearer ([!-~]+)$/i;
const BASIC = /^Basic ([A-Za-z0-9+/]+={0,2})$/i;

/** Public scope: everything in it must say that it is. */
export function onlyPublicRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access !== 'public') throw new Error(`${String(method)} ${url} is in the public scope`);
  });
}

/**
 * Private scope: every route in it names a permission, and nobody gets to it who lacks that in all areas. Checked before
 * a body is read; the area itself is checked where it is known.
 */
export function requireAuthentication(app: FastifyInstance, services: ApiServices): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined || config.access === 'public')
      throw new Error(`${String(method)} ${url} names no permission`);
  });
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config;
    if (access === undefined || access === 'public') throw new Error('a private route without permission');
    if (access.speakers) {
      request.speakerId = speakerOf(request, services);
      if (request.speakerId !== null) return;
    }
    const actor = personOf(request, services);
    const { tree } = services.areaDirectory;
    authorizeSomewhere(actor, access.permission, tree);
    request.actor = actor;
  });
}

/** Who asks, on a route that is for people. */
export function actorOf(request: FastifyRequest): Actor {
  if (request.actor === null) throw new DomainError('request.unauthenticated');
  return request.actor;
}

function personOf(request: FastifyRequest, { tokens }: ApiServices): Actor {
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  const actor = token === undefined ? undefined : tokens.find(token);
  if (actor === undefined) throw new DomainError('request.unauthenticated');
  return actor;
}

/** The loudspeaker whose id and secret came, or null when none did. */
function speakerOf(request: FastifyRequest, services: ApiServices): string | null {
  const { speakerSecrets, clientCertificates } = services;
  const encoded = BASIC.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const speakerId = text.slice(0, Math.max(0, colon));
  const { socket } = request.raw;
  if (clientCertificates && !(socket instanceof TLSSocket && socket.authorized))
    throw new DomainError('request.unauthenticated');
  if (speakerSecrets.check(speakerId, Buffer.from(text.slice(colon + 1))) === 'ok') return speakerId;
  throw new DomainError('request.unauthenticated');
}
