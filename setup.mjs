/**
 * Makes a clone ready to run: dependencies, database clients, build, agent bundle. Every npm script that needs them
 * calls this first; it says one line for each step that it really does, and nothing when all is done already.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
/** The oldest Node that runs this: [major, minor]. */
const lowestNode = [20, 19];

/** An absolute path inside the clone. */
const at = (...parts) => join(root, ...parts);

/** A failure whose message is one line that says the cure; `details` is what the failed program printed. */
class SetupError extends Error {
  constructor(message, details = '') {
    super(message);
    this.details = details;
  }
}

/** Progress goes to stderr: stdout belongs to the program that setup makes ready. */
function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** Runs a program in the clone; resolves to its exit code and everything that it printed. */
function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32' && command.endsWith('.cmd'),
    });
    let output = '';
    for (const pipe of [child.stdout, child.stderr])
      pipe.on('data', (chunk) => {
        output += chunk;
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

function fileHash(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** One hash over the files of these endings; `facts` is what counts of each. */
function hashOf(paths, endings, facts) {
  const hash = createHash('sha256');
  for (const path of files(paths, endings)) hash.update(`${path}\0${facts(at(path))}\n`);
  return hash.digest('hex');
}

const contentHash = (paths, endings) => hashOf(paths, endings, fileHash);

/** Of files that people write, by size and time: quick, and enough to notice an edit. */
const treeHash = (paths, endings) =>
  hashOf(paths, endings, (path) => `${statSync(path).size} ${statSync(path).mtimeMs}`);

function files(paths, endings) {
  const found = [];
  const visit = (path) => {
    if (!existsSync(at(path))) return;
    if (statSync(at(path)).isDirectory()) {
      for (const name of readdirSync(at(path)).sort()) {
        if (!['dist', 'generated', 'node_modules'].includes(name)) visit(`${path}/${name}`);
      }
    } else if (endings.some((ending) => path.endsWith(ending))) {
      found.push(path);
    }
  };
  paths.forEach(visit);
  return found;
}

/** Waits for its turn and returns what ends it. A lock whose owner is gone is taken over. Outside the clone: `npm ci` empties node_modules. */
async function takeLock() {
  const id = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const path = join(tmpdir(), `loa-setup-${id}.lock`);
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerAlive(path)) rmSync(path, { force: true });
    else if (attempt === 0) say('another setup of this clone is under way; waiting for it');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function ownerAlive(path) {
  try {
    const owner = Number(readFileSync(path, 'utf8'));
    // Empty between the owner's two system calls, or for ever if it was killed there.
    if (owner === 0) return Date.now() - statSync(path).mtimeMs < 5_000;
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** What native modules are built for: another Node, system or processor needs another build. */
const platform = `${process.platform}-${process.arch}-${process.versions.modules}`;
const nativeModule = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';

const dependencies = {
  name: 'dependencies',
  inputs: () => `${fileHash(at('package-lock.json'))} ${platform}`,
  outputs: () => ['node_modules/.package-lock.json'],
  run: async (before) => {
    if (installedAsLocked() && (before === undefined || before.endsWith(platform))) return;
    say('installing the locked dependencies (npm ci); the first time takes a minute or two');
    await npm(['ci', '--no-audit', '--no-fund', '--ignore-scripts'], 'dependencies installed');
  },
};

/** What packages do at their installation: the longest part of it where a native module must be compiled. */
const nativeModules = {
  name: 'native modules',
  inputs: dependencies.inputs,
  outputs: () => [nativeModule],
  run: async () => {
    // Also where one is there: an installation that was cut off leaves the packages after it unmade.
    say('making the native modules (npm rebuild)');
    await npm(['rebuild'], 'native modules made');
  },
};

async function npm(args, done) {
  const [command, first] = npmCommand();
  const started = performance.now();
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
  const heartbeat = setInterval(() => say(`  … ${args[0]} ${seconds()}`), 15_000);
  try {
    const { code, output } = await run(command, [...first, ...args, '--loglevel=error'], {
      ...compilerHints(),
      npm_config_update_notifier: 'false',
    });
    // npm explains its own options at length after some errors.
    const [said] = output.split(/^npm error\n?(?=npm error (?:Clean install|Usage|Options))/m);
    if (code !== 0) throw new SetupError(cures.find(([words]) => words.test(output))[1](), said);
  } finally {
    clearInterval(heartbeat);
  }
  say(`  ${done} in ${seconds()}`);
}

/** Whether node_modules is what package-lock.json names, however it got there (a plain `npm ci` counts). */
function installedAsLocked() {
  try {
    const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
    const present = JSON.parse(readFileSync(at('node_modules/.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === '') return true;
      const found = present[path];
      // What is for other systems only is locked, but not installed.
      return found === undefined ? entry.optional === true : found.integrity === entry.integrity;
    });
  } catch {
    return false;
  }
}

/** The npm that runs us, or else the one in PATH. */
function npmCommand() {
  const running = process.env.npm_execpath;
  if (running !== undefined && /npm-cli\.c?js$/.test(running)) return [process.execPath, [running]];
  const name = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  if (!inPath(name)) throw new SetupError('npm is missing: install it (Debian, Ubuntu: apt-get install npm)');
  return [name, []];
}

/** How native modules are compiled where no ready build can be had. */
function compilerHints() {
  const nodedir = dirname(dirname(process.execPath));
  const here = existsSync(join(nodedir, 'include', 'node', 'node_version.h'));
  // With the headers beside Node itself, where there are any, instead of a download.
  const headers = here ? { npm_package_config_node_gyp_nodedir: nodedir } : {};
  return { npm_package_config_node_gyp_jobs: 'max', ...headers };
}

/** Whether a program of this name lies in PATH. */
function inPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, name)));
}

/** What to do when `npm ci` fails, by what it said; the first that fits. */
const cures = [
  [/gyp ERR|node-gyp|prebuild-install/, compilerCure],
  [/ENOSPC/, () => 'npm ci ran out of disk space: free about 1 GB and run this again'],
  [/EACCES|EPERM/, () => `npm ci may not write: make ${root} writable for this user`],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED/,
    () => 'npm ci could not reach the package registry: check the network (npm ping), then run this again',
  ],
  [
    /can only install packages when your package.json and package-lock.json/,
    () => 'package.json and package-lock.json disagree: run npm install and commit both',
  ],
  [/(?:)/, () => 'npm ci failed; what it said is above'],
];

function compilerCure() {
  const wanted = { python3: ['python3', 'python'], make: ['make'], 'g++': ['c++', 'g++', 'clang++'] };
  const missing = Object.keys(wanted).filter((name) => !wanted[name].some(inPath));
  if (missing.length === 0) return 'npm ci could not compile a native module; see the compiler above';
  return `npm ci could not compile better-sqlite3 without ${missing.join(', ')}: apt-get install ${missing.join(' ')} (macOS: xcode-select --install)`;
}

/** Runs a program of an installed package. Throws `failure` with what it printed. */
async function tool(path, args, failure, env = {}) {
  const { code, output } = await run(process.execPath, [at('node_modules', path), ...args], env);
  if (code !== 0) throw new SetupError(failure, output);
}

/** Each provider's Prisma client: its head (schema.prisma) and the models that all share, joined in prisma/generated. */
const schemaFolder = 'prisma/generated';
const providers = ['postgresql', 'sqlite'];

const databaseClients = {
  name: 'database clients',
  inputs: () => contentHash(['prisma', 'node_modules/prisma/package.json'], ['.prisma', 'package.json']),
  outputs: () => providers.flatMap((provider) => [joinedPath(provider), ...clientFolder(provider)]),
  run: generate,
};

const headPath = (provider) => at('prisma', provider, 'schema.prisma');
const joinedPath = (provider) => join(schemaFolder, `${provider}.prisma`);

/** The folder that a head's generator writes, relative to the clone: heads and joined schemas lie equally deep. */
function clientFolder(provider) {
  const output = /^\s*output\s*=\s*"([^"]+)"/m.exec(readFileSync(headPath(provider), 'utf8'))?.[1];
  return output === undefined ? [] : [relative(root, at(schemaFolder, output))];
}

async function generate() {
  say('generating the database clients');
  for (const provider of providers) {
    mkdirSync(at(schemaFolder), { recursive: true });
    writeFileSync(at(joinedPath(provider)), joined(provider));
    const args = ['generate', '--schema', joinedPath(provider)];
    await tool('prisma/build/index.js', args, `the database client for ${provider} could not be generated`, {
      // `generate` never runs the schema engine, yet downloads it unless it is told where one is.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    });
  }
}

function joined(provider) {
  const paths = [
    headPath(provider),
    ...files(['prisma/models'], ['.prisma'])
      .sort()
      .map((path) => at(path)),
  ];
  return paths.map((path) => readFileSync(path, 'utf8')).join('\n');
}

const sources = ['protocols', 'media', 'server', 'device-agent', 'prisma', 'tests'];
const buildStep = {
  name: 'build',
  inputs: () =>
    treeHash([...sources, 'tsconfig.json', 'tsconfig.base.json'], ['.ts', '.tsx', '.json', '.prisma']),
  outputs: () => [...compiledPrograms(), 'dist/server/bundles.js'],
  run: () => {
    say('building (tsc -b)');
    // tsc takes what its notes say for up to date, even where somebody removed the files.
    const force = compiledPrograms().some((path) => !existsSync(at(path))) ? ['--force'] : [];
    return tool('typescript/bin/tsc', ['-b', ...force], 'the build failed; the type errors are above');
  },
};

const controllerFolder = 'dist/controller';

/** Whatever the scripts of package.json run, and is not bundled. */
function compiledPrograms() {
  const { scripts } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const programs = Object.values(scripts).flatMap((line) => line.match(/\bdist\/\S+\.js/g) ?? []);
  return [...new Set(programs)].filter((path) => !path.startsWith(controllerFolder));
}

/** Programs joined with all that they import; server/bundles.ts says how. */
const bundleStep = (name, made, sources) => ({
  name,
  inputs: () => treeHash([...sources, 'package.json', 'package-lock.json'], ['.ts', '.json', '.prisma']),
  outputs: () => made,
  run: () => {
    say(`${name} (${made.join(', ')})`);
    return tool('../dist/server/bundles.js', [name], `the ${name} could not be made; what is wrong is above`);
  },
});
const bundles = [
  bundleStep('agent bundle', ['device-agent/dist/loa-agent.mjs'], ['protocols', 'device-agent']),
  bundleStep('evidence page', ['dist/server/verify/page/program.js'], ['protocols', 'server/verify']),
  bundleStep('controller bundle', [`${controllerFolder}/main.js`, `${controllerFolder}/worker.js`], sources),
];

/** The web console: pages and hashed assets that the controller serves. */
const consoleStep = {
  name: 'web console',
  inputs: () =>
    treeHash(['server/console', 'package-lock.json'], ['.ts', '.tsx', '.css', '.html', '.svg', '.json']),
  outputs: () => ['dist/console/index.html'],
  run: () => {
    say('web console (dist/console)');
    const args = ['build', 'server/console', '--logLevel', 'warn'];
    return tool('vite/bin/vite.js', args, 'the web console could not be built');
  },
};

/** Each in its order, once the dependencies are there; nothing that is made from our sources loads a native module. */
const lanes = [[nativeModules], [databaseClients, buildStep, ...bundles, consoleStep]];
/** `inputs()` names what a step's result depends on; its `outputs()` must exist for it to count as done. */
const steps = [dependencies, ...lanes.flat()];
/** Which inputs each step was last done with. In node_modules, so that it goes when they go. */
const stampPath = at('node_modules', '.loa-setup.json');

async function main() {
  requireNode();
  if (firstDue(steps) === undefined) return;
  const release = await takeLock();
  try {
    await performDue([dependencies]);
    // Beside each other: a compiler keeps one processor busy, and so does the build.
    const ends = await Promise.allSettled(lanes.map(performDue));
    for (const { status, reason } of ends) if (status === 'rejected') throw reason;
  } finally {
    release();
  }
}

async function performDue(lane) {
  for (let step = firstDue(lane); step !== undefined; step = firstDue(lane)) await perform(step);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > lowestNode[0] || (major === lowestNode[0] && minor >= lowestNode[1])) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: install Node ${lowestNode.join('.')} or newer (https://nodejs.org/en/download)`,
  );
}

/** The first step whose inputs changed or whose outputs are gone. */
function firstDue(lane) {
  const done = readStamp();
  return lane.find(
    (step) => done[step.name] !== step.inputs() || step.outputs().some((path) => !existsSync(at(path))),
  );
}

async function perform(step) {
  // Taken before the step runs: what is edited meanwhile must count as changed.
  const inputs = step.inputs();
  await step.run(readStamp()[step.name]);
  const missing = step.outputs().filter((path) => !existsSync(at(path)));
  if (missing.length > 0) throw new SetupError(`the step "${step.name}" did not make ${missing.join(', ')}`);
  writeFileSync(stampPath, `${JSON.stringify({ ...readStamp(), [step.name]: inputs }, null, 2)}\n`);
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'));
  } catch {
    return {};
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  const said = error.details.trimEnd();
  if (said !== '') process.stderr.write(`${said.split('\n').slice(-60).join('\n')}\n`);
  process.stderr.write(`setup: ${error.message}\n`);
  process.exitCode = 1;
}
