import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inRepo } from '../../helpers/repo-root.ts';

/** What no page of the console needs: storage of a browser, HTML and code made of text, and hands in the way of who pastes a password. */
const BANNED =
  /\b(localStorage|sessionStorage|indexedDB|document\.cookie|innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|onPaste|postMessage|new Function)\b|\beval\(/;

function sources(folder: string): string[] {
  return readdirSync(inRepo(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx|html)$/.test(name))
    .map((name) => join(folder, name));
}

it('the console stores nothing in a browser, makes no HTML or code of text, and lets people paste', () => {
  const files = sources('server/console');
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((path) => BANNED.test(readFileSync(inRepo(path), 'utf8')))).toEqual([]);
});

it('is seen to look', () => {
  for (const text of [
    'localStorage.setItem("x", y)',
    'element.innerHTML = text',
    'eval(text)',
    'new Function(text)',
  ])
    expect(BANNED.test(text)).toBe(true);
});
