import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { LinkView } from '#protocols';
import { suggestedName } from '../../server/console/ui/login-name.ts';
import type { ContextOverrides } from '../../server/context.ts';
import { freePort } from '../../server/demo/free-port.ts';
import type { Role } from '../../server/domain/accounts/roles.ts';
import { COMMUNE, startControllerForFile, type TestController } from '../integration/http/support.ts';
import type { TestPerson } from '../integration/http/test-people.ts';
import { accessibilityFaults } from './axe.ts';
import { Chromium } from './devtools.ts';
import type { Page } from './page.ts';

export const PASSWORD = 'trăng lên đầu núi muộn';
/** The narrowest phone that is to be served, and a desk. */
export const PHONE = 360;
export const DESK = 1280;

/** In a page: what a person who is logged in there gets for an act of the API. */
export function act(path: string, body: object, method = 'POST'): string {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomBytes(8).toString('hex') };
  const init = JSON.stringify({ method, headers, body: JSON.stringify(body) });
  return `fetch('/api/v1/${path}', ${init}).then((answer) => answer.json())`;
}

/** The code that an authenticator app shows for a secret. */
export function codeOf(secret: string, timestamp = Date.now()): string {
  return new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate({ timestamp });
}

interface Member {
  readonly areas?: readonly string[];
  readonly width?: number;
  /** Until when the role is held; a deputy's always ends. */
  readonly until?: number;
}

/** A controller that listens, and a browser for each person who uses its pages. */
export class Station {
  readonly url: string;
  readonly controller: TestController;
  readonly #browser: Chromium;
  readonly pages: Page[] = [];

  private constructor(url: string, controller: TestController, browser: Chromium) {
    this.url = url;
    this.controller = controller;
    this.#browser = browser;
  }

  static async open(overrides: ContextOverrides, people?: readonly TestPerson[]): Promise<Station> {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const [browser, controller] = await Promise.all([
      Chromium.start(),
      startControllerForFile(overrides, { LOA_PUBLIC_URL: url }, people),
    ]);
    await controller.app.listen({ host: '127.0.0.1', port });
    return new Station(url, controller, browser);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#browser.stop(), this.controller.stop()]);
  }

  /** A browser of nobody who is known. */
  async person(width = DESK): Promise<Page> {
    const page = await this.#browser.person(width);
    this.pages.push(page);
    return page;
  }

  /** Somebody with a role who was invited, chose a password and sits before the first page. The login name follows from the name. */
  async member(role: Role, displayName: string, member: Member = {}) {
    const { areas = [COMMUNE], width = DESK, until = null } = member;
    const wanted = { name: suggestedName(displayName), displayName, grants: [{ role, areas, until }] };
    const { body } = await this.controller.post<{ link: LinkView }>(
      'province administrator',
      'accounts',
      wanted,
    );
    const page = await this.person(width);
    await page.goTo(`${this.url}/`);
    const secret = new URL(body.link.url).hash.slice(1);
    await page.value(act('links/password', { secret, password: PASSWORD }));
    await page.goTo(`${this.url}/`);
    return page;
  }

  /** An administrator with an authenticator app: its secret, and the codes for when the phone is lost. */
  async administrator(displayName: string, now = Date.now(), areas: readonly string[] = [COMMUNE]) {
    const page = await this.member('administrator', displayName, { areas });
    const { secret } = await page.value<{ secret: string }>(act('account/totp', {}));
    const { recoveryCodes } = await page.value<{ recoveryCodes: string[] }>(
      act('account/totp/confirm', { code: codeOf(secret, now) }),
    );
    await page.goTo(`${this.url}/`);
    await page.sees('Đăng xuất');
    return { page, secret, recoveryCodes };
  }

  /** The page as it is on a phone and on a desk: on neither is it wider than the screen, nor does it keep anybody out. */
  async look(page: Page, name: string, left = DESK): Promise<void> {
    for (const width of [PHONE, DESK]) {
      await page.resize(width);
      expect([name, width, await page.tooWide()]).toEqual([name, width, 0]);
      expect([name, width, await accessibilityFaults(page)]).toEqual([name, width, []]);
      await page.picture(`${name}-${width}`);
    }
    await page.resize(left);
  }
}

/** One station for all tests of a file. No page may breach its policy, fail or complain. */
export function useStation(
  overrides: () => ContextOverrides = () => ({}),
  people?: readonly TestPerson[],
): () => Station {
  let station: Station | undefined;
  beforeAll(async () => {
    station = await Station.open(overrides(), people);
  });
  afterAll(() => station?.stop());
  afterEach(() => {
    const pages = station?.pages ?? [];
    expect(pages.flatMap(({ breaches, errors }) => [...breaches, ...errors])).toEqual([]);
  });
  return () => {
    if (station === undefined) throw new Error('the station is not open');
    return station;
  };
}
