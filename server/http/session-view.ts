import type { OwnSession, SessionView } from '#protocols';
import { grantsInForce } from '../domain/accounts/account.ts';
import { GRANTS } from '../domain/accounts/roles.ts';
import { FRESH_MS, SESSION_LIFE, type Session } from '../domain/accounts/session.ts';
import type { ApiServices } from './services.ts';

/** What a person's screen starts from. */
export function sessionView(session: Session, { people, clock }: ApiServices): SessionView {
  const { directory, factors } = people;
  const account = directory.get(session.account);
  const { name, displayName, email, notices, passwordHash } = account;
  const now = Math.floor(clock.now());
  const { id, kind, secondFactor, authenticatedAt, expiresAt } = session;
  return {
    ...{ id, kind, secondFactor, expiresAt, now },
    account: { name, displayName, email },
    state: factors.stateOf(session, account, now),
    freshUntil: authenticatedAt + FRESH_MS,
    factors: {
      password: passwordHash !== null,
      totp: factors.totp(name) !== undefined,
      recoveryCodesLeft: factors.totp(name)?.recoveryCodes.length ?? 0,
      passkeys: factors.passkeysOf(name).length,
    },
    grants: grantsInForce(account, now).map(({ role, areas, from, until }) => ({
      ...{ role, from, until },
      areas: [...areas],
      permissions: [...GRANTS[role]],
    })),
    notices: notices.map((one) => ({ ...one, byName: directory.calledBy(one.by) })),
    sendsMail: people.sendsMail,
    idleMs: SESSION_LIFE[kind].idleMs,
  };
}

/** One of a person's sessions, in the list of all. */
export function ownSessionView(session: Session, current: Session): OwnSession {
  const { id, kind, userAgent, address, createdAt, lastSeenAt, expiresAt, pairedBy } = session;
  return {
    ...{ id, kind, userAgent, address, createdAt, lastSeenAt, expiresAt, pairedBy },
    current: id === current.id,
  };
}
