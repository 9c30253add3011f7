import { readFile } from 'node:fs/promises';
import { isDomainError } from '#protocols';
import { MACHINE_ROLES } from './roles.ts';
import { TokenBook, type TokenRecord, tokensCodec } from './token-book.ts';

/** A tokens file that cannot be used. The message is one line for the operator. */
export class TokensFileError extends Error {
  override readonly name = 'TokensFileError';
}

export interface TokensFileOptions {
  readonly path: string;
  /** Whether a person has the name: one name must not stand for two. */
  readonly isAccount: (name: string) => boolean;
}

/** The machines of the file, and what the operator is to be told of the entries that are not taken, a line each. */
export interface OpenedTokens {
  readonly book: TokenBook;
  readonly refused: readonly string[];
}

/**
 * Reads the machines' tokens that the operator placed there; without a file there are none. An entry with a role that only people have is left out: the others
 * go on, since a controller that does not start broadcasts nothing. Throws `TokensFileError`.
 */
export async function openTokens({ path, isAccount }: TokensFileOptions): Promise<OpenedTokens> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return { book: new TokenBook([]), refused: [] };
    throw new TokensFileError(`tokens file ${path} cannot be read`, { cause: error });
  }
  let records: readonly TokenRecord[];
  try {
    records = tokensCodec.parse(text);
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new TokensFileError(`tokens file ${path} is not valid: ${String(error.params['reason'])}`, {
      cause: error,
    });
  }
  const refused = records.flatMap((one, index) =>
    isForMachines(one) ? [] : [`tokens file ${path}, entry ${index + 1}: ${whyNot(one)}`],
  );
  const book = new TokenBook(records.filter(isForMachines));
  const taken = [...book.names()].find(isAccount);
  if (taken !== undefined)
    throw new TokensFileError(
      `tokens file ${path} names "${taken}", which is a person's account: choose another name there`,
    );
  return { book, refused };
}

function isForMachines({ role }: TokenRecord): boolean {
  return MACHINE_ROLES.some((one) => one === role);
}

function whyNot({ name, role }: TokenRecord): string {
  return `the token "${name}" is not taken, because a machine answers for nobody and so cannot be ${role}; give that person an account in the console and remove the entry, or give the machine one of the roles ${MACHINE_ROLES.join(', ')}`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
