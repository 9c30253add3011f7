import { schedule } from 'node-cron';
import { type Clock, Lifecycle } from '#kit';
import type { MarkKeeper } from '../domain/announcements/mark-keeper.ts';
import type { Acts } from '../domain/audit/acts.ts';
import { sweepHealth } from '../domain/retention/health-thinning.ts';
import { readRetention } from '../domain/retention/retention-settings.ts';
import { type AudioFiles, sweepUnusedAudio } from '../domain/retention/unused-audio.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { Logger } from '../logger.ts';

const DAY_MS = 86_400_000;

export interface HousekeepingParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
  readonly acts: Acts;
  /** Their sessions and links. */
  readonly people: { prune(): Promise<void> };
  readonly enrolment: { forgetExpired(): Promise<void> };
  readonly commonState: { bringUpToDate(): Promise<void> };
  readonly marks: Pick<MarkKeeper, 'settle'>;
  readonly compiler: { prune(): Promise<void> };
  readonly auditHeads: {
    readonly auditHeads: { closeDay(): Promise<void> };
    readonly headDelivery: { deliver(): Promise<void> };
  };
  readonly audio: AudioFiles;
  /** Of the whole controller. */
  readonly rootAreaId: string;
}

/** What this controller sweeps. */
export function buildHousekeeping({
  clock,
  log,
  storage,
  acts,
  people,
  enrolment,
  commonState,
  marks,
  compiler,
  auditHeads: { auditHeads, headDelivery },
  audio,
  rootAreaId,
}: HousekeepingParts): Housekeeping {
  return new Housekeeping({
    tasks: {
      'idempotency answers': () => acts.prune(),
      'sessions and links': () => people.prune(),
      'plan documents': () => compiler.prune(),
      'enrolment codes': () => enrolment.forgetExpired(),
      'what all assignments say': () => commonState.bringUpToDate(),
      'where announcements wait': () => marks.settle(),
      'head of the audit log': () => auditHeads.closeDay(),
      // Also what could not be sent before.
      'heads outside': () => headDelivery.deliver(),
      'health history': async () =>
        sweepHealth(storage, clock.now(), (await readRetention(storage.read)).healthDays * DAY_MS),
      'unused audio': async () => {
        const { unusedAudioDays } = await readRetention(storage.read);
        const keepMs = unusedAudioDays === null ? null : unusedAudioDays * DAY_MS;
        await sweepUnusedAudio(storage, audio, { now: clock.now(), keepMs, areaId: rootAreaId });
      },
    },
    onError: (task, error) => log.error({ err: error, task }, 'housekeeping failed'),
  });
}

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
