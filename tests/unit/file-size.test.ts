import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inRepo, repoRoot } from '../helpers/repo-root.ts';

const MOST_LINES = 400;

it(`no source file is longer than ${MOST_LINES} lines`, () => {
  const sources = sourceFiles();
  expect(sources).toContain('protocols/kit/clock.ts');
  const tooLong = sources
    .map((path) => ({ path, lines: readFileSync(inRepo(path), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES);
  expect(tooLong).toEqual([]);
});

/** Everything that is or would be committed: what git ignores is generated. */
function sourceFiles(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  return execFileSync('git', args, { cwd: repoRoot, encoding: 'utf8' })
    .split('\0')
    .filter((path) => /\.(ts|tsx|mts|js|mjs|cjs|prisma|css)$/.test(path) && existsSync(inRepo(path)));
}
