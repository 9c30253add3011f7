import { bytesOf, type EvidenceCrypto, fromBase64Url } from './crypto.ts';

/** A compact JWS taken apart, its signature not proved yet. */
interface TakenApart {
  readonly kid: string;
  readonly use: string;
  readonly payload: unknown;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Takes a compact JWS (RFC 7515, EdDSA) apart; null for what is none of ours. Not `jose`: that needs WebCrypto, which a page opened from a
 * file does not have everywhere, and is asynchronous.
 */
export function takeApart(compact: string): TakenApart | null {
  try {
    const [header = '', payload = '', signature = '', ...rest] = compact.split('.');
    const text = (part: string) =>
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(part)));
    const said: unknown = text(header);
    if (rest.length > 0 || typeof said !== 'object' || said === null) return null;
    const { alg, kid, typ } = said as Readonly<Record<string, unknown>>;
    if (alg !== 'EdDSA' || typeof kid !== 'string' || typeof typ !== 'string') return null;
    return {
      kid,
      use: typ.replace(/^loa-/, ''),
      payload: text(payload),
      signed: bytesOf(`${header}.${payload}`),
      signature: fromBase64Url(signature),
    };
  } catch {
    return null;
  }
}

/** Whether it was signed with this key (raw public bytes, base64url). */
export function isSignedBy(crypto: EvidenceCrypto, document: TakenApart, publicKey: string): boolean {
  return crypto.verify(fromBase64Url(publicKey), document.signed, document.signature);
}
