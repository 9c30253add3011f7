import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from '../../domain/accounts/session.ts';
import type { Device, OpenedSession } from '../../domain/accounts/session-book.ts';
import type { ApiServices } from '../services.ts';

type CookieParts = Pick<ApiServices, 'people' | 'clock'>;

/** Over https a name that browsers bind to this very host (RFC 6265bis §4.1.3.2). */
export function cookieName(publicUrl: string): string {
  return isSecure(publicUrl) ? '__Host-loa' : 'loa_session';
}

/** Where a request comes from. */
export function deviceOf(request: FastifyRequest): Device {
  return { userAgent: request.headers['user-agent'] ?? '', address: request.ip };
}

/** The session that the request's cookie names, if it holds. */
export function sessionOf(request: FastifyRequest, { people }: CookieParts): Session | undefined {
  const secret = request.cookies[cookieName(people.publicUrl)];
  return secret === undefined ? undefined : people.sessions.find(secret, deviceOf(request));
}

/** Gives the browser a session. No script of a page can read it, and no other site can send it with a form. */
export function giveCookie(reply: FastifyReply, { people, clock }: CookieParts, opened: OpenedSession): void {
  const { publicUrl } = people;
  void reply.setCookie(cookieName(publicUrl), opened.secret, {
    ...attributes(publicUrl),
    maxAge: Math.floor((opened.session.expiresAt - clock.now()) / 1000),
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
