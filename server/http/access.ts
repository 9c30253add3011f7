import type { Actor, Permission } from '../domain/accounts/actor.ts';
import type { Session } from '../domain/accounts/session.ts';

/**
 * Who may use a route; every route says so. `public`: anybody. `session`: any person who is logged in, for the own account. Otherwise people with this
 * permission (the area is checked where it is known), and with `speakers` also loudspeakers with their own secret.
 */
export type RouteAccess =
  | 'public'
  | 'session'
  | { readonly permission: Permission; readonly speakers?: true };

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess;
    /** What silences or warns: it is heard however much its sender asked for before. */
    urgent?: true;
  }
  interface FastifyRequest {
    /** Who asks. Null on public routes and for loudspeakers. */
    actor: Actor | null;
    /** What the person is logged in by; null for machines. */
    session: Session | null;
    /** The loudspeaker that asks, on routes that let them. */
    speakerId: string | null;
  }
}

/** Makes a route's config. */
export function permission(name: Permission): { access: RouteAccess } {
  return { access: { permission: name } };
}

/** A permission for what silences or warns (`urgent`). */
export function urgently(name: Permission): { access: RouteAccess; urgent: true } {
  return { ...permission(name), urgent: true };
}

/** People with a permission, and loudspeakers. */
export function permissionOrSpeaker(name: Permission): { access: RouteAccess } {
  return { access: { permission: name, speakers: true } };
}

export const anybody: { access: RouteAccess } = { access: 'public' };

/** A person who is logged in, whatever the role: it is about the own account. */
export const ownAccount: { access: RouteAccess } = { access: 'session' };
