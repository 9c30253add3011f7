import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { firstLineOf } from '#kit';
import { isDomainError } from '#protocols';
import { actedAs } from './act-as-owner.ts';

/** One line for whoever sits at the terminal. */
export function say(line: string): void {
  process.stderr.write(`loa: ${line}\n`);
}

/** What went wrong, as one line. */
export function failureLine(error: unknown): string {
  if (isDomainError(error)) return error.message;
  const line = firstLineOf(error);
  const user = actedAs();
  const refused =
    error instanceof Error && 'code' in error && ['EACCES', 'EPERM'].includes(String(error.code));
  if (user === null || !refused) return line;
  return `${line}: lệnh này chạy bằng người dùng của máy chủ (uid ${user}), hãy cho người đó quyền ở nơi ấy`;
}

/** Tells progress in place, where somebody watches; each phase once where nobody does. */
export function progressLine(
  words: Readonly<Record<string, string>>,
): (progress: { readonly phase: string; readonly bytes: number; readonly total?: number }) => void {
  let phaseTold = '';
  let told = -1;
  return ({ phase, bytes, total }) => {
    const megabytes = Math.floor(bytes / 1024 / 1024);
    if (phase === phaseTold && (!process.stderr.isTTY || megabytes === told)) return;
    const of = total === undefined ? '' : `/${Math.ceil(total / 1024 / 1024)}`;
    const line = `loa: ${words[phase] ?? phase} … ${megabytes}${of} MB`;
    process.stderr.write(process.stderr.isTTY ? `\r${line}${phase === phaseTold ? '' : '\n'}` : `${line}\n`);
    phaseTold = phase;
    told = megabytes;
  };
}

/** Asks for a line without showing it. Rejects where the input ends first. */
export async function askHidden(question: string): Promise<string> {
  const nothing = new Writable({ write: (_piece, _encoding, done) => done() });
  const line = await ask(
    question,
    nothing,
    'no passphrase was typed: use --passphrase-file where nobody sits at the terminal',
  );
  process.stderr.write('\n');
  return line;
}

/** Asks for a line. Rejects with `none` where the input ends first. */
export function askLine(question: string, none: string): Promise<string> {
  return ask(question, process.stderr, none);
}

function ask(question: string, output: Writable, none: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY });
  // Only now: until then the terminal itself shows what somebody types who was quick.
  process.stderr.write(question);
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => reject(new Error(none)));
  });
}
