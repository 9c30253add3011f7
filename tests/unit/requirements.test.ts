import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inRepo } from '../helpers/repo-root.ts';
import { tempDir } from '../helpers/temp-dir.ts';

/** Runs a test file that needs sox in a world without tools; what the run printed, and its exit code. */
function runWithoutTools(environment: Record<string, string>): { status: number | null; output: string } {
  const root = tempDir('requirements');
  const helpers = inRepo('tests/helpers');
  writeFileSync(
    join(root, 'needs-sox.test.ts'),
    `import { expect, it } from 'vitest';
     import { describeWith, itWith } from '${helpers}/requirements.ts';
     describeWith(['sox'], 'resampling', () => { it('keeps the pitch', () => undefined); });
     itWith(['sox'], 'keeps the length', () => undefined);
     it('needs nothing', () => { expect(1).toBe(1); });`,
  );
  writeFileSync(
    join(root, 'vitest.config.mjs'),
    `export default { test: { reporters: ['default', '${helpers}/summary-reporter.ts'] } };`,
  );
  const { VITEST: _, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [inRepo('node_modules/vitest/vitest.mjs'), 'run', '--root', root, '--no-color'],
    { encoding: 'utf8', cwd: root, env: { ...inherited, LOA_REQUIRE_ALL: '', ...environment, PATH: root } },
  );
  return { status, output: stdout + stderr };
}

it('skips by name what a missing tool prevents, and counts it in the last line', () => {
  const { status, output } = runWithoutTools({});
  expect(output).toContain('skipped: needs-sox.test.ts > resampling [missing: sox] > keeps the pitch');
  expect(output).toContain('skipped: needs-sox.test.ts > keeps the length [missing: sox]');
  expect(output.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed, 2 skipped');
  expect(status).toBe(0);
});

it('fails with LOA_REQUIRE_ALL=1 instead, naming the tool and its package', () => {
  const { status, output } = runWithoutTools({ LOA_REQUIRE_ALL: '1' });
  expect(output).toContain('sox is missing: apt-get install sox libsox-fmt-all');
  expect(output).toContain('1 passed, 2 failed, 0 skipped');
  expect(status).toBe(1);
});
