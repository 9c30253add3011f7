import { sign } from 'node:crypto';
import type { SigningKey } from '../documents/keys.ts';
import type { UpTopicName } from '../topics.ts';
import type { HealthReport } from './health.ts';

/** What a loudspeaker says under a signature. */
export type SignedWordName = 'hello' | 'answer' | 'health';

/** Makes the Ed25519 signature (64 bytes) of a statement. */
export type Signer = (statement: Uint8Array) => Buffer;

/** The signer of a key. */
export function signerOf({ privateKey }: SigningKey): Signer {
  return (statement) => sign(null, statement, privateKey);
}

/**
 * Whether a message counts only with its loudspeaker's signature: what says that something was taken or is held. Health that says nothing
 * of what is held goes without, every five minutes on a line that is paid by the byte.
 */
export function needsSignature(name: UpTopicName, message: object): name is SignedWordName {
  if (name !== 'health') return name === 'hello' || name === 'answer';
  const { held, assignment }: Partial<HealthReport> = message;
  return held !== undefined || assignment !== undefined;
}

/** The exact bytes that are signed: what kind of word, whose, and its JSON text as it is sent. */
export function wordStatement(
  name: SignedWordName,
  speakerId: string,
  body: string | Uint8Array,
): Buffer<ArrayBuffer> {
  return Buffer.concat([Buffer.from(`loa-word/1\n${name}\n${speakerId}\n`), Buffer.from(body)]);
}

/** A signed message as it goes out: its JSON text, a newline, which JSON text never has, and the signature in base64url. */
export function signedWord(name: SignedWordName, speakerId: string, message: object, signer: Signer): string {
  const body = JSON.stringify(message);
  return `${body}\n${signer(wordStatement(name, speakerId, body)).toString('base64url')}`;
}

/** A message as it came, taken apart. `signature` is not proved yet; undefined: there is none. */
export interface SplitWord {
  readonly body: Uint8Array;
  readonly signature: Buffer | undefined;
}

const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;
const SIGNATURE_CHARS = 86;
const NEWLINE = 0x0a;

/** Takes a message apart. What does not end with a newline and a signature is all body. */
export function splitWord(payload: Buffer): SplitWord {
  const end = payload.length - SIGNATURE_CHARS - 1;
  const text = payload[end] === NEWLINE ? payload.toString('latin1', end + 1) : '';
  if (!SIGNATURE.test(text)) return { body: payload, signature: undefined };
  return { body: payload.subarray(0, end), signature: Buffer.from(text, 'base64url') };
}
