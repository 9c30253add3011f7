/** The two things that verifying takes. Implemented by Node for the terminal, and in plain JavaScript for a page that is opened from a file. */
export interface EvidenceCrypto {
  /** SHA-256, 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array;
  /** Ed25519 (RFC 8032): whether `signature` (64 bytes) over `message` was made with the key whose public half is `publicKey` (32 bytes). */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const utf8 = new TextEncoder();

/** UTF-8 bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text);
}

/** Lower-case hexadecimal of the SHA-256 of a text's UTF-8. */
export function hashOf(crypto: EvidenceCrypto, text: string): string {
  return [...crypto.sha256(bytesOf(text))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Bytes of a base64url text without padding. Throws `SyntaxError` or `DOMException` for what is none. */
export function fromBase64Url(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new SyntaxError('not base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** The name of a public key (see `keyId` of the signed documents): `k` and 126 bits of the SHA-256 of its raw bytes, base64url. */
export function nameOfKey(crypto: EvidenceCrypto, publicKey: string): string {
  const digest = crypto.sha256(fromBase64Url(publicKey));
  const base64 = btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  return `k${base64.slice(0, 21)}`;
}
