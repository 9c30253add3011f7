import { schedule } from 'node-cron';
import { type Instant, Lifecycle } from '#kit';
import type { Storage } from '../domain/unit-of-work.ts';

export interface HousekeepingOptions {
  /** When, as cron writes it; each hour by default. */
  readonly cron?: string;
  /** What is done then, by name. */
  readonly tasks: Readonly<Record<string, () => Promise<void>>>;
  readonly onError: (task: string, error: unknown) => void;
}

/** Ticks, by default once an hour. It decides nothing: a tick that is missed or comes twice changes nothing: each task knows what is due. */
export class Housekeeping extends Lifecycle {
  readonly #options: HousekeepingOptions;

  constructor(options: HousekeepingOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const task = schedule(this.#options.cron ?? '23 * * * *', () => this.sweep(), { name: 'housekeeping' });
    this.disposers.defer('housekeeping', async () => {
      await task.destroy();
    });
  }

  /** Does it all now, one after another; a task that fails does not stop the next. */
  async sweep(): Promise<void> {
    for (const [name, task] of Object.entries(this.#options.tasks)) {
      try {
        await task();
      } catch (error) {
        this.#options.onError(name, error);
      }
    }
  }
}

/** How long health reports are kept: a technician asks what went before a fault, not what was last year. */
const HEALTH_LIFETIME_MS = 7 * 24 * 3_600_000;

/** Deletes health reports that are too old, in steps that hold nothing up. */
export async function pruneHealth(storage: Storage, now: Instant): Promise<void> {
  let gone: number;
  do gone = await storage.transaction((tx) => tx.speakers.pruneHealth(now - HEALTH_LIFETIME_MS));
  while (gone > 0);
}
