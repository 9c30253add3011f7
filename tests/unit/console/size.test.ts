import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { inRepo } from '../../helpers/repo-root.ts';

const MOST_BYTES = 300_000;
const MOST_FIRST_BYTES = 120_000;
const built = inRepo('dist/console');

function packed(path: string): number {
  return gzipSync(readFileSync(path)).length;
}

it('the console is small enough for a phone on a weak line', () => {
  const assets = readdirSync(join(built, 'assets')).filter((name) => /\.(js|css|svg)$/.test(name));
  expect(assets.length).toBeGreaterThan(5);
  const page = packed(join(built, 'index.html'));
  const sizes = new Map(assets.map((name) => [name, packed(join(built, 'assets', name))]));
  const sum = (names: readonly string[]) => names.reduce((all, name) => all + (sizes.get(name) ?? 0), page);
  // What the page itself names comes with it; every other part comes when it is opened.
  const named = [...readFileSync(join(built, 'index.html'), 'utf8').matchAll(/assets\/([\w.-]+)/g)];
  const first = named.map(([, name]) => name ?? '');
  expect(first.length).toBeGreaterThan(1);
  expect(sum(first)).toBeLessThan(MOST_FIRST_BYTES);
  expect(sum(assets)).toBeLessThan(MOST_BYTES);
});
