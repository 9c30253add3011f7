import type { Context } from '../../../server/context/controller.ts';
import type { Role } from '../../../server/domain/accounts/roles.ts';
import { cookieName } from '../../../server/http/plugins/session-cookie.ts';

/** Who is logged in during a test. */
export interface TestPerson {
  /** What a test calls the person; the account's name has a hyphen for each blank. */
  readonly who: string;
  readonly role: Role;
  readonly areas: readonly string[];
}

const DEVICE = { userAgent: 'test', address: '127.0.0.1' };

/** People with accounts, and with the sessions that a login makes: on a paired phone, which lasts as long as a test needs, with a second factor. */
export class TestPeople {
  readonly #people: ReadonlyMap<string, TestPerson>;
  /** What each one's cookie holds. */
  readonly #secrets = new Map<string, string>();

  constructor(people: readonly TestPerson[]) {
    this.#people = new Map(people.map((one) => [one.who, one]));
  }

  has(who: string): boolean {
    return this.#people.has(who);
  }

  /** Lets everybody in who is not in. */
  async signIn({ storage, services }: Context): Promise<void> {
    const { directory, sessions } = services.people;
    const out = [...this.#people.values()].filter((one) => !this.#isIn(one.who, services));
    if (out.length === 0) return;
    const now = Math.floor(services.clock.now());
    await storage.transaction(async (tx) => {
      for (const { who, role, areas } of out) {
        const name = accountName(who);
        if (directory.find(name) === undefined) {
          const account = {
            ...{ name, displayName: who, grants: [{ role, areas, from: null, until: null }] },
            ...{ passwordHash: null, email: null, notices: [], createdAt: now, createdBy: 'test' },
            deactivatedAt: null,
          };
          await tx.accounts.insert(account);
          tx.afterCommit(() => directory.put(account));
        }
        const wanted = { account: name, kind: 'phone', device: DEVICE, secondFactor: true } as const;
        const { secret } = await sessions.open(tx, wanted);
        tx.afterCommit(() => this.#secrets.set(who, secret));
      }
    });
  }

  /** The same, where this one's session has ended: by a restore, or because the test let months go by. */
  async ensure(who: string, context: Context): Promise<void> {
    if (!this.#isIn(who, context.services)) await this.signIn(context);
  }

  /** The headers of a person's request. */
  headers(who: string, { publicUrl }: Context['config']): Record<string, string> {
    const cookie = `${cookieName(publicUrl)}=${this.#secrets.get(who) ?? ''}`;
    return { cookie, origin: new URL(publicUrl).origin };
  }

  #isIn(who: string, { people }: Context['services']): boolean {
    const secret = this.#secrets.get(who);
    return secret !== undefined && people.sessions.find(secret, DEVICE) !== undefined;
  }
}

/** The account that stands for somebody of a test. */
export function accountName(who: string): string {
  return who.replaceAll(' ', '-');
}
