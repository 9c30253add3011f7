import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { ENROLMENT_KEY_BYTES } from './proof.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A key pair of one exchange (X25519), forgotten after it. */
export interface ExchangeKey {
  /** Raw, base64url. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

export function generateExchangeKey(): ExchangeKey {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { publicKey: publicKey.export({ format: 'jwk' }).x ?? '', privateKey };
}

/** What a sealed text depends on, the same at both ends. */
export interface SealContext {
  readonly own: ExchangeKey;
  /** The other side's exchange key (raw, base64url). */
  readonly peer: string;
  /** The enrolment key: without the code nobody stands in the middle. */
  readonly key: Uint8Array;
  /** Transcript that the text belongs to. */
  readonly said: Uint8Array;
}

/**
 * Encrypts (AES-256-GCM) under a key from both exchange keys and the enrolment key: who listened learns nothing when the code becomes
 * known later, and who stands in between without the code cannot take part. Throws when the peer's key is no usable point.
 */
export function seal(text: string, context: SealContext): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, sealKey(context), iv);
  cipher.setAAD(context.said);
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

/** The text again. Throws when it was sealed by somebody else or for something else, or changed on the way. */
export function unseal(sealed: string, context: SealContext): string {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) throw new RangeError('the sealed text is too short');
  const decipher = createDecipheriv(CIPHER, sealKey(context), bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(context.said);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
  return Buffer.concat([text, decipher.final()]).toString('utf8');
}

function sealKey({ own, peer, key, said }: SealContext): Buffer {
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: peer } });
  // Refuses points of small order by itself.
  const shared = diffieHellman({ privateKey: own.privateKey, publicKey });
  const info = `loa enrolment 1 secret\n${createHash('sha256').update(said).digest('hex')}`;
  return Buffer.from(hkdfSync('sha256', shared, key, info, ENROLMENT_KEY_BYTES));
}
