import { schedule } from 'node-cron';
import { Lifecycle } from '#kit';

export interface HousekeepingOptions {
  /** What is done each hour, by name. */
  readonly tasks: Readonly<Record<string, () => Promise<void>>>;
  readonly onError: (task: string, error: unknown) => void;
}

/** Sweeps once an hour. It decides nothing: a sweep that is missed or comes twice changes nothing but the room on the disk. */
export class Housekeeping extends Lifecycle {
  readonly #options: HousekeepingOptions;

  constructor(options: HousekeepingOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const task = schedule('23 * * * *', () => this.sweep(), { name: 'housekeeping' });
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
