import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

/** Tools that some tests need and that not every machine has. */
export type Tool =
  | 'ffmpeg'
  | 'sox'
  | 'espeak-ng'
  | 'postgresql'
  | 'mosquitto'
  | 'nginx'
  | 'pulseaudio'
  | 'aplay'
  | 'faketime'
  | 'age'
  | 'chromium';

interface ToolFacts {
  /** The Debian packages that bring it. */
  readonly debian: string;
  readonly found: () => boolean;
}

const TOOLS: Readonly<Record<Tool, ToolFacts>> = {
  ffmpeg: { debian: 'ffmpeg', found: () => inPath('ffmpeg') && inPath('ffprobe') },
  sox: { debian: 'sox libsox-fmt-all', found: () => inPath('sox') },
  'espeak-ng': { debian: 'espeak-ng', found: () => inPath('espeak-ng') },
  postgresql: { debian: 'postgresql', found: () => postgresBinaries() !== undefined },
  mosquitto: { debian: 'mosquitto', found: () => executable('mosquitto', ['/usr/sbin']) !== undefined },
  nginx: { debian: 'nginx-light', found: () => executable('nginx', ['/usr/sbin']) !== undefined },
  pulseaudio: {
    debian: 'pulseaudio pulseaudio-utils',
    found: () => inPath('pulseaudio') && inPath('pacat') && inPath('parec'),
  },
  age: { debian: 'age', found: () => inPath('age') && inPath('script') },
  faketime: { debian: 'libfaketime', found: () => fakeTimeLibrary() !== undefined },
  aplay: { debian: 'alsa-utils', found: () => inPath('aplay') },
  chromium: {
    debian: 'chromium',
    found: () => inPath('chromium') || inPath('chromium-browser') || inPath('google-chrome'),
  },
};

/** With this in the environment a missing tool fails the tests that need it instead of skipping them. */
const requireAll = process.env['LOA_REQUIRE_ALL'] === '1';

const known = new Map<Tool, boolean>();

/** Whether this machine has the tool. Looked up once. */
export function available(tool: Tool): boolean {
  let found = known.get(tool);
  if (found === undefined) {
    found = TOOLS[tool].found();
    known.set(tool, found);
  }
  return found;
}

/** The absolute path of an executable in PATH or in one of `alsoIn`; undefined when there is none. */
export function executable(name: string, alsoIn: readonly string[] = []): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...alsoIn];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path));
}

/** The folder that holds PostgreSQL's `initdb` and `postgres`: Debian keeps it out of PATH. Newest version first. */
export function postgresBinaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = names(root).sort((a, b) => Number(b) - Number(a));
  const folders = [
    ...versions.map((version) => join(root, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return folders.find(
    (folder) => isExecutable(join(folder, 'initdb')) && isExecutable(join(folder, 'postgres')),
  );
}

/** The library that shows a process another time (LD_PRELOAD); it lies in a folder named after the machine's kind. */
export function fakeTimeLibrary(): string | undefined {
  const root = '/usr/lib';
  return names(root)
    .map((name) => join(root, name, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path));
}

/**
 * `describe` for tests that need tools. Where one is missing the whole group is skipped and says in its name what is
 * missing; with LOA_REQUIRE_ALL=1 it fails instead, naming the tool and the Debian package.
 */
export function describeWith(tools: readonly Tool[], name: string, define: () => void): void {
  const missing = tools.filter((tool) => !available(tool));
  if (missing.length === 0) describe(name, define);
  else if (requireAll) describe(name, () => it(`needs ${missing.join(', ')}`, () => failMissing(missing)));
  else describe.skip(`${name} ${missingLabel(missing)}`, define);
}

/** `it` for a test that needs tools; see `describeWith`. */
export function itWith(
  tools: readonly Tool[],
  name: string,
  run: () => void | Promise<void>,
  timeoutMs?: number,
): void {
  const missing = tools.filter((tool) => !available(tool));
  if (missing.length === 0) it(name, run, timeoutMs);
  else if (requireAll) it(name, () => failMissing(missing));
  else it.skip(`${name} ${missingLabel(missing)}`, run);
}

function missingLabel(missing: readonly Tool[]): string {
  return `[missing: ${missing.join(', ')}]`;
}

function failMissing(missing: readonly Tool[]): never {
  const cures = missing.map((tool) => `${tool} is missing: apt-get install ${TOOLS[tool].debian}`);
  throw new Error(`LOA_REQUIRE_ALL=1: ${cures.join('; ')}`);
}

function inPath(name: string): boolean {
  return executable(name) !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
