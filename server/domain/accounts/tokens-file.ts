import { readFile } from 'node:fs/promises';
import { isDomainError } from '#protocols';
import { TokenBook, tokensCodec } from './token-book.ts';

/** A tokens file that cannot be used. The message is one line for the operator. */
export class TokensFileError extends Error {
  override readonly name = 'TokensFileError';
}

export interface TokensFileOptions {
  readonly path: string;
  /** Whether a person has the name: one name must not stand for two. */
  readonly isAccount: (name: string) => boolean;
}

/** Reads the machines' tokens that the operator placed there; without a file there are none. Throws `TokensFileError`. */
export async function openTokens({ path, isAccount }: TokensFileOptions): Promise<TokenBook> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return new TokenBook([]);
    throw new TokensFileError(`tokens file ${path} cannot be read`, { cause: error });
  }
  let book: TokenBook;
  try {
    book = new TokenBook(tokensCodec.parse(text));
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new TokensFileError(`tokens file ${path} is not valid: ${String(error.params['reason'])}`, {
      cause: error,
    });
  }
  const taken = [...book.names()].find(isAccount);
  if (taken !== undefined)
    throw new TokensFileError(
      `tokens file ${path} names "${taken}", which is a person's account: choose another name there`,
    );
  return book;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
