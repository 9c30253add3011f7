import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Where `npm run setup` builds the console, below the folder of everything. */
const BUILT = join('dist', 'console');

/** What the console is made of, by the end of a name. Anything else is not served. */
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
};
/** A file's name and no path: nothing above the folder can be named. */
const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.([a-z]+)$/;

/** A file as it is sent. */
export interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

/** The built console's files: each is read and packed when it is first asked for, and held. */
export class ConsoleFiles {
  readonly #folder: string | null;
  readonly #held = new Map<string, ConsoleFile>();

  /** `folder`: by default where setup builds it, found upwards from here; null: nothing was built. */
  constructor(folder: string | null = builtFolder()) {
    this.#folder = folder;
  }

  /** The page that every address of the console is answered with, as it is on the disk now: null where nothing was built. */
  async page(): Promise<ConsoleFile | null> {
    return this.#read('.', 'index.html');
  }

  /** A file whose name holds its own hash; null: there is none. */
  async asset(name: string): Promise<ConsoleFile | null> {
    const held = this.#held.get(name);
    if (held !== undefined) return held;
    const file = await this.#read('assets', name);
    if (file !== null) this.#held.set(name, file);
    return file;
  }

  async #read(folder: string, name: string): Promise<ConsoleFile | null> {
    const type = TYPES[NAME.exec(name)?.[1] ?? ''];
    if (type === undefined || this.#folder === null) return null;
    try {
      const plain = await readFile(join(this.#folder, folder, name));
      const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
      return { type, etag, plain, gzip: await promisify(gzip)(plain) };
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }
}

/** Upwards from here: this runs from the sources and from what was built of them. */
function builtFolder(): string | null {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let at = start; at !== dirname(at); at = dirname(at))
    if (existsSync(join(at, BUILT))) return join(at, BUILT);
  return null;
}
