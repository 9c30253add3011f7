import { Secret, TOTP } from 'otpauth';
import type { AccountView, LinkView, SessionView } from '#protocols';
import type { AuditEntry } from '../../../server/domain/audit/audit.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { type Answer, type Problem, startController, type TestController } from '../http/support.ts';

export const ORIGIN = 'https://loa.test';
export const PASSWORD = 'mười hai con vịt bơi';

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly address?: string;
}

/** A browser: keeps the cookie that it is given, and names its origin with every write. */
export class Browser {
  readonly #controller: TestController;
  readonly #address: string;
  cookie: string | undefined;
  /** The cookie by which the device is known; it outlives the session. */
  device: string | undefined;
  /** All of the last `Set-Cookie` of a session. */
  attributes = '';
  #keys = 0;

  constructor(controller: TestController, address = '192.0.2.1') {
    this.#controller = controller;
    this.#address = address;
  }

  async send<Body = Problem>(
    method: string,
    path: string,
    body?: object,
    { headers = {}, key, address = this.#address }: SendOptions = {},
  ): Promise<Answer<Body>> {
    const response = await this.#controller.app.inject({
      method: method as 'GET',
      url: `/api/v1/${path}`,
      remoteAddress: address,
      headers: {
        'user-agent': 'kiểm thử'.normalize('NFD').replace(/[^ -~]/g, ''),
        ...(method === 'GET' ? {} : { origin: ORIGIN, 'idempotency-key': key ?? `browser-${this.#keys++}` }),
        ...this.#cookies(),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body }),
    });
    for (const set of [response.headers['set-cookie'] ?? []].flat()) this.#keep(set);
    return {
      status: response.statusCode,
      body: (response.body === '' ? null : JSON.parse(response.body)) as Body,
      headers: response.headers,
    };
  }

  #cookies(): Record<string, string> {
    const { cookie, device } = this;
    const kept = [
      ...(cookie === undefined ? [] : [`__Host-loa=${cookie}`]),
      ...(device === undefined ? [] : [`__Host-loa-device=${device}`]),
    ];
    return kept.length === 0 ? {} : { cookie: kept.join('; ') };
  }

  #keep(set: string): void {
    const [, device] = /^__Host-loa-device=([^;]*)/.exec(set) ?? [];
    if (device !== undefined) this.device = device;
    const [, cookie] = /^__Host-loa=([^;]*)/.exec(set) ?? [];
    if (cookie === undefined) return;
    this.attributes = set;
    this.cookie = cookie === '' ? undefined : cookie;
  }

  get<Body = Problem>(path: string, options?: SendOptions): Promise<Answer<Body>> {
    return this.send('GET', path, undefined, options);
  }

  post<Body = Problem>(path: string, body?: object, options?: SendOptions): Promise<Answer<Body>> {
    return this.send('POST', path, body, options);
  }

  login(name: string, password = PASSWORD, more: object = {}): Promise<Answer<SessionView & Problem>> {
    return this.post('session', { name, password, ...more });
  }
}

/** A commune whose people log in, at a time that the test moves. */
export class People {
  readonly clock: FakeClock;
  readonly controller: TestController;

  constructor(controller: TestController, clock: FakeClock) {
    this.controller = controller;
    this.clock = clock;
  }

  browser(address?: string): Browser {
    return new Browser(this.controller, address);
  }

  /** The code that an authenticator app shows now. */
  code(secret: string): string {
    return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: this.clock.now() });
  }

  /** Makes the first administrator by the link of the terminal, with an authenticator app. */
  async setUp(name = 'quan-tri'): Promise<{ admin: Browser; secret: string; recoveryCodes: string[] }> {
    const link = this.controller.context.services.people.setup.link();
    const admin = this.browser();
    const person = { name, displayName: 'Quản trị viên', password: PASSWORD };
    const made = await admin.post('setup', { secret: secretOf(link), ...person });
    if (made.status !== 201) throw new Error(made.body.error.message);
    return { admin, ...(await this.app(admin)) };
  }

  /** Sets an authenticator app up. */
  async app(browser: Browser): Promise<{ secret: string; recoveryCodes: string[] }> {
    const { secret } = (await browser.post<{ secret: string }>('account/totp')).body;
    const confirmed = await browser.post<{ recoveryCodes: string[] }>('account/totp/confirm', {
      code: this.code(secret),
    });
    return { secret, recoveryCodes: confirmed.body.recoveryCodes };
  }

  /** A new person who has chosen a password and is logged in. */
  async person(admin: Browser, name: string, grants: readonly object[]): Promise<Browser> {
    const made = await admin.post<{ account: AccountView; link: LinkView } & Problem>('accounts', {
      ...{ name, displayName: name, grants },
    });
    if (made.status !== 201) throw new Error(made.body.error.message);
    const browser = this.browser();
    await browser.post('links/password', { secret: secretOf(made.body.link.url), password: PASSWORD });
    return browser;
  }

  /** Actions of the audit log, oldest first, with what was refused. */
  async audit(): Promise<AuditEntry[]> {
    await this.controller.context.services.refusals.flush();
    return this.controller.context.storage.read.audit.list(1, 10_000);
  }
}

export async function startPeople(
  clock = new FakeClock(),
  env: Readonly<Record<string, string>> = {},
): Promise<People> {
  // Whoever has an account is made by the test.
  return new People(await startController({ clock }, { LOA_PUBLIC_URL: ORIGIN, ...env }, []), clock);
}

/** What stands behind the # of a link. */
export function secretOf(url: string | null): string {
  return url?.split('#')[1] ?? '';
}
