import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileAtomic } from '#kit';
import type { KeyName, KeyVault } from '../domain/keys/key-vault.ts';

const STATEMENTS = 'statements.jsonl';
const REHOMES = 'rehomes.jsonl';
const OWNER_ONLY = 0o600;

/** Keys in a folder of their own (mode 0700): `root.pem`, `operational.pem` (and `next-root.pem` for a moment), `data.key`, `statements.jsonl` and `rehomes.jsonl` with one JWS a line. */
export class KeyFiles implements KeyVault {
  readonly #folder: string;

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder;
  }

  readKey(name: KeyName): Promise<string | null> {
    return this.#read(fileOf(name));
  }

  writeKey(name: KeyName, pem: string): Promise<void> {
    return this.#write(fileOf(name), pem);
  }

  async removeKey(name: KeyName): Promise<void> {
    await rm(join(this.#folder, fileOf(name)), { force: true });
    await syncFolder(this.#folder);
  }

  readStatements(): Promise<string[]> {
    return this.#readLines(STATEMENTS);
  }

  writeStatements(statements: readonly string[]): Promise<void> {
    return this.#writeLines(STATEMENTS, statements);
  }

  readRehomes(): Promise<string[]> {
    return this.#readLines(REHOMES);
  }

  writeRehomes(documents: readonly string[]): Promise<void> {
    return this.#writeLines(REHOMES, documents);
  }

  async #readLines(name: string): Promise<string[]> {
    return ((await this.#read(name)) ?? '').split('\n').filter((line) => line !== '');
  }

  #writeLines(name: string, lines: readonly string[]): Promise<void> {
    return this.#write(name, lines.map((line) => `${line}\n`).join(''));
  }

  async #read(name: string): Promise<string | null> {
    try {
      return await readFile(join(this.#folder, name), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  async #write(name: string, text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(this.#folder, name), text, OWNER_ONLY);
  }
}

function fileOf(name: KeyName): string {
  return name === 'data' ? 'data.key' : `${name}.pem`;
}
