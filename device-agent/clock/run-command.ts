import { execFile } from 'node:child_process';

export interface CommandResult {
  readonly ok: boolean;
  /** Standard output and, on failure, standard error; at most 4 KiB. */
  readonly output: string;
}

/** Runs a program without a shell and tells how it went; never rejects. */
export type RunCommand = (program: string, args: readonly string[]) => Promise<CommandResult>;

/** On this machine, for at most 5 s. */
export const runCommand: RunCommand = (program, args) =>
  new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: 5_000, maxBuffer: 65_536, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        const output = error === null ? stdout : `${stdout}${stderr || error.message}`;
        resolve({ ok: error === null, output: output.slice(0, 4_096) });
      },
    );
  });
