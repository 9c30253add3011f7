import { type Clock, Lifecycle } from '#kit';
import { DomainError, type HealthReport } from '#protocols';
import { provedWords, type ReceivedWord, type Said, wordBytes } from '../deliveries/proved-words.ts';
import { SliceWorker } from '../deliveries/slice-worker.ts';
import type { SpeakerKeys } from '../deliveries/speaker-keys.ts';
import type { HelloService } from './hello.ts';

interface Received extends ReceivedWord {
  readonly report: HealthReport;
}

/** Reports whose signatures are proved together. */
const SLICE = 200;
const CAPACITY_BYTES = 64 * 1024 * 1024;

export interface HealthIngestOptions {
  readonly clock: Clock;
  readonly keys: SpeakerKeys;
  readonly hellos: Pick<HelloService, 'heartbeat'>;
  /** Told once of each report that needs its loudspeaker's signature and has another's. */
  readonly onForged: (name: 'health', speakerId: string) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Takes health in the order in which it comes, also while signatures are proved aside: a report that needs none waits for those before it.
 * Nothing here waits for the database.
 */
export class HealthIngest extends Lifecycle {
  readonly #options: HealthIngestOptions;
  readonly #worker: SliceWorker<Received>;

  constructor(options: HealthIngestOptions) {
    super();
    this.#options = options;
    this.#worker = new SliceWorker<Received>({
      name: 'health',
      clock: options.clock,
      sliceWeight: SLICE,
      size: wordBytes,
      capacity: CAPACITY_BYTES,
      collectMs: 0,
      work: (items) => this.#work(items),
      onFailed: (_item, error) => options.onError(error),
    });
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('health', () => this.#worker.stop());
    await this.#worker.start();
  }

  /** Queues a report; `said`: its signature, where it needs one. Throws `message.overflow` when too many wait. */
  take(speakerId: string, report: HealthReport, said: Said | undefined): void {
    if (!this.#worker.offer({ speakerId, report, said }))
      throw new DomainError('message.overflow', { topic: 'health', limit: CAPACITY_BYTES });
  }

  async #work(items: readonly Received[]): Promise<void> {
    const { keys, hellos, onForged } = this.#options;
    const proved = await provedWords(items, {
      keyOf: ({ speakerId }) => keys.of(speakerId),
      onForged: ({ speakerId }) => onForged('health', speakerId),
    });
    for (const { speakerId, report } of proved) hellos.heartbeat(speakerId, report);
  }
}
