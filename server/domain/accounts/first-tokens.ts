import { readFile, writeFile } from 'node:fs/promises';
import { writeFileAtomic } from '#kit';
import { isDomainError } from '#protocols';
import type { Role } from './actor.ts';
import { hashToken, newToken, TokenBook, type TokenRecord, tokensCodec } from './token-book.ts';

/** Roles that get a token at the first start. An administrator may not broadcast, hence more than one. */
const FIRST_ROLES: readonly Role[] = ['administrator', 'editor', 'chairman', 'technician'];

export interface FirstTokensOptions {
  /** The tokens file. */
  readonly path: string;
  /** Where the secrets of the first start are written, once, readable by the owner alone. */
  readonly secretsPath: string;
  /** The areas that the first tokens are bound to: the widest ones. */
  readonly rootAreas: readonly string[];
}

/** A tokens file that cannot be used. The message is one line for the operator. */
export class TokensFileError extends Error {
  override readonly name = 'TokensFileError';
}

/**
 * Reads the tokens file, or makes it at the first start: hashes into `path`, the secrets once into `secretsPath`.
 * `created` says that this happened. Throws `TokensFileError` for a file that cannot be read.
 */
export async function openTokens(
  options: FirstTokensOptions,
): Promise<{ readonly book: TokenBook; readonly created: boolean }> {
  let text: string;
  try {
    text = await readFile(options.path, 'utf8');
  } catch (error) {
    if (!isMissing(error))
      throw new TokensFileError(`tokens file ${options.path} cannot be read`, { cause: error });
    return { book: await makeFirst(options), created: true };
  }
  try {
    return { book: new TokenBook(tokensCodec.parse(text)), created: false };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new TokensFileError(`tokens file ${options.path} is not valid: ${String(error.params['reason'])}`, {
      cause: error,
    });
  }
}

async function makeFirst({ path, secretsPath, rootAreas }: FirstTokensOptions): Promise<TokenBook> {
  const secrets = FIRST_ROLES.map((role) => ({ role, token: newToken() }));
  const records: TokenRecord[] = secrets.map(({ role, token }) => ({
    name: role,
    role,
    areas: [...rootAreas],
    sha256: hashToken(token),
  }));
  const lines = secrets.map(({ role, token }) => `${role.padEnd(14)} ${token}\n`).join('');
  // The secrets first: a crash between the two leaves no hash without its secret, and the next start makes both anew.
  await writeFile(secretsPath, lines, { mode: 0o600 });
  await writeFileAtomic(path, `${JSON.stringify(records, null, 2)}\n`, 0o600);
  return new TokenBook(records);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
