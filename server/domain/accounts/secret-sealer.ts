import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyVault } from '../keys/key-vault.ts';

const ALGORITHM = 'aes-256-gcm';
const MARK = 'sealed:1:';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals short secrets that have to be read again (AES-256-GCM), with a key that lies in the key folder and not in the database: a copy of
 * the database alone tells nothing. Each is bound to its owner, so that it cannot be put in another's place.
 */
export class SecretSealer {
  readonly #vault: Pick<KeyVault, 'readKey' | 'writeKey'>;
  #key: Buffer | undefined;

  constructor(vault: Pick<KeyVault, 'readKey' | 'writeKey'>) {
    this.#vault = vault;
  }

  /** Reads the key; makes it at the first start. Throws an `Error` for a file that is no key. */
  async load(): Promise<void> {
    const text = await this.#vault.readKey('data');
    const key = text === null ? randomBytes(KEY_BYTES) : Buffer.from(text.trim(), 'base64url');
    if (key.length !== KEY_BYTES)
      throw new Error(`data.key in the key folder is damaged: ${key.length} bytes, expected ${KEY_BYTES}`);
    if (text === null) await this.#vault.writeKey('data', `${key.toString('base64url')}\n`);
    this.#key = key;
  }

  seal(owner: string, secret: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#loaded(), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return MARK + sealed.toString('base64url');
  }

  /** Whether a text was sealed; one of before there was a key was not. */
  isSealed(text: string): boolean {
    return text.startsWith(MARK);
  }

  /** The secret; undefined where another key, or for another owner, sealed it. */
  open(owner: string, text: string): string | undefined {
    const bytes = Buffer.from(text.slice(MARK.length), 'base64url');
    const [iv, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(-TAG_BYTES)];
    try {
      const decipher = createDecipheriv(ALGORITHM, this.#loaded(), iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(owner));
      decipher.setAuthTag(tag);
      const secret = bytes.subarray(IV_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(secret), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  /** A code of a text that nobody without the key can make (HMAC-SHA-256, base64url); one for a purpose is none for another. */
  codeOf(purpose: string, text: string): string {
    const key = hkdfSync('sha256', this.#loaded(), '', purpose, KEY_BYTES);
    return createHmac('sha256', Buffer.from(key)).update(text).digest('base64url');
  }

  #loaded(): Buffer {
    if (this.#key === undefined) throw new Error('the key of sealed secrets was not loaded');
    return this.#key;
  }
}
