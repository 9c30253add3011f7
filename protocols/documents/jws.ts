import type { KeyObject } from 'node:crypto';
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import { DomainError } from '../errors/index.ts';
import { sha256 } from '../ids.ts';
import type { SigningKey } from './keys.ts';

/** Largest signed document, in bytes: what the brokers let through (64 KiB) less room for the packet's header. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 - 512;

/** What a root key signs, and no other: key statements, where loudspeakers belong, and lists of loudspeakers for another controller. */
export const ROOT_USES = ['key-statement', 'rehome', 'speaker-list'] as const;

/**
 * What a key may sign. A key statement lists them for each key that is no root; `backup` stands in none: whichever key may order signs the
 * controller's backups too.
 */
export type KeyUse =
  | 'backup'
  | 'order'
  | 'assignment'
  | 'plan'
  | 'latch'
  | 'time'
  | 'audit'
  | (typeof ROOT_USES)[number];

/** Finds the public key of this name if it may sign for this use. */
export interface KeyLookup {
  find(kid: string, use: KeyUse): KeyObject | undefined;
}

/** A document whose signature was verified. `hash` is the SHA-256 of the exact compact serialisation. */
export interface VerifiedDocument {
  readonly payload: Uint8Array;
  readonly kid: string;
  readonly hash: string;
}

/**
 * Signs JSON as a compact JWS (RFC 7515, EdDSA of RFC 8037). The use goes into `typ`, so a signature made for one
 * purpose cannot serve another.
 */
export function signDocument(use: KeyUse, payload: object, key: SigningKey): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: `loa-${use}` })
    .sign(key.privateKey);
}

/**
 * Verifies size, purpose, key and signature, in this order, and gives back the signed bytes.
 * Throws `document.too_large`, `document.malformed`, `document.unsigned`, `document.bad_signature`.
 */
export async function verifyDocument(
  use: KeyUse,
  compact: Uint8Array | string,
  keys: KeyLookup,
): Promise<VerifiedDocument> {
  const bytes = typeof compact === 'string' ? Buffer.byteLength(compact) : compact.byteLength;
  if (bytes > MAX_DOCUMENT_BYTES)
    throw new DomainError('document.too_large', { document: use, bytes, limit: MAX_DOCUMENT_BYTES });
  const text = typeof compact === 'string' ? compact : Buffer.from(compact).toString('latin1');
  const kid = headerKeyId(use, text);
  const key = keys.find(kid, use);
  if (key === undefined) throw new DomainError('document.unsigned', { document: use, keyId: kid, use });
  try {
    const { payload } = await compactVerify(text, key, { algorithms: ['EdDSA'] });
    return { payload, kid, hash: sha256(text) };
  } catch (cause) {
    throw new DomainError('document.bad_signature', { document: use, keyId: kid }, { cause });
  }
}

/**
 * The signed bytes of a compact JWS whose signature needs no proof here: we made it ourselves, or proved it before it was stored.
 * Throws `document.malformed`.
 */
export function payloadOf(document: string): Buffer {
  const payload = document.split('.')[1];
  if (payload === undefined)
    throw new DomainError('document.malformed', {
      document: 'signed document',
      reason: 'it is not a compact JWS',
    });
  return Buffer.from(payload, 'base64url');
}

function headerKeyId(use: KeyUse, text: string): string {
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(text);
  } catch {
    throw new DomainError('document.malformed', { document: use, reason: 'it is not a compact JWS' });
  }
  if (header.typ !== `loa-${use}`)
    throw new DomainError('document.malformed', {
      document: use,
      reason: `its type is "${String(header.typ).slice(0, 40)}", expected "loa-${use}"`,
    });
  if (typeof header.kid !== 'string')
    throw new DomainError('document.unsigned', { document: use, keyId: '', use });
  return header.kid.slice(0, 64);
}
