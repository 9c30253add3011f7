import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inRepo } from '../helpers/repo-root.ts';

/** What looks like a path of ours in a text. */
const PATHS = /`((?:tests|server|protocols|media|device-agent|docs|prisma)\/[\w./*-]+)`/g;
const SECTION = /^\| (V\d+\.\d+) [^|]+\| (met|partly|not|n\.a\.) \|/;

function pathsOf(text: string): string[] {
  return [...text.matchAll(PATHS)].map(([, path]) => path as string);
}

function missingOf(text: string): string[] {
  return pathsOf(text).filter((path) => !existsSync(inRepo(path)));
}

describe('the threat model', () => {
  const rows = readFileSync(inRepo('SECURITY.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| [a-z]/.test(line) && !line.startsWith('| actor'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

  it('names for each actor what stops him, and a test that exists and says so', () => {
    expect(rows.length).toBeGreaterThanOrEqual(18);
    for (const [actor, reach, stops, shown = '', ...rest] of rows) {
      expect([actor, reach?.length, stops?.length, rest]).toEqual([
        actor,
        expect.any(Number),
        expect.any(Number),
        [],
      ]);
      const tests = pathsOf(shown);
      expect([actor, tests.length > 0, missingOf(shown)]).toEqual([actor, true, []]);
      for (const path of tests)
        expect(readFileSync(inRepo(path), 'utf8'), path).toMatch(/\b(it|it\.each|itWith)\b/);
    }
  });
});

describe('the map to ASVS', () => {
  const text = readFileSync(inRepo('docs/asvs.md'), 'utf8');

  it('goes over every chapter, marks each section, and points to what exists', () => {
    const chapters = [...text.matchAll(/^## V(\d+) /gm)].map(([, number]) => Number(number));
    expect(chapters).toEqual(Array.from({ length: 17 }, (_, at) => at + 1));
    const lines = text.split('\n').filter((line) => /^\| V\d/.test(line));
    expect(lines.filter((line) => !SECTION.test(line))).toEqual([]);
    const sections = lines.map((line) => SECTION.exec(line)?.[1]);
    expect(new Set(sections).size).toBe(sections.length);
    expect(missingOf(text)).toEqual([]);
    // What is met points somewhere or says why; what lacks something says what.
    for (const line of lines.filter((one) => !one.includes('| n.a. |')))
      expect(line.split('|')[3]?.trim().length, line).toBeGreaterThan(20);
  });

  it('is seen to look: a path that is not there is named', () => {
    expect(missingOf('see `tests/unit/no-such.test.ts` and `docs/asvs.md`')).toEqual([
      'tests/unit/no-such.test.ts',
    ]);
  });
});
