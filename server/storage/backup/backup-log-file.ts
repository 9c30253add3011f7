import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '#kit';
import { type BackupRun, BackupRunSchema, codec } from '#protocols';
import type { BackupLog } from '../../domain/backup/backup-log.ts';

const runCodec = codec('backup run', BackupRunSchema);
/** More than a year of nights. */
const MOST_LINES = 500;

/** A line of JSON for each run, in `backups.jsonl` of the data folder. */
export class BackupLogFile implements BackupLog {
  readonly #path: string;

  constructor(options: { readonly dataFolder: string }) {
    this.#path = join(options.dataFolder, 'backups.jsonl');
  }

  async read(): Promise<BackupRun[]> {
    return (await this.#lines()).flatMap((line) => {
      try {
        return [runCodec.parse(line)];
      } catch {
        // Cut off by a power failure.
        return [];
      }
    });
  }

  async append(run: BackupRun): Promise<void> {
    const lines = await this.#lines();
    if (lines.length >= MOST_LINES)
      await writeFileAtomic(this.#path, `${lines.slice(-MOST_LINES / 2).join('\n')}\n`, 0o600);
    const file = await open(this.#path, 'a', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(run)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #lines(): Promise<string[]> {
    try {
      return (await readFile(this.#path, 'utf8')).split('\n').filter((line) => line !== '');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }
}
