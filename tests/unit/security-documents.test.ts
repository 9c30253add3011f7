import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asvsCounts, parseChapter, readAsvsMap } from '../docs/asvs-map.ts';
import { asvsNumbers } from '../docs/asvs-numbers.ts';
import { inRepo } from '../helpers/repo-root.ts';

/** What looks like a path of ours in a text. */
const PATHS = /`((?:tests|server|protocols|media|device-agent|docs|prisma)\/[\w./*-]+)`/g;
/** What is in a file that holds tests. */
const TESTS = /\b(it|it\.each|itWith)\b/;

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
      for (const path of tests) expect(readFileSync(inRepo(path), 'utf8'), path).toMatch(TESTS);
    }
  });
});

describe('the map to ASVS', () => {
  const chapters = readAsvsMap();
  const rows = chapters.flatMap((chapter) => chapter.rows);

  it('knows the numbers of the standard', () => {
    const levels = [...asvsNumbers(3).values()];
    expect([1, 2, 3].map((level) => levels.filter((one) => one === level).length)).toEqual([70, 183, 92]);
  });

  it('has every requirement of levels 1 and 2 once, at its level, in order, in the file of its chapter', () => {
    expect(chapters.map(({ number }) => number)).toEqual(Array.from({ length: 17 }, (_, at) => at + 1));
    expect(rows.map(({ number, level }) => [number, level])).toEqual([...asvsNumbers(2)]);
    for (const { number, file, rows: own } of chapters) {
      expect(file).toMatch(new RegExp(`^v${String(number).padStart(2, '0')}-[a-z]+\\.md$`));
      expect(own.filter((row) => !row.number.startsWith(`${number}.`))).toEqual([]);
    }
  });

  it('points to code for what is met, and says of everything else what lacks or why', () => {
    const silent = rows.filter(({ state, where, lacks }) =>
      state === 'met' ? pathsOf(where).length === 0 : lacks.length < 10,
    );
    expect(silent).toEqual([]);
    expect(rows.filter(({ what }) => what === '' || what.length > 80)).toEqual([]);
    const untold = rows.filter(
      ({ state, where, lacks }) => state === 'met' && lacks === '' && !/tests\/|\.md/.test(where),
    );
    // Where no test shows it, the row says so.
    expect(untold).toEqual([]);
  });

  it('names only paths that exist, and tests that test', () => {
    const head = readFileSync(inRepo('docs/asvs.md'), 'utf8');
    const texts = [head, ...chapters.map(({ text }) => text)];
    expect(texts.flatMap(missingOf)).toEqual([]);
    for (const path of new Set(texts.flatMap(pathsOf).filter((one) => one.endsWith('.test.ts'))))
      expect(readFileSync(inRepo(path), 'utf8'), path).toMatch(TESTS);
  });

  it('counts its own rows in the table at its head', () => {
    const counts = asvsCounts(chapters).map(([, ...figures]) => figures.map(Number));
    const [all, ...more] = [...counts].reverse();
    expect(all?.at(-1)).toBe(253);
    expect(all?.[0]).toBe(rows.filter(({ state }) => state === 'met').length);
    // Both levels together, and all chapters together, are all.
    for (const part of [more.slice(0, 2), more.slice(2)])
      expect(all).toEqual(all?.map((_, at) => part.reduce((sum, row) => sum + (row[at] ?? 0), 0)));
  });

  it('is seen to look: a path that is not there, a row without a state', () => {
    expect(missingOf('see `tests/unit/no-such.test.ts` and `docs/asvs.md`')).toEqual([
      'tests/unit/no-such.test.ts',
    ]);
    for (const row of [
      '| 1.1.1 | 2 | x | fine | y | |',
      '| 1.1.1 | 3 | x | met | y | |',
      '| 1.1 | 1 | x | met |',
    ])
      expect(() => parseChapter('v01-x.md', `# V1 X\n${row}\n`)).toThrow('not a row');
  });
});
