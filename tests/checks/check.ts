import { spawnSync } from 'node:child_process';
import { inRepo, repoRoot } from '../helpers/repo-root.ts';

/** Everything that reads the code without running it. All of it runs; fails when any of it does. */
const node = (path: string, ...args: readonly string[]) => [process.execPath, inRepo(path), ...args] as const;
const folders = ['protocols', 'media', 'server', 'device-agent', 'tests'];
const checks: readonly (readonly [name: string, command: readonly [string, ...string[]]])[] = [
  ['format and lint', node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.')],
  ['types', node('node_modules/typescript/bin/tsc', '-b')],
  ['floating promises', node('dist/tests/checks/floating-promises.js')],
  [
    'import rules',
    node(
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      ...['--config', '.dependency-cruiser.json'],
      ...folders,
    ),
  ],
  ['dead code', node('node_modules/knip/bin/knip.js', '--no-progress')],
];

const failed: string[] = [];
for (const [name, [command, ...args]] of checks) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: repoRoot,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'}  ${name}\n`);
  if (status === 0) continue;
  failed.push(name);
  process.stdout.write(`${stdout}${stderr}\n`);
}
if (failed.length > 0) {
  process.stdout.write(`check failed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}
