import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** One program of the demonstration, running from the built files; what it prints goes to a log file. */
export class Child {
  readonly logFile: string;
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown[]>;

  constructor(
    script: string,
    env: Readonly<Record<string, string>>,
    logFile: string,
    args: readonly string[] = [],
  ) {
    this.logFile = logFile;
    const log = createWriteStream(logFile);
    this.#process = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout?.pipe(log);
    this.#process.stderr?.pipe(log);
    this.#gone = once(this.#process, 'exit');
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Waits until it has ended by itself; its exit code, null after a signal. */
  async ended(): Promise<number | null> {
    const [code] = await this.#gone;
    return code as number | null;
  }

  /** Asks it to stop and waits until it has. */
  async stop(): Promise<void> {
    if (this.running) this.#process.kill('SIGTERM');
    await this.#gone;
  }
}
