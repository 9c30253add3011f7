import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { executable } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';

/** Alone, and without a word to anybody outside. As root, as in a container, its sandbox does not start. */
export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Drawn by nobody in a browser without a screen, and yet two more pages for each window: most of what a browser cost.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
] as const;

/** The browser's program. Throws where there is none: tests that call this are defined by `describeWith(['chromium'], …)`. */
export function chromium(): string {
  const found = ['chromium', 'chromium-browser', 'google-chrome']
    .map((name) => executable(name))
    .find((path) => path !== undefined);
  if (found === undefined) throw new Error('chromium is missing');
  return found;
}

/** What a page has become when its scripts have run, as markup. */
export async function renderedPage(url: string): Promise<string> {
  const profile = tempDir('chromium');
  const { stdout } = await promisify(execFile)(
    chromium(),
    [...CHROMIUM_FLAGS, `--user-data-dir=${profile}`, '--virtual-time-budget=10000', '--dump-dom', url],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}
