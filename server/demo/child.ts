import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** One program of the demonstration, running from the built files; what it prints goes to a log file. */
export class Child {
  readonly logFile: string;
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;

  constructor(script: string, env: Readonly<Record<string, string>>, logFile: string) {
    this.logFile = logFile;
    const log = createWriteStream(logFile);
    this.#process = spawn(process.execPath, [script], {
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

  /** Asks it to stop and waits until it has. */
  async stop(): Promise<void> {
    if (this.running) this.#process.kill('SIGTERM');
    await this.#gone;
  }
}
