import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The page as it is written, and its program as setup made it; below the folder of everything. */
const PAGE = join('server', 'verify', 'page', 'index.html');
const PROGRAM = join('dist', 'server', 'verify', 'page', 'program.js');
const PLACE = '<script id="program">';

let page: Promise<string> | undefined;

/** The page that checks an evidence file, with its program inside: it is opened from a file, where nothing else can be fetched. Read once. */
export function readEvidencePage(): Promise<string> {
  page ??= joined();
  return page;
}

async function joined(): Promise<string> {
  const [html, program] = await Promise.all(
    [find(PAGE), find(PROGRAM)].map((path) => readFile(path, 'utf8')),
  );
  const inside = (program ?? '').replaceAll('</script', '<\\/script');
  return (html ?? '').replace(PLACE, () => PLACE + inside);
}

/** Upwards from here: this runs from the sources and from what was built of them. */
function find(path: string): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let at = start; at !== dirname(at); at = dirname(at))
    if (existsSync(join(at, path))) return join(at, path);
  throw new Error(`${path} is missing: run npm run setup`);
}
