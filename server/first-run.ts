import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import {
  EARLIEST_MORNING,
  isMorningStart,
  LATEST_MORNING,
  SUGGESTED_MORNING,
} from './domain/policies/morning-start.ts';

/** An answer that does not come is no reason not to start. */
const PATIENCE_MS = 120_000;
const MOST_TRIES = 5;

/**
 * Asks on the terminal when mornings begin. Gives the suggestion when nothing usable is answered, at the end of the input, at Ctrl-C and
 * after two minutes.
 */
export async function askMorningStart(
  input: Readable,
  output: Writable,
  onInterrupt: () => void,
): Promise<string> {
  const lines = createInterface({ input, output });
  const patience = setTimeout(() => lines.close(), PATIENCE_MS);
  lines.once('SIGINT', () => {
    lines.close();
    onInterrupt();
  });
  lines.setPrompt(
    `loa: giờ bắt đầu phát sáng (${EARLIEST_MORNING} đến ${LATEST_MORNING}) [${SUGGESTED_MORNING}]: `,
  );
  lines.prompt();
  let tries = 0;
  try {
    for await (const line of lines) {
      const answer = line.trim();
      const time = answer.length === 4 ? `0${answer}` : answer;
      if (isMorningStart(time)) return time;
      tries += 1;
      if (answer === '' || tries === MOST_TRIES) break;
      output.write(`loa: "${answer.slice(0, 20)}" không hợp lệ: cần một giờ như 06:00\n`);
      lines.prompt();
    }
  } finally {
    clearTimeout(patience);
    lines.close();
  }
  return SUGGESTED_MORNING;
}
