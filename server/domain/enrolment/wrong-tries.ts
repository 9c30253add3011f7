import { addressGroup, type Clock, type Milliseconds } from '#kit';

const WINDOW_MS: Milliseconds = 15 * 60_000;
const MOST_PER_ADDRESS = 30;
/** Addresses remembered; the one whose window began first is forgotten for another. */
const MOST_ADDRESSES = 10_000;

interface Tries {
  count: number;
  readonly until: number;
}

/** Wrong codes by network address (of IPv6 by /64). A whole commune may sit behind one, so right ones are never counted. */
export class WrongTries {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, Tries>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long this address has to wait until it is listened to again, ms; 0: it is now. */
  waitMs(address: string): Milliseconds {
    const tries = this.#current(address);
    return tries === undefined || tries.count < MOST_PER_ADDRESS
      ? 0
      : Math.max(0, tries.until - this.#clock.monotonic());
  }

  count(address: string): void {
    const known = this.#current(address);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const [first] = this.#byAddress.keys();
    if (this.#byAddress.size >= MOST_ADDRESSES && first !== undefined) this.#byAddress.delete(first);
    this.#byAddress.set(addressGroup(address), { count: 1, until: this.#clock.monotonic() + WINDOW_MS });
  }

  #current(address: string): Tries | undefined {
    const group = addressGroup(address);
    const tries = this.#byAddress.get(group);
    if (tries !== undefined && tries.until <= this.#clock.monotonic()) this.#byAddress.delete(group);
    return this.#byAddress.get(group);
  }
}
