import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where setup puts the page, below the folder of the program. */
const BUILT = join('dist', 'server', 'verify', 'page.html');

let page: Promise<string> | undefined;

/** The page that checks an evidence file, as setup built it; read once. */
export function readEvidencePage(): Promise<string> {
  page ??= readFile(pagePath(), 'utf8');
  return page;
}

/** Upwards from here: this runs from the sources and from what was built of them. */
function pagePath(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let at = start; at !== dirname(at); at = dirname(at))
    if (existsSync(join(at, BUILT))) return join(at, BUILT);
  throw new Error(`${BUILT} is missing: run npm run setup`);
}
