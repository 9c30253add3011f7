import { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '#protocols';
import { accountActor } from '../../domain/accounts/account.ts';
import { type Actor, authorizeSomewhere } from '../../domain/accounts/actor.ts';
import type { Session } from '../../domain/accounts/session.ts';
import type { ApiServices } from '../services.ts';
import { refuseOtherSites } from './origin.ts';
import type { CountRequest } from './request-rate.ts';
import { sessionOf } from './session-cookie.ts';

const BEARER = /^Bearer ([!-~]+)$/i;
const BASIC = /^Basic ([A-Za-z0-9+/]+={0,2})$/i;

/** Public scope: everything in it must say that it is. Another site may not have a browser write here either. */
export function onlyPublicRoutes(app: FastifyInstance, publicUrl: string): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access !== 'public') throw new Error(`${String(method)} ${url} is in the public scope`);
  });
  app.addHook('onRequest', async (request) => refuseOtherSites(request, { publicUrl, unknown: 'take' }));
}

/**
 * Private scope: every route in it names a permission (or the own account), and nobody gets to it who lacks that in all areas. Checked
 * before a body is read; the area itself is checked where it is known. No browser and no proxy keeps an answer of it.
 */
export function requireAuthentication(
  app: FastifyInstance,
  services: ApiServices,
  count: CountRequest,
): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined || config.access === 'public')
      throw new Error(`${String(method)} ${url} names no permission`);
  });
  // Files that are named by their hash say otherwise themselves.
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'));
  app.addHook('onRequest', async (request) => {
    const { access, urgent } = request.routeOptions.config;
    if (access === undefined || access === 'public') throw new Error('a private route without permission');
    if (access !== 'session' && access.speakers) {
      request.speakerId = speakerOf(request, services);
      if (request.speakerId !== null) return;
    }
    const actor = callerOf(request, services);
    // Who it is stands before what he may do: a refusal is recorded with the name.
    request.actor = actor;
    // About the own account there is little to ask, and what costs much is slowed down by itself: its owner always gets to end a session that somebody stole.
    if (urgent !== true && access !== 'session') await count(request, actor.name);
    if (access === 'session') {
      if (request.session === null) throw new DomainError('account.session_needed');
    } else {
      if (request.session !== null) requireOpen(request.session, services);
      authorizeSomewhere(actor, access.permission, services.areaDirectory.tree);
    }
  });
}

/** Who asks, on a route that is for people. */
export function actorOf(request: FastifyRequest): Actor {
  if (request.actor === null) throw new DomainError('request.unauthenticated');
  return request.actor;
}

/** The session that asks, on a route that is for the own account. */
export function ownSession(request: FastifyRequest): Session {
  if (request.session === null) throw new DomainError('account.session_needed');
  return request.session;
}

/** Who asks, as it is now: for an answer that goes on for hours. Null once the token or the session has ended, or lacks its second factor now; a session is not seen by it. */
export function actorNow(request: FastifyRequest, { clock, people, tokens }: ApiServices): Actor | null {
  const { session, ip } = request;
  if (session === null) return tokens.find(bearerOf(request) ?? '', ip) ?? null;
  const current = people.sessions.current(session);
  const account = people.directory.find(current?.account ?? '');
  if (current === undefined || account === undefined) return null;
  const isOpen = people.factors.stateOf(current, account, clock.now()) === 'open';
  return isOpen ? accountActor(account, clock.now(), ip) : null;
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return BEARER.exec(headers.authorization ?? '')?.[1];
}

/** Throws `request.unauthenticated`, `request.cross_site`. */
function callerOf(request: FastifyRequest, services: ApiServices): Actor {
  const { clock, people, tokens } = services;
  if (request.headers.authorization !== undefined) {
    const token = bearerOf(request);
    const actor = token === undefined ? undefined : tokens.find(token, request.ip);
    if (actor !== undefined) return actor;
    throw new DomainError('request.unauthenticated');
  }
  const session = sessionOf(request, services);
  const account = session === undefined ? undefined : people.directory.find(session.account);
  if (session === undefined || account === undefined) throw new DomainError('request.unauthenticated');
  refuseOtherSites(request, { publicUrl: people.publicUrl, unknown: 'refuse' });
  request.session = session;
  return accountActor(account, clock.now(), request.ip);
}

/** Throws `account.second_factor_required`. */
function requireOpen(session: Session, { clock, people }: ApiServices): void {
  const account = people.directory.get(session.account);
  if (people.factors.stateOf(session, account, clock.now()) !== 'open')
    throw new DomainError('account.second_factor_required');
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
