/** Takes back a subscription. Calling it twice does nothing. */
export type Unsubscribe = () => void;

/**
 * Typed events within one process. A listener that throws or rejects is reported to `onError` with the event's
 * name and never reaches the emitter or the other listeners.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void | Promise<void>>>();
  readonly #onError: (event: string, error: unknown) => void;

  constructor(onError: (event: string, error: unknown) => void) {
    this.#onError = onError;
  }

  on<Name extends keyof Events>(
    name: Name,
    listener: (event: Events[Name]) => void | Promise<void>,
  ): Unsubscribe {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    // A wrapper of its own, so that one function subscribed twice is two subscriptions.
    const entry = (event: Events[Name]) => listener(event);
    set.add(entry as (event: never) => void | Promise<void>);
    return () => void set.delete(entry as (event: never) => void | Promise<void>);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        const result = (listener as (event: Events[Name]) => void | Promise<void>)(event);
        if (result instanceof Promise) result.catch((error) => this.#onError(String(name), error));
      } catch (error) {
        this.#onError(String(name), error);
      }
    }
  }

  /** The next event of this name that `accept` takes. Rejects when the signal is aborted first. */
  next<Name extends keyof Events>(
    name: Name,
    accept: (event: Events[Name]) => boolean = () => true,
    signal?: AbortSignal,
  ): Promise<Events[Name]> {
    return new Promise((resolve, reject) => {
      const off = this.on(name, (event) => {
        if (!accept(event)) return;
        off();
        resolve(event);
      });
      signal?.addEventListener(
        'abort',
        () => {
          off();
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }
}
