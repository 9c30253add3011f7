import { rm } from 'node:fs/promises';
import { type Clock, Emitter, Lifecycle } from '#kit';
import { DomainError, isDomainError } from '#protocols';
import type { Binaries } from './binaries.ts';
import type { ContentStore, StoredContent } from './content-store.ts';
import { assertUsable } from './ffmpeg.ts';
import { prepare } from './prepare.ts';
import type { PreparationLimits, PreparationStage, PreparedAudio } from './prepared-audio.ts';

export interface PreparationJob {
  /** The caller's id; unique among the jobs waiting or running. */
  readonly id: string;
  /** The file that was brought in. The queue neither moves nor removes it. */
  readonly sourcePath: string;
  readonly limits?: Partial<PreparationLimits>;
}

/** A finished job: the file is in the store. */
export type StoredAudio = Omit<PreparedAudio, 'path'> & StoredContent;

export interface PreparationEvents {
  queued: { readonly id: string; readonly waiting: number };
  progress: { readonly id: string; readonly stage: PreparationStage; readonly progress: number };
  ready: { readonly id: string; readonly audio: StoredAudio };
  /** `error` is a `DomainError`; its code is `media.cancelled` after a cancel or a stop. */
  failed: { readonly id: string; readonly error: DomainError };
}

export interface PreparationQueueOptions {
  readonly binaries: Binaries;
  readonly store: ContentStore;
  readonly clock: Clock;
  readonly limits?: Partial<PreparationLimits>;
  /** Jobs that run at once; 1 by default: a small box has other work. */
  readonly concurrency?: number;
  /** Jobs that may wait; 100 by default. */
  readonly mostWaiting?: number;
  readonly niceness?: number;
  /** Told of what is not the file's fault: a listener that threw, a bug. */
  readonly onError: (what: string, error: unknown) => void;
}

interface Entry {
  readonly job: PreparationJob;
  readonly cancel: AbortController;
  readonly done: Promise<StoredAudio>;
  readonly resolve: (audio: StoredAudio) => void;
  readonly reject: (error: DomainError) => void;
}

/**
 * Prepares files one after another and puts them into the store, chunk list included (under its own hash). One job's
 * failure does not touch the others. Nothing of a cancelled or failed job stays on the disk. What has to survive a
 * restart is the caller's to write down: after one, it adds its unfinished jobs again.
 */
export class PreparationQueue extends Lifecycle {
  readonly events: Emitter<PreparationEvents>;
  readonly #options: PreparationQueueOptions;
  readonly #waiting: Entry[] = [];
  readonly #running = new Map<string, Entry>();

  constructor(options: PreparationQueueOptions) {
    super();
    this.#options = options;
    this.events = new Emitter(options.onError);
  }

  /** Throws `media.decoder_missing` when ffmpeg cannot do the work. */
  protected async onStart(): Promise<void> {
    await assertUsable(this.#options.binaries);
    this.disposers.defer('preparation jobs', () => {
      for (const entry of this.#waiting.splice(0)) this.#fail(entry, new DomainError('media.cancelled'));
      for (const entry of this.#running.values()) entry.cancel.abort(new DomainError('media.cancelled'));
    });
  }

  /** Jobs that wait, not counting those that run. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Adds a job. The promise settles when it is ready or failed (a `DomainError`); it may be ignored, the events say the
   * same. Throws `media.queue_full`, and an `Error` when the queue is not running or the id is taken.
   */
  add(job: PreparationJob): Promise<StoredAudio> {
    if (!this.running) throw new Error('the preparation queue is not running');
    if (this.#running.has(job.id) || this.#waiting.some((entry) => entry.job.id === job.id))
      throw new Error(`job "${job.id}" is in the preparation queue already`);
    const { mostWaiting = 100 } = this.#options;
    if (this.#waiting.length >= mostWaiting)
      throw new DomainError('media.queue_full', { waiting: this.#waiting.length });
    const entry = newEntry(job);
    this.#waiting.push(entry);
    this.events.emit('queued', { id: job.id, waiting: this.#waiting.length });
    this.#next();
    return entry.done;
  }

  /** Cancels a waiting or running job; says whether there was one. It is over when its promise has rejected. */
  cancel(id: string): boolean {
    const running = this.#running.get(id);
    if (running) {
      running.cancel.abort(new DomainError('media.cancelled'));
      return true;
    }
    const at = this.#waiting.findIndex((entry) => entry.job.id === id);
    const [entry] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (entry) this.#fail(entry, new DomainError('media.cancelled'));
    return entry !== undefined;
  }

  #next(): void {
    const { concurrency = 1 } = this.#options;
    while (this.#running.size < concurrency) {
      const entry = this.#waiting.shift();
      if (!entry) return;
      this.#running.set(entry.job.id, entry);
      this.background(this.#run(entry), (error) => this.#options.onError('preparation job', error));
    }
  }

  async #run(entry: Entry): Promise<void> {
    const { id } = entry.job;
    let outcome: { readonly audio: StoredAudio } | { readonly error: DomainError };
    try {
      outcome = { audio: await this.#prepareAndStore(entry) };
    } catch (error) {
      outcome = { error: this.#asDomainError(error) };
    }
    this.#running.delete(id);
    if ('audio' in outcome) {
      entry.resolve(outcome.audio);
      this.events.emit('ready', { id, audio: outcome.audio });
    } else this.#fail(entry, outcome.error);
    this.#next();
  }

  async #prepareAndStore({ job, cancel }: Entry): Promise<StoredAudio> {
    const { binaries, store, clock, niceness, limits } = this.#options;
    const { path, ...prepared } = await prepare(job.sourcePath, {
      binaries,
      clock,
      workFolder: store.workFolder,
      limits: { ...limits, ...job.limits },
      signal: cancel.signal,
      ...(niceness === undefined ? {} : { niceness }),
      onProgress: ({ stage, progress }) => this.events.emit('progress', { id: job.id, stage, progress }),
    });
    if (cancel.signal.aborted) {
      await rm(path, { force: true });
      throw new DomainError('media.cancelled');
    }
    await store.putBytes(Buffer.from(prepared.chunkList.text, 'utf8')).catch(async (error: unknown) => {
      await rm(path, { force: true });
      throw error;
    });
    return { ...prepared, ...(await store.put(path, prepared.sha256)) };
  }

  #fail(entry: Entry, error: DomainError): void {
    entry.reject(error);
    this.events.emit('failed', { id: entry.job.id, error });
  }

  /** A caller gets a code in every case; what is not a refusal is also told to the operator. */
  #asDomainError(error: unknown): DomainError {
    if (isDomainError(error)) return error;
    this.#options.onError('preparation job', error);
    const reason = error instanceof Error ? error.message : String(error);
    return new DomainError(
      'media.decoder_failed',
      { program: 'preparation', stage: 'preparing', reason },
      { cause: error },
    );
  }
}

function newEntry(job: PreparationJob): Entry {
  let resolve: (audio: StoredAudio) => void = () => undefined;
  let reject: (error: DomainError) => void = () => undefined;
  const done = new Promise<StoredAudio>((onReady, onFailed) => {
    resolve = onReady;
    reject = onFailed;
  });
  // Callers that listen to the events ignore the promise: its rejection must not end the process.
  done.catch(() => undefined);
  return { job, cancel: new AbortController(), done, resolve, reject };
}
