import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { DomainError } from '#protocols';

/** A key that opens backups, as it lies in them: under a passphrase. */
export interface SealedKey {
  /** "age1…": to this backups are encrypted. */
  readonly recipient: string;
  /** The key in age's text form, itself encrypted with the passphrase. */
  readonly keyFile: string;
}

/**
 * Work factor of scrypt (2^15: 32 MB): age's own default takes 256 MB, which a small box has not got to spare, and the passphrase
 * has 120 random bits, which no work factor needs to stretch.
 */
const SCRYPT_LOG_N = 15;

/** Begins the line beside a key that names the root key of the controller that made it. `age` takes it for a remark. */
const ROOT_LINE = '# loa-root ';

/** What a key file holds. */
export interface OpenedKey {
  /** "AGE-SECRET-KEY-1…". */
  readonly identity: string;
  /** Raw root key (base64url) of the controller that made the sheet; null: an earlier version made it. */
  readonly rootKey: string | null;
}

/**
 * A new key under a passphrase, and beside it the root key of who made it: without the passphrase nobody makes another one that says so.
 * Opened again before it is given out, so that no sheet is printed that does not open.
 */
export async function sealNewKey(passphrase: string, rootKey: string | null): Promise<SealedKey> {
  const identity = await generateX25519Identity();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(SCRYPT_LOG_N);
  const named = rootKey === null ? '' : `${ROOT_LINE}${rootKey}\n`;
  const keyFile = armor.encode(await encrypter.encrypt(`${named}${identity}\n`));
  if ((await openKey(keyFile, passphrase)).identity !== identity)
    throw new Error('a new backup key does not open');
  return { recipient: await identityToRecipient(identity), keyFile };
}

/** The key in a key file. Throws `backup.wrong_passphrase`, `backup.damaged`. */
export async function openKey(keyFile: string, passphrase: string): Promise<OpenedKey> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let text: string;
  try {
    text = await decrypter.decrypt(armor.decode(keyFile), 'text');
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('no identity matched'))
      throw new DomainError('backup.wrong_passphrase', {}, { cause });
    throw new DomainError('backup.damaged', { reason: 'its key cannot be read' }, { cause });
  }
  const lines = text.split('\n');
  return {
    identity: lines.find((line) => line !== '' && !line.startsWith('#'))?.trim() ?? '',
    rootKey:
      lines
        .find((line) => line.startsWith(ROOT_LINE))
        ?.slice(ROOT_LINE.length)
        .trim() ?? null,
  };
}

/** A key that lives in memory only, for reading back what was just written; forgotten afterwards. */
export async function passingKey(): Promise<{ readonly recipient: string; readonly identity: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

export async function encryptTo(
  recipients: readonly string[],
  plain: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(ReadableStream.from(plain) as ReadableStream<Uint8Array>);
}

export async function decryptWith(
  identity: string,
  sealed: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return decrypter.decrypt(ReadableStream.from(sealed) as ReadableStream<Uint8Array>);
}
