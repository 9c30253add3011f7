import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of the repository's root, whether this runs from the sources or from `dist`. */
export const repoRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** An absolute path inside the repository. */
export function inRepo(...parts: string[]): string {
  return join(repoRoot, ...parts);
}

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${from}`);
  }
}
