import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface DemoOptions {
  /** End by itself, with an exit code that tells whether all loudspeakers finished. */
  readonly once: boolean;
  /** What is broadcast: any audio file that ffmpeg reads. */
  readonly audio: string;
}

/** A command line that cannot be used; the message is one line. */
export class UsageError extends Error {}

/** The greeting of this repository; it lies beside the sources, not beside the built file. */
const GREETING = fileURLToPath(new URL('../../../server/demo/loi-chao.flac', import.meta.url));

/** Reads `--once` and `--audio FILE`. Throws `UsageError`. */
export async function readOptions(args: readonly string[]): Promise<DemoOptions> {
  let once = false;
  let audio = GREETING;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--once') once = true;
    else if (arg === '--audio') audio = args[++i] ?? '';
    else throw new UsageError(`unknown option "${arg}": expected --once or --audio FILE`);
  }
  await access(audio).catch(() => {
    throw new UsageError(`--audio "${audio}" cannot be read: name an existing audio file`);
  });
  return { once, audio };
}
