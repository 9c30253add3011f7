import { createInterface } from 'node:readline';
import type { Ask } from './command.ts';

/** Asks on standard error and reads lines of standard input, be it a terminal or a pipe. `close` when nothing is asked any more. */
export function askOnTerminal(): { readonly ask: Ask; readonly close: () => void } {
  const { stdin, stderr } = process;
  const lines = createInterface({ input: stdin, output: stderr, terminal: stdin.isTTY === true });
  // Lines may come before they are asked for.
  const said = lines[Symbol.asyncIterator]();
  return {
    ask: async (question) => {
      stderr.write(question);
      const { value, done } = await said.next();
      if (done === true) throw new Error('đầu vào đã hết trước khi trả lời');
      return String(value);
    },
    close: () => lines.close(),
  };
}
