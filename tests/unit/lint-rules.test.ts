import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inRepo } from '../helpers/repo-root.ts';
import { tempDir } from '../helpers/temp-dir.ts';

/** For each rule on which the house rules rely: code that must not pass. */
const FAILING: Readonly<Record<string, string>> = {
  'nursery/noFloatingPromises':
    'async function save(): Promise<void> {}\nexport function act(): void {\n  save();\n}\n',
  'nursery/noMisusedPromises':
    'export function act(ready: Promise<boolean>): number {\n  if (ready) return 1;\n  return 2;\n}\n',
  'nursery/useExhaustiveSwitchCases':
    "export function act(state: 'on' | 'off'): void {\n  switch (state) {\n    case 'on':\n      break;\n  }\n}\n",
  'suspicious/noExplicitAny': 'export const anything = (value: any): unknown => value;\n',
  'suspicious/noConsole': "console.log('said');\n",
  'suspicious/noFocusedTests': "import { it } from 'vitest';\nit.only('alone', () => undefined);\n",
  'style/noNonNullAssertion': 'export const first = (list: string[]): string => list[0]!;\n',
  'correctness/noUnusedImports': "import { join } from 'node:path';\n",
};

const CLEAN =
  'async function save(): Promise<void> {}\nexport async function act(): Promise<void> {\n  await save();\n}\n';

it('passes clean code', () => {
  expect(lint({ 'clean.ts': CLEAN })).toEqual({ 'clean.ts': [] });
});

it('fails code that breaks a rule, as an error', () => {
  const names = Object.keys(FAILING).map((rule) => fileOf(rule));
  const files = Object.fromEntries(Object.values(FAILING).map((code, at) => [names[at] ?? '', code]));
  const found = lint(files);
  for (const rule of Object.keys(FAILING)) expect(found[fileOf(rule)], rule).toContain(`lint/${rule}`);
});

it('finds the floating promises that only the compiler can see', () => {
  const folder = tempDir('floating');
  mkdirSync(join(folder, 'server'));
  symlinkSync(inRepo('node_modules'), join(folder, 'node_modules'));
  copyFileSync(inRepo('tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const code = [
    "import { rm } from 'node:fs/promises';",
    "rm('dropped');",
    "rm('half handled').then(() => undefined);",
    "rm('handled').catch(() => undefined);",
    "void rm('on purpose');",
    "await rm('awaited');",
  ];
  writeFileSync(join(folder, 'server', 'floating.ts'), code.join('\n'));
  const { status, stdout } = spawnSync(process.execPath, [inRepo('dist/tests/checks/floating-promises.js')], {
    cwd: folder,
    encoding: 'utf8',
  });
  const lines = stdout.split('\n').map((line) => /^server\/floating\.ts:(\d+):/.exec(line)?.[1]);
  expect({ status, lines: lines.filter((line) => line !== undefined) }).toEqual({
    status: 1,
    lines: ['2', '3'],
  });
});

function fileOf(rule: string): string {
  return `${rule.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace('/', '-')}.ts`;
}

/** What biome reports as errors, by file, with this repository's rules. */
function lint(files: Record<string, string>): Record<string, string[]> {
  const folder = tempDir('lint');
  const { vcs: _, $schema: __, ...rules } = JSON.parse(readFileSync(inRepo('biome.json'), 'utf8'));
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...rules, root: true }));
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);

  const program = inRepo('node_modules/@biomejs/biome/bin/biome');
  const args = [program, 'lint', '--reporter=json', '--diagnostic-level=error', ...Object.keys(files)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (!stdout.startsWith('{')) throw new Error(`biome said: ${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as Report;
  return Object.fromEntries(
    Object.keys(files).map((name) => [
      name,
      diagnostics.filter(({ location }) => pathOf(location).endsWith(name)).map(({ category }) => category),
    ]),
  );
}

interface Report {
  readonly diagnostics: readonly { readonly category: string; readonly location: Location }[];
}

interface Location {
  readonly path: string | { readonly file: string };
}

function pathOf({ path }: Location): string {
  return typeof path === 'string' ? path : path.file;
}
