import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inRepo, repoRoot } from '../helpers/repo-root.ts';
import { tempDir } from '../helpers/temp-dir.ts';

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

/** For each rule: files that break it, and the import that must be named. */
const FORBIDDEN: Readonly<Record<string, { readonly files: Record<string, string>; readonly from: string }>> =
  {
    'no-circular': {
      files: { 'media/a.ts': `import './b.ts';`, 'media/b.ts': `import './a.ts';` },
      from: 'media/a.ts',
    },
    'no-unresolvable': { files: { 'media/lost.ts': `import './nowhere.ts';` }, from: 'media/lost.ts' },
    // No file is in a ring, the folders are.
    'agent-folders-one-way': {
      files: {
        'device-agent/here/a.ts': `import '../there/b.ts';`,
        'device-agent/there/b.ts': 'export const b = 1;',
        'device-agent/there/c.ts': `import '../here/d.ts';`,
        'device-agent/here/d.ts': `import '../log.ts';`,
      },
      from: 'device-agent/here',
    },
    'protocols-stand-alone': { files: { 'protocols/up.ts': `import '#media';` }, from: 'protocols/up.ts' },
    'media-knows-no-ends': {
      files: { 'media/up.ts': `import '../server/logger.ts';` },
      from: 'media/up.ts',
    },
    'agent-knows-protocols-only': {
      files: { 'device-agent/decode.ts': `import '#media';` },
      from: 'device-agent/decode.ts',
    },
    'server-knows-no-agent': {
      files: {
        'device-agent/agent.ts': 'export const agent = 1;',
        'server/across.ts': `import '../device-agent/agent.ts';`,
      },
      from: 'server/across.ts',
    },
    'product-knows-no-tests': {
      files: {
        'tests/helpers/help.ts': 'export const help = 1;',
        'server/help.ts': `import '../tests/helpers/help.ts';`,
      },
      from: 'server/help.ts',
    },
    'cross-folder-by-name': {
      files: { 'server/reach.ts': `import '../protocols/index.ts';` },
      from: 'server/reach.ts',
    },
    'domain-is-innermost': {
      files: { 'server/domain/outward.ts': `import '../storage/store.ts';` },
      from: 'server/domain/outward.ts',
    },
    'domain-knows-no-driver': {
      files: {
        'server/domain/driver.ts': `import type { FastifyInstance } from 'fastify';\nexport type X = FastifyInstance;`,
      },
      from: 'server/domain/driver.ts',
    },
    'adapters-apart': {
      files: { 'server/http/store.ts': `import '../storage/store.ts';` },
      from: 'server/http/store.ts',
    },
    'adapters-below-context': {
      files: { 'server/mqtt/up.ts': `import '../context.ts';` },
      from: 'server/mqtt/up.ts',
    },
    'context-below-app': { files: { 'server/context.ts': `import './app.ts';` }, from: 'server/context.ts' },
    'app-below-main': { files: { 'server/app.ts': `import './main.ts';` }, from: 'server/app.ts' },
    'one-file-knows-fluent-ffmpeg': {
      files: { 'media/probe.ts': `import 'fluent-ffmpeg';` },
      from: 'media/probe.ts',
    },
    'console-knows-the-contract-only': {
      files: {
        'server/console/heavy.tsx': `import { contract } from '#protocols';\nexport const x = contract;`,
      },
      from: 'server/console/heavy.tsx',
    },
    'console-types-from-protocols': {
      files: {
        'server/http/view.ts': 'export interface View { id: string }',
        'server/console/view.tsx': `import type { View } from '../http/view.ts';\nexport type X = View;`,
      },
      from: 'server/console/view.tsx',
    },
    'server-serves-the-built-console': {
      files: {
        'server/console/page.tsx': 'export const page = 1;',
        'server/http/page.ts': `import '../console/page.tsx';`,
      },
      from: 'server/http/page.ts',
    },
    'no-development-packages': { files: { 'server/dev.ts': `import 'fast-check';` }, from: 'server/dev.ts' },
  };

/** What the layout holds besides, and no rule minds. */
const ALLOWED: Record<string, string> = {
  'protocols/index.ts': 'export const contract = 1;',
  'protocols/kit/index.ts': 'export const kit = 1;',
  'media/index.ts': `export * from './ffmpeg.ts';`,
  'media/ffmpeg.ts': `import 'fluent-ffmpeg';\nimport '#kit';\nexport const media = 1;`,
  'server/logger.ts': 'export const logger = 1;',
  'server/domain/service.ts': `import '#protocols';\nimport '#media';`,
  'server/storage/store.ts': `import '../domain/service.ts';\nimport '../logger.ts';`,
  'server/main.ts': 'export const main = 1;',
  // What only the build needs is built in.
  'server/console/main.tsx': `import type { contract } from '#protocols';\nimport 'react';\nexport type X = typeof contract;`,
  // The top of the agent is in no ring: what puts the folders together, and what all of them use.
  'device-agent/log.ts': 'export const log = 1;',
  'device-agent/assemble.ts': `import './link/link.ts';`,
  'device-agent/link/link.ts': `import '../log.ts';`,
};

describe('import rules', () => {
  it('takes the layout of the design', () => {
    expect(cruise(layout(ALLOWED)).summary).toMatchObject({ violations: [] });
  });

  it('fails a forbidden import for each rule', () => {
    const everything = Object.values(FORBIDDEN).map((example) => example.files);
    const { violations: found, ruleSetUsed } = cruise(
      layout(Object.assign({}, ALLOWED, ...everything)),
    ).summary;
    expect(Object.keys(FORBIDDEN).sort()).toEqual(ruleSetUsed.forbidden.map((rule) => rule.name).sort());
    for (const [rule, { from }] of Object.entries(FORBIDDEN)) {
      expect(
        found.filter((violation) => violation.rule.name === rule).map((violation) => violation.from),
        rule,
      ).toContain(from);
    }
  });

  it('sees the modules of this repository', () => {
    const { summary } = cruise(repoRoot);
    expect(summary.totalCruised).toBeGreaterThan(0);
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
    // Reads every source file: on a busy machine that takes a while.
  }, 120_000);
});

/** Writes files to a folder laid out like the repository, with packages that carry the real names. */
function layout(sources: Record<string, string>): string {
  const root = tempDir('imports');
  const { imports } = JSON.parse(readFileSync(inRepo('package.json'), 'utf8')) as { imports: unknown };
  const described = {
    type: 'module',
    imports,
    dependencies: { fastify: '*', 'fluent-ffmpeg': '*' },
    devDependencies: { 'fast-check': '*', react: '*' },
  };
  const files: Record<string, string> = {
    ...sources,
    'package.json': JSON.stringify(described),
    'tsconfig.base.json': readFileSync(inRepo('tsconfig.base.json'), 'utf8'),
  };
  for (const name of ['fastify', 'fluent-ffmpeg', 'fast-check', 'react']) {
    files[`node_modules/${name}/package.json`] = JSON.stringify({ name, version: '1.0.0', main: 'index.js' });
    files[`node_modules/${name}/index.js`] = '';
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  return root;
}

const FOLDERS = ['protocols', 'media', 'server', 'device-agent', 'tests'];

function cruise(cwd: string): Cruise {
  const program = inRepo('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = inRepo('.dependency-cruiser.json');
  const args = [program, '--config', config, '--output-type', 'json', ...FOLDERS];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser said: ${stderr}`);
  return JSON.parse(stdout) as Cruise;
}
