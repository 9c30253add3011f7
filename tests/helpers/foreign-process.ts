import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { inRepo } from './repo-root.ts';

/** A second process that holds a lock on a SQLite file. It runs from the build, as a child cannot run the sources. */
export class ForeignProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts one; resolves when it holds the lock. It is killed when the test is over. */
  static async holding(path: string, kind: 'IMMEDIATE' | 'EXCLUSIVE'): Promise<ForeignProcess> {
    const child = fork(inRepo('dist/tests/helpers/hold-database.js'), [path, kind], { execArgv: [] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'message');
    return new ForeignProcess(child);
  }

  async release(): Promise<void> {
    const released = once(this.#child, 'message');
    this.#child.send('release');
    await released;
  }

  /** kill −9. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
