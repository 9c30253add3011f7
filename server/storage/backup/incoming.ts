import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#kit';
import type { RestoreStage } from '../../domain/backup/setup-restore.ts';
import type { BackupWorker } from './backup-worker.ts';
import { asNoRoom } from './places.ts';
import { type RestorePlace, restoringFolder } from './restore.ts';

/** A backup that comes in over HTTP, kept in the folder of the restore; unpacked by a worker. */
export class IncomingRestore implements RestoreStage {
  readonly #options: RestorePlace & { readonly worker: BackupWorker; readonly clock: Clock };

  constructor(options: RestorePlace & { readonly worker: BackupWorker; readonly clock: Clock }) {
    this.#options = options;
  }

  async receive(source: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): Promise<void> {
    const folder = restoringFolder(this.#options.dataFolder);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    let bytes = 0;
    try {
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
      throw asNoRoom(error, this.#options.dataFolder);
    }
  }

  stage(
    passphrase: string,
    onBytes: (bytes: number, total: number) => void,
  ): Promise<{ readonly backupAt: number }> {
    const { dataFolder, databaseUrl, worker, clock } = this.#options;
    return worker.stage({ dataFolder, databaseUrl, file: this.#path, passphrase, now: clock.now(), onBytes });
  }

  async discard(): Promise<void> {
    await rm(restoringFolder(this.#options.dataFolder), { recursive: true, force: true });
  }

  get #path(): string {
    return join(restoringFolder(this.#options.dataFolder), 'incoming.tar');
  }
}
