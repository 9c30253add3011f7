import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Milliseconds } from '#kit';

type FileState = Pick<Stats, 'ino' | 'size' | 'mtimeMs'>;

/** Which files are the very ones of which every byte was proved in this run: told by inode, size and time of change, without reading them. */
export class Proofs {
  readonly #of = new Map<string, FileState & { readonly atMs: Milliseconds }>();

  /** The file at this path was proved. `file`: as it was before its bytes were read. `atMs`: local monotonic time. */
  remember(path: string, file: FileState | undefined, atMs: Milliseconds): void {
    if (file === undefined) return;
    const { ino, size, mtimeMs } = file;
    this.#of.set(path, { ino, size, mtimeMs, atMs });
  }

  forget(path: string): void {
    this.#of.delete(path);
  }

  /** When the file at this path was proved, if that is still the file there. */
  async provedAtMs(path: string): Promise<Milliseconds | undefined> {
    const proof = this.#of.get(path);
    if (proof === undefined) return undefined;
    const file = await fileState(path);
    const same = file?.ino === proof.ino && file.size === proof.size && file.mtimeMs === proof.mtimeMs;
    return same ? proof.atMs : undefined;
  }
}

/** Undefined: there is no file, or it cannot be asked for. */
export function fileState(path: string): Promise<FileState | undefined> {
  return stat(path).catch(() => undefined);
}
