import type { ApiClient, ServerEvent } from '../../../server/demo/api-client.ts';

interface Waiter {
  readonly fits: (event: ServerEvent) => boolean;
  readonly found: (event: ServerEvent) => void;
}

/** What the live event stream said since it was opened, to be waited for. */
export class LiveView {
  readonly #abort = new AbortController();
  readonly #events: ServerEvent[] = [];
  readonly #waiters = new Set<Waiter>();

  /** Listens until `close`, or until the controller goes away. */
  constructor(client: ApiClient) {
    void this.#listen(client);
  }

  close(): void {
    this.#abort.abort();
  }

  /** The first event of this name, heard already or to come, whose data hold these values and please `more`. */
  next(
    name: string,
    wanted: Readonly<Record<string, unknown>>,
    more: (data: Readonly<Record<string, unknown>>) => boolean = () => true,
  ): Promise<ServerEvent> {
    const fits = (event: ServerEvent) => {
      if (event.name !== name) return false;
      const data = event.data as Readonly<Record<string, unknown>>;
      return Object.entries(wanted).every(([key, value]) => data[key] === value) && more(data);
    };
    const heard = this.#events.find(fits);
    if (heard !== undefined) return Promise.resolve(heard);
    return new Promise((found) => this.#waiters.add({ fits, found }));
  }

  async #listen(client: ApiClient): Promise<void> {
    try {
      for await (const event of client.events(this.#abort.signal)) {
        this.#events.push(event);
        for (const waiter of this.#waiters) {
          if (!waiter.fits(event)) continue;
          this.#waiters.delete(waiter);
          waiter.found(event);
        }
      }
    } catch {
      // Closed, or the controller was ended: who waits for more runs into the limit of the test.
    }
  }
}
