import { timingSafeEqual } from 'node:crypto';
import type { Clock, Instant, Milliseconds } from '#kit';
import type { SecretSealer } from './secret-sealer.ts';

/** So long after the last login a device is still known. */
export const KNOWN_MS: Milliseconds = 366 * 24 * 3_600_000;
/** People who are known on one device; the one who logged in longest ago goes. */
const MOST_PEOPLE = 8;
const PURPOSE = 'known device';

interface Entry {
  readonly account: string;
  /** Of the device, for this person. */
  readonly id: string;
  readonly until: Instant;
}

/**
 * Devices on which a person logged in before, by a cookie that says so (OWASP, "device cookies"). It opens nothing: guesses with it are counted by
 * themselves, so that others who guess the name hold nobody up on the own device. Nothing is stored: each entry bears a code that we alone can make.
 */
export class KnownDevices {
  readonly #sealer: Pick<SecretSealer, 'codeOf'>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(sealer: Pick<SecretSealer, 'codeOf'>, clock: Pick<Clock, 'now'>) {
    this.#sealer = sealer;
    this.#clock = clock;
  }

  /** The device's id for an account, where its cookie says that the account logged in on it. */
  idOf(cookie: string | undefined, account: string): string | undefined {
    return this.#read(cookie).find((entry) => entry.account === account)?.id;
  }

  /** The cookie after the account logged in with a session; a device that knows it keeps its id, and one session makes one device. */
  add(cookie: string | undefined, account: string, session: string): string {
    const entries = this.#read(cookie);
    const id = entries.find((entry) => entry.account === account)?.id ?? session;
    const until = Math.floor(this.#clock.now()) + KNOWN_MS;
    const others = entries.filter((entry) => entry.account !== account).slice(0, MOST_PEOPLE - 1);
    return [{ account, id, until }, ...others].map((entry) => this.#write(entry)).join('!');
  }

  /** The entries that are ours and hold. */
  #read(cookie = ''): Entry[] {
    const now = this.#clock.now();
    return cookie
      .split('!', MOST_PEOPLE)
      .map((text) => {
        const [account = '', id = '', until = ''] = text.split('~');
        return { text, entry: { account, id, until: Number(until) } };
      })
      .filter(({ text, entry }) => isSame(text, this.#write(entry)) && now < entry.until)
      .map(({ entry }) => entry);
  }

  #write({ account, id, until }: Entry): string {
    const said = `${account}~${id}~${until}`;
    return `${said}~${this.#sealer.codeOf(PURPOSE, said)}`;
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
