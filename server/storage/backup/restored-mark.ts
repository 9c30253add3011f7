import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  RESTORED_MARK,
  type Restored,
  type RestoredMark,
  restoredCodec,
} from '../../domain/backup/restored.ts';

/** The mark of a restore, as a file of the data folder. */
export class RestoredMarkFile implements RestoredMark {
  readonly #path: string;

  constructor(options: { readonly dataFolder: string }) {
    this.#path = join(options.dataFolder, RESTORED_MARK);
  }

  async read(): Promise<Restored | null> {
    try {
      return restoredCodec.parse(await readFile(this.#path, 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
