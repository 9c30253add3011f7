import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '#kit';
import { sha256 } from '#protocols';
import type { Log } from '../log.ts';
import { ifMissing } from '../state/files.ts';

/** in-force: its slots are the plan · coming: proved, but not all of its documents are here. */
export type HeadRole = 'in-force' | 'coming';

const ROLES: readonly HeadRole[] = ['in-force', 'coming'];
const HASH = /^[0-9a-f]{64}$/;

/** Plan heads and area-day documents on disk, as the exact bytes; documents under their hash. */
export class PlanFiles {
  readonly #folder: string;
  readonly #documents: string;
  readonly #log: Log;

  constructor(options: { readonly folder: string; readonly log: Log }) {
    this.#folder = options.folder;
    this.#documents = join(options.folder, 'documents');
    this.#log = options.log;
  }

  /** Every head that is there: not proved yet. */
  async heads(): Promise<{ role: HeadRole; document: string; name: string }[]> {
    await mkdir(this.#documents, { recursive: true });
    const found: { role: HeadRole; document: string; name: string }[] = [];
    for (const name of await readdir(this.#folder)) {
      if (name.endsWith('.new')) await rm(join(this.#folder, name), { force: true });
      const role = ROLES.find((one) => name.endsWith(`.${one}.jws`));
      if (role === undefined) continue;
      found.push({ role, name, document: await readFile(join(this.#folder, name), 'latin1') });
    }
    return found;
  }

  async saveHead(scope: string, role: HeadRole, document: string): Promise<void> {
    await writeFileAtomic(this.#head(scope, role), document);
  }

  async removeHead(scope: string, role: HeadRole): Promise<void> {
    await rm(this.#head(scope, role), { force: true });
  }

  /** A document's bytes; undefined, and the file is gone, when it is not there or no longer what its name says. */
  async document(hash: string): Promise<Buffer | undefined> {
    const path = join(this.#documents, hash);
    const bytes = await ifMissing(readFile(path), undefined);
    if (bytes === undefined || sha256(bytes) === hash) return bytes;
    this.#log.warn('a stored plan document is damaged and is removed', { sha256: hash });
    await rm(path, { force: true });
    return undefined;
  }

  async saveDocument(hash: string, bytes: Uint8Array): Promise<void> {
    await writeFileAtomic(join(this.#documents, hash), bytes);
  }

  /** Removes documents that no head names any more. */
  async prune(named: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#documents))
      if (!HASH.test(name) || !named.has(name)) await rm(join(this.#documents, name), { force: true });
  }

  #head(scope: string, role: HeadRole): string {
    return join(this.#folder, `${scope}.${role}.jws`);
  }
}
