import { spawn } from 'node:child_process';
import type { Clock, Milliseconds } from '#kit';

/** So long a folder may keep whoever asks waiting: a drive that spins up takes some seconds. */
export const PATIENCE_MS: Milliseconds = 6_000;
/** For so long after it kept silent nobody waits for it again. */
const REST_MS: Milliseconds = 30_000;

/** A folder did not answer in time: of a share whose server is gone the system waits without end. */
export class FolderSilentError extends Error {
  constructor(folder: string) {
    super(`"${folder}" does not answer`);
  }
}

/**
 * Folders that may never answer. What the system waits for holds one of the few threads through which all files of this process go, and
 * nobody can take it back; so a small process of its own asks first, which can be ended, and each folder is asked one thing at a time.
 */
export class AnsweringFolders {
  readonly #clock: Clock;
  readonly #asked = new Map<string, Promise<void>>();
  readonly #restUntil = new Map<string, Milliseconds>();

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  /** What `work` finds in a folder that answers. Throws `FolderSilentError` and what `work` throws. */
  async ask<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
    const clock = this.#clock;
    if (clock.monotonic() < (this.#restUntil.get(folder) ?? 0)) throw new FolderSilentError(folder);
    const given = new AbortController();
    let giveUp: (error: Error) => void = () => undefined;
    const silence = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    const timer = clock.setTimer('a folder that does not answer', PATIENCE_MS, () => {
      this.#restUntil.set(folder, clock.monotonic() + REST_MS);
      given.abort();
      giveUp(new FolderSilentError(folder));
    });
    try {
      for (let before = this.#asked.get(folder); before !== undefined; before = this.#asked.get(folder))
        await Promise.race([before, silence]);
      const answer = probe(folder, given.signal).then(() => {
        given.signal.throwIfAborted();
        return work();
      });
      const asked = answer.then(
        () => void this.#asked.delete(folder),
        () => void this.#asked.delete(folder),
      );
      this.#asked.set(folder, asked);
      return await Promise.race([answer, silence]);
    } finally {
      timer.cancel();
    }
  }
}

/** Resolves when a folder has answered, whatever it said; asked for its file system, which no cache of a share knows. */
function probe(folder: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('stat', ['-f', '--', folder], { stdio: 'ignore' });
    child.once('exit', () => resolve());
    // Without that program the folder is taken at its word.
    child.once('error', () => resolve());
    signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    // Where not even the kernel can end it, it keeps no controller from stopping.
    child.unref();
  });
}
