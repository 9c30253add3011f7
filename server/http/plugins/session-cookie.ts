import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KNOWN_MS } from '../../domain/accounts/known-devices.ts';
import type { Session } from '../../domain/accounts/session.ts';
import type { Device, OpenedSession } from '../../domain/accounts/session-book.ts';
import type { ApiServices } from '../services.ts';

type CookieParts = Pick<ApiServices, 'people' | 'clock'>;

/** Over https a name that browsers bind to this very host (RFC 6265bis §4.1.3.2). */
export function cookieName(publicUrl: string): string {
  return isSecure(publicUrl) ? '__Host-loa' : 'loa_session';
}

/** The name of the cookie by which a device is known (`KnownDevices`). */
function deviceCookieName(publicUrl: string): string {
  return isSecure(publicUrl) ? '__Host-loa-device' : 'loa_device';
}

/** Where a request comes from. */
export function deviceOf(request: FastifyRequest, { people }: Pick<CookieParts, 'people'>): Device {
  return {
    ...{ userAgent: request.headers['user-agent'] ?? '', address: request.ip },
    known: request.cookies[deviceCookieName(people.publicUrl)],
  };
}

/** The session that the request's cookie names, if it holds. */
export function sessionOf(request: FastifyRequest, { people }: CookieParts): Session | undefined {
  const secret = request.cookies[cookieName(people.publicUrl)];
  return secret === undefined ? undefined : people.sessions.find(secret, deviceOf(request, { people }));
}

/** Gives the browser a session. No script of a page can read it, and no other site can send it with a form. */
export function giveCookie(reply: FastifyReply, { people, clock }: CookieParts, opened: OpenedSession): void {
  const { publicUrl } = people;
  void reply.setCookie(cookieName(publicUrl), opened.secret, {
    ...attributes(publicUrl),
    maxAge: Math.floor((opened.session.expiresAt - clock.now()) / 1000),
  });
}

/**
 * Lets the device be known as one on which the session's person logged in. It stays when he logs out, and opens nothing. A session that awaits its
 * second factor proved too little for it.
 */
export function rememberDevice(
  request: FastifyRequest,
  reply: FastifyReply,
  { people, clock }: CookieParts,
  session: Session,
): void {
  const { publicUrl, devices, directory, factors } = people;
  const state = factors.stateOf(session, directory.get(session.account), clock.now());
  if (state === 'confirm_second_factor') return;
  const { known } = deviceOf(request, { people });
  void reply.setCookie(deviceCookieName(publicUrl), devices.add(known, session.account, session.id), {
    ...attributes(publicUrl),
    maxAge: Math.floor(KNOWN_MS / 1000),
  });
}

export function clearCookie(reply: FastifyReply, { people }: CookieParts): void {
  void reply.clearCookie(cookieName(people.publicUrl), attributes(people.publicUrl));
}

function attributes(publicUrl: string) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(publicUrl) } as const;
}

function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith('https:');
}
