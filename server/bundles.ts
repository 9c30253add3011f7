import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/** Of the clone, above dist/server. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const COMMON: BuildOptions = {
  ...{ absWorkingDir: ROOT, bundle: true, conditions: ['loa-source'], logLevel: 'error' },
};

/** CommonJS packages inside an ES module still call `require` for Node's own modules. Aliases, because our own code may import the same names. */
const FOR_NODE: BuildOptions = {
  ...{ platform: 'node', target: 'node20.19', format: 'esm' },
  banner: {
    js: "import { createRequire as loaCreateRequire } from 'node:module'; const require = loaCreateRequire(import.meta.url);",
  },
};

/** What a program loads only when it is asked for stays a package of its own. */
const loadedLater: Plugin = {
  name: 'loaded later',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^.#/]/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    ),
};

/** By the names under which setup.mjs makes them. */
const BUNDLES: Readonly<Record<string, BuildOptions>> = {
  // One file: what runs where nothing else is installed.
  'agent bundle': {
    ...FOR_NODE,
    ...{ entryPoints: ['device-agent/main.ts'], outfile: 'device-agent/dist/loa-agent.mjs' },
  },
  'evidence page': {
    ...{ platform: 'browser', target: 'es2022', format: 'iife', minify: true, charset: 'utf8' },
    ...{ entryPoints: ['server/verify/page/page.ts'], outfile: 'dist/server/verify/page/program.js' },
  },
  // To load a thousand files one by one takes longer than all else that a start does. Beside each other, for the controller looks there for its worker.
  'controller bundle': {
    ...{ ...FOR_NODE, outdir: 'dist/controller', splitting: true },
    entryPoints: { main: 'server/main.ts', worker: 'server/storage/backup/worker.ts' },
    // Compiled for the machine, and not installed.
    ...{ external: ['better-sqlite3', 'pg-native'], plugins: [loadedLater] },
  },
};

const [name = ''] = process.argv.slice(2);
const options = BUNDLES[name];
if (options === undefined) {
  process.stderr.write(`no bundle "${name}": expected one of ${Object.keys(BUNDLES).join(', ')}\n`);
  process.exitCode = 1;
} else {
  // Its parts are named by what is in them: those of before would stay for ever.
  if (options.outdir !== undefined) await rm(join(ROOT, options.outdir), { recursive: true, force: true });
  // esbuild has said what is wrong.
  await build({ ...COMMON, ...options }).catch(() => {
    process.exitCode = 1;
  });
}
