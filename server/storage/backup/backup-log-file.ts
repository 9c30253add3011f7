import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '#kit';
import { type BackupRun, BackupRunSchema, codec, DomainError } from '#protocols';
import type { BackupLog } from '../../domain/backup/backup-log.ts';
import { toldError } from '../../domain/told-error.ts';

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
    return linesOf(await this.#text()).flatMap((line) => {
      try {
        return [runCodec.check(JSON.parse(line, ofToday))];
      } catch {
        // Cut off by a power failure.
        return [];
      }
    });
  }

  async append(run: BackupRun): Promise<void> {
    let text = await this.#text();
    const lines = linesOf(text);
    if (lines.length >= MOST_LINES) {
      text = `${lines.slice(-MOST_LINES / 2).join('\n')}\n`;
      await writeFileAtomic(this.#path, text, 0o600);
    }
    // A line that a full disk took by half must not take this one with it.
    const before = text === '' || text.endsWith('\n') ? '' : '\n';
    const file = await open(this.#path, 'a', 0o600);
    try {
      await file.writeFile(`${before}${JSON.stringify(run)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
      throw error;
    }
  }
}

/** Of versions before: what went wrong was a sentence. */
function ofToday(key: string, value: unknown): unknown {
  if (key !== 'error' || typeof value !== 'string') return value;
  return toldError(new DomainError('backup.failed', { reason: value }));
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
