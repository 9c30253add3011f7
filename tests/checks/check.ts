import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
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

/** What a check printed, if it failed. */
function run([command, ...args]: readonly [string, ...string[]]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: repoRoot, maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
      resolve(error === null ? undefined : `${stdout}${stderr}` || error.message),
    );
  });
}

const left = [...checks];
/** Takes one check after the other: each of them keeps one processor busy. */
async function work(): Promise<void> {
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const [name, command] = next;
    const said = await run(command);
    process.stdout.write(
      `${said === undefined ? 'ok    ' : 'FAILED'}  ${name}\n${said === undefined ? '' : `${said}\n`}`,
    );
    if (said !== undefined) failed.push(name);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));

if (failed.length > 0) {
  process.stdout.write(`check failed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}
