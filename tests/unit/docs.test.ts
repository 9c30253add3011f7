import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, GENERATED, regenerate } from '../docs/tables.ts';
import { repoRoot } from '../helpers/repo-root.ts';

describe('the documents', () => {
  it.each(DOCUMENTS)('%s says what the code says (npm run docs)', async (name) => {
    const text = await readFile(join(repoRoot, name), 'utf8');
    expect(text).toBe(regenerate(text));
  });

  it('hold every generated part', async () => {
    const texts = await Promise.all(DOCUMENTS.map((name) => readFile(join(repoRoot, name), 'utf8')));
    for (const part of Object.keys(GENERATED))
      expect(texts.join('\n')).toContain(`<!-- generated: ${part} -->`);
  });

  it('name only npm scripts that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(repoRoot, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const name of [...DOCUMENTS, 'CONTRIBUTING.md'] as const) {
      const text = await readFile(join(repoRoot, name), 'utf8');
      for (const [, script] of text.matchAll(/npm run ([a-z:-]+)/g))
        expect(Object.keys(scripts)).toContain(script);
    }
  });

  it('link only to files that exist', async () => {
    for (const name of [...DOCUMENTS, 'CONTRIBUTING.md'] as const) {
      const text = await readFile(join(repoRoot, name), 'utf8');
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g))
        await readFile(join(repoRoot, name, '..', target as string));
    }
  });
});
