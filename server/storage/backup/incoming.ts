import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#kit';
import { type BackupFacts, DomainError } from '#protocols';
import type { RestoreStage } from '../../domain/backup/setup-restore.ts';
import type { BackupWorker } from './backup-worker.ts';
import { asDiskError } from './disk-errors.ts';
import {
  acceptRestore,
  discardStaged,
  type RestorePlace,
  type RestoreStep,
  restoringFolder,
} from './restore.ts';

/** A backup that comes in over HTTP, kept in the folder of the restore; unpacked by a worker. */
export class IncomingRestore implements RestoreStage {
  readonly #options: RestorePlace & { readonly worker: BackupWorker; readonly clock: Clock };
  #staged: RestoreStep | null = null;
  /** What is being removed, which must not be what comes in next. */
  #clearing: Promise<void> = Promise.resolve();

  constructor(options: RestorePlace & { readonly worker: BackupWorker; readonly clock: Clock }) {
    this.#options = options;
  }

  async receive(source: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): Promise<void> {
    const folder = restoringFolder(this.#options.dataFolder);
    this.#staged = null;
    let bytes = 0;
    try {
      await this.#clearing.catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = await open(this.#path, 'wx', 0o600);
      try {
        for await (const piece of source) {
          await file.writeFile(piece);
          bytes += piece.byteLength;
          onBytes(bytes);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw asDiskError(error, this.#options.dataFolder);
    }
  }

  async stage(passphrase: string, onBytes: (bytes: number, total: number) => void): Promise<BackupFacts> {
    const { dataFolder, databaseUrl, worker, clock } = this.#options;
    const options = { dataFolder, databaseUrl, file: this.#path, passphrase, now: clock.now(), onBytes };
    const { step, facts } = await worker.stage(options);
    this.#staged = step;
    return facts;
  }

  async accept(): Promise<void> {
    const { dataFolder } = this.#options;
    if (this.#staged === null) throw new DomainError('restore.not_kept');
    await acceptRestore(dataFolder, this.#staged).catch((error: unknown) => {
      throw asDiskError(error, dataFolder);
    });
  }

  async discard(): Promise<void> {
    this.#staged = null;
    this.#clearing = discardStaged(this.#options.dataFolder);
    await this.#clearing;
  }

  get #path(): string {
    return join(restoringFolder(this.#options.dataFolder), 'incoming.tar');
  }
}
