import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '../helpers/repo-root.ts';
import { DOCUMENTS, regenerate } from './tables.ts';

for (const name of DOCUMENTS) {
  const path = join(repoRoot, name);
  const text = await readFile(path, 'utf8');
  await writeFile(path, regenerate(text));
}
