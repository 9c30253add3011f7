import { backoff, type Clock, delay, type Emitter, Lifecycle } from '#kit';
import type { PreparationEvents, PreparationJob, StoredAudio } from '#media';
import { DomainError, newId } from '#protocols';
import { type Actor, authorize, type Permission } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { record } from '../audit/record.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import type { MediaJob, MediaJobState, Medium } from './medium.ts';
import type { UploadFolder } from './upload-folder.ts';

/** Prepares files; `PreparationQueue` of media. */
export interface Preparations {
  readonly events: Emitter<PreparationEvents>;
  add(job: PreparationJob): Promise<unknown>;
  cancel(id: string): boolean;
}

/** An upload that lies under its job's id. */
export interface KeptUpload {
  readonly jobId: string;
  readonly bytes: number;
  /** SHA-256 of what came. */
  readonly sha256: string;
}

export interface MediaJobsOptions {
  readonly storage: Storage;
  readonly areas: AreaDirectory;
  readonly queue: Preparations;
  readonly uploads: UploadFolder;
  readonly events: LiveEvents;
  readonly clock: Clock;
  readonly onError: (what: string, error: unknown) => void;
}

const OPEN: readonly MediaJobState[] = ['queued', 'running'];

/**
 * Uploads on their way to deliverable audio. The job's row and its kept upload survive a restart: `start` adds what was not
 * ended again, or fails it with a code where the file is gone. Progress is told, not stored.
 */
export class MediaJobs extends Lifecycle {
  readonly #options: MediaJobsOptions;
  /** Open jobs with their progress so far. */
  readonly #open = new Map<string, MediaJob>();
  #stopping = new AbortController();

  constructor(options: MediaJobsOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { storage, uploads, queue } = this.#options;
    this.#stopping = new AbortController();
    this.disposers.defer('media jobs', () => this.#stopping.abort(new DomainError('media.cancelled')));
    const jobs = await storage.read.media.openJobs();
    await uploads.open(new Set(jobs.map(({ id }) => id)));
    this.disposers.defer(
      'preparation progress',
      queue.events.on('progress', ({ id, stage, progress }) => this.#progressed(id, stage, progress)),
    );
    this.disposers.defer(
      'prepared files',
      queue.events.on('ready', ({ id, audio }) => this.#later(this.#finish(id, audio))),
    );
    this.disposers.defer(
      'refused files',
      queue.events.on('failed', ({ id, error }) => this.#later(this.#fail(id, error))),
    );
    for (const job of jobs) {
      this.#open.set(job.id, job);
      if (await uploads.has(job.id)) this.#enqueue(job);
      else this.#later(this.#fail(job.id, new DomainError('upload.lost', { id: job.id })));
    }
  }

  /** Jobs waiting or running. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Takes an upload in and keeps it under the id of a job to be made. Throws `media.too_large`, `media.disk_full`. */
  async receive(source: AsyncIterable<Uint8Array>): Promise<KeptUpload> {
    const { clock, uploads } = this.#options;
    const file = await uploads.receive(source);
    const jobId = newId('job', clock.now());
    // Before the transaction: a job that is committed has its file.
    await uploads.keep(file, jobId);
    return { jobId, bytes: file.bytes, sha256: file.sha256 };
  }

  /** Lets go of an upload that no job was made of. */
  async discard({ jobId }: KeptUpload): Promise<void> {
    if (!this.#open.has(jobId)) await this.#options.uploads.remove(jobId);
  }

  /** Makes the job of an upload. Throws `request.forbidden`. */
  async accept(
    tx: Transaction,
    actor: Actor,
    areaId: string,
    sourceName: string,
    upload: KeptUpload,
  ): Promise<MediaJob> {
    const { areas, clock } = this.#options;
    authorize(actor, 'media:write', areaId, areas.tree);
    const now = Math.floor(clock.now());
    const job: MediaJob = {
      id: upload.jobId,
      areaId,
      state: 'queued',
      stage: 'queued',
      progress: 0,
      sourceName: sourceName.slice(0, 256),
      sourceBytes: upload.bytes,
      sha256: null,
      errorCode: null,
      errorMessage: null,
      createdBy: actor.name,
      createdAt: now,
      endedAt: null,
    };
    await tx.media.insertJob(job);
    const { sourceName: name, sourceBytes } = job;
    const detail = { areaId, sourceName: name, sourceBytes, sourceSha256: upload.sha256 };
    await record(tx, now, actor, 'media.upload', job.id, detail, { areaId });
    tx.afterCommit(() => {
      this.#open.set(job.id, job);
      this.#tell(job);
      this.#enqueue(job);
    });
    return job;
  }

  /** Gives up a job. Throws `request.not_found`, `request.forbidden`, `request.conflict` when it has ended. */
  async cancel(tx: Transaction, actor: Actor, id: string): Promise<MediaJob> {
    const { clock, queue, uploads } = this.#options;
    const job = await this.#load(tx.media, actor, 'media:write', id);
    if (!OPEN.includes(job.state))
      throw new DomainError('request.conflict', {
        what: 'media job',
        id,
        state: job.state,
        expected: 'queued or running',
      });
    const now = Math.floor(clock.now());
    const cancelled: MediaJob = { ...job, state: 'cancelled', endedAt: now };
    await tx.media.updateJob(cancelled);
    await record(tx, now, actor, 'media.cancel', id, {}, { areaId: job.areaId });
    tx.afterCommit(() => {
      this.#open.delete(id);
      this.#tell(cancelled);
      if (!queue.cancel(id)) this.#later(uploads.remove(id));
    });
    return cancelled;
  }

  /** A job with its progress by now. Throws `request.not_found`, `request.forbidden`. */
  async get(actor: Actor, id: string): Promise<MediaJob> {
    const stored = await this.#load(this.#options.storage.read.media, actor, 'announcement:read', id);
    return OPEN.includes(stored.state) ? (this.#open.get(id) ?? stored) : stored;
  }

  async #load(
    media: Transaction['media'],
    actor: Actor,
    permission: Permission,
    id: string,
  ): Promise<MediaJob> {
    const job = await media.job(id);
    if (job === null) throw new DomainError('request.not_found', { what: 'media job', id });
    authorize(actor, permission, job.areaId, this.#options.areas.tree);
    return job;
  }

  #enqueue(job: MediaJob): void {
    try {
      // Its outcome comes by event.
      void this.#options.queue
        .add({ id: job.id, sourcePath: this.#options.uploads.pathOf(job.id) })
        .catch(() => undefined);
    } catch (error) {
      const known =
        error instanceof DomainError ? error : new DomainError('media.cancelled', {}, { cause: error });
      this.#later(this.#fail(job.id, known));
    }
  }

  #progressed(id: string, stage: string, progress: number): void {
    const job = this.#open.get(id);
    if (job === undefined) return;
    const next: MediaJob = { ...job, state: 'running', stage, progress };
    this.#open.set(id, next);
    this.#tell(next);
  }

  async #finish(id: string, audio: StoredAudio): Promise<void> {
    const now = Math.floor(this.#options.clock.now());
    const medium: Medium = {
      sha256: audio.sha256,
      bytes: audio.bytes,
      durationMs: Math.round(audio.durationMs),
      integratedLufs: audio.integratedLufs,
      truePeakDb: audio.truePeakDb,
      peaks: JSON.stringify(audio.waveform),
      chunkList: audio.chunkList.text,
      chunkListSha256: audio.chunkList.sha256,
      createdAt: now,
    };
    await this.#end(
      id,
      { state: 'ready', stage: 'ready', progress: 1, sha256: medium.sha256, endedAt: now },
      medium,
    );
  }

  async #fail(id: string, error: DomainError): Promise<void> {
    // Stopped with the process, not by a person: the next start takes it up again.
    if (error.code === 'media.cancelled' && this.#stopping.signal.aborted) return;
    const endedAt = Math.floor(this.#options.clock.now());
    await this.#end(id, { state: 'failed', errorCode: error.code, errorMessage: error.message, endedAt });
  }

  /** Writes the end of a job, again and again while the database is held, and lets its upload go. */
  async #end(id: string, end: Partial<MediaJob>, medium?: Medium): Promise<void> {
    const { storage, clock, uploads, onError } = this.#options;
    const delays = backoff({ baseMs: 500, maxMs: 30_000 });
    while (!this.#stopping.signal.aborted) {
      try {
        await storage.transaction(async (tx) => {
          const job = await tx.media.job(id);
          if (medium !== undefined) await tx.media.put(medium);
          if (job === null || !OPEN.includes(job.state)) return;
          const ended: MediaJob = { ...job, ...end };
          await tx.media.updateJob(ended);
          tx.afterCommit(() => this.#tell(ended));
        });
        this.#open.delete(id);
        await uploads.remove(id);
        return;
      } catch (error) {
        onError('end of a media job', error);
        await delay(clock, 'media job retry', delays.next().value, this.#stopping.signal).catch(
          () => undefined,
        );
      }
    }
  }

  #tell(job: MediaJob): void {
    this.#options.events.publish('media.progress', {
      jobId: job.id,
      areaId: job.areaId,
      state: job.state,
      stage: job.stage,
      progress: job.progress,
    });
  }

  #later(work: Promise<void>): void {
    this.background(work, (error) => this.#options.onError('media job', error));
  }
}
