import { backoff, type Clock, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { isDomainError } from '#protocols';

const RETRY = { baseMs: 500, maxMs: 10_000 } as const;

export interface UrgentKeeperOptions<Item> {
  /** Shows in timers. */
  readonly name: string;
  readonly clock: Clock;
  /** Brings one into the database, in a transaction of its own. */
  readonly save: (item: Item) => Promise<void>;
  /** What it is about: of one subject the order is kept. */
  readonly subjectOf: (item: Item) => string;
  readonly onError: (error: unknown) => void;
}

/** Brings what is in force already into the database, each once and in order, as soon as it takes it. One that fails holds up only its own subject. */
export class UrgentKeeper<Item> extends Lifecycle {
  readonly #options: UrgentKeeperOptions<Item>;
  #due: Item[] = [];
  #delays: Generator<Milliseconds, never> = backoff(RETRY);
  #retry: Timer | undefined;
  #busy = false;
  #open = false;

  constructor(options: UrgentKeeperOptions<Item>) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    this.#open = true;
    this.disposers.defer(this.#options.name, () => {
      this.#open = false;
      this.#retry?.cancel();
      this.#retry = undefined;
    });
    this.#go();
  }

  /** What the database has not taken yet, oldest first. */
  get due(): readonly Item[] {
    return this.#due;
  }

  put(item: Item): void {
    this.#due.push(item);
    this.#go();
  }

  #go(): void {
    if (!this.#open || this.#busy || this.#retry !== undefined || this.#due.length === 0) return;
    this.#busy = true;
    this.background(this.#drain(), this.#options.onError);
  }

  async #drain(): Promise<void> {
    const held = new Set<string>();
    try {
      for (let item = this.#next(held); item !== undefined && this.#open; item = this.#next(held))
        await this.#attempt(item, held);
      if (held.size === 0) this.#delays = backoff(RETRY);
    } catch (error) {
      if (!isNotNow(error)) throw error;
    } finally {
      this.#busy = false;
      if (this.#due.length > 0) this.#again();
    }
  }

  #next(held: ReadonlySet<string>): Item | undefined {
    return this.#due.find((item) => !held.has(this.#options.subjectOf(item)));
  }

  async #attempt(item: Item, held: Set<string>): Promise<void> {
    const { save, subjectOf, onError } = this.#options;
    try {
      await save(item);
      this.#due = this.#due.filter((one) => one !== item);
    } catch (error) {
      if (isNotNow(error)) throw error;
      held.add(subjectOf(item));
      onError(error);
    }
  }

  #again(): void {
    if (!this.#open || this.#retry !== undefined) return;
    const { clock, name } = this.#options;
    this.#retry = clock.setTimer(`${name}: into the database`, this.#delays.next().value, () => {
      this.#retry = undefined;
      this.#go();
    });
  }
}

/** Whether the database takes nothing at all just now. */
export function isNotNow(error: unknown): boolean {
  return isDomainError(error, 'storage.busy') || isDomainError(error, 'storage.disk_full');
}
