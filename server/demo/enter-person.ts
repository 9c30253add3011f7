import type { Clock } from '#kit';
import { PasswordHasher } from '../domain/accounts/password-hash.ts';
import type { Role } from '../domain/accounts/roles.ts';
import { SessionBook } from '../domain/accounts/session-book.ts';
import type { Storage } from '../domain/unit-of-work.ts';

export interface NewPerson {
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly areas: readonly string[];
  /** Nobody logs in by one where it is absent: the session is all that there is. */
  readonly password?: string;
}

/** Makes a person in the database of a controller that does not run, logged in on a phone that was paired: the secret of its cookie. */
export async function enterPerson(storage: Storage, clock: Clock, person: NewPerson): Promise<string> {
  const { name, displayName, role, areas, password } = person;
  const passwordHash = password === undefined ? null : await new PasswordHasher().hash(password);
  const sessions = new SessionBook({
    storage,
    clock,
    onError: (error) => {
      throw error;
    },
  });
  const { secret } = await storage.transaction(async (tx) => {
    await tx.accounts.insert({
      ...{ name, displayName, passwordHash, email: null, notices: [] },
      grants: [{ role, areas, from: null, until: null }],
      ...{ createdAt: Math.floor(clock.now()), createdBy: 'setup', deactivatedAt: null },
    });
    const device = { userAgent: 'loa-lang', address: '127.0.0.1' };
    return sessions.open(tx, { account: name, kind: 'phone', device, secondFactor: false });
  });
  return secret;
}
