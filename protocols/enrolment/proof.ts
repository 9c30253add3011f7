import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Bytes of an enrolment key, and of everything derived from it. */
export const ENROLMENT_KEY_BYTES = 32;
const PROTOCOL = 'loa enrolment 1';

/** What both sides have said by the time they prove the code. */
export interface EnrolmentExchange {
  readonly speakerId: string;
  /** Raw Ed25519 public key of the loudspeaker, base64url. */
  readonly speakerPublicKey: string;
  /** Root keys (raw, base64url) that the loudspeaker is to pin. */
  readonly rootKeys: readonly string[];
  /** Certificates (PEM) of the controller's own authority; null: it has none. */
  readonly ca: string | null;
  readonly speakerNonce: string;
  readonly controllerNonce: string;
}

/** Whose word a proof is: the controller's in `begin`, the loudspeaker's in `finish`, the controller's with the secret. */
export type ProofPart = 'controller' | 'speaker' | 'secret';

/**
 * The key that both sides prove with: HKDF-SHA-256 of a code (20 letters, upper case, without separators) for one loudspeaker. Whoever knows it can prove the
 * code but cannot read it back, and it is good for no other loudspeaker.
 */
export function enrolmentKey(code: string, speakerId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', code, PROTOCOL, `code\n${speakerId}`, ENROLMENT_KEY_BYTES));
}

/** What is proved and signed, as bytes: JSON of a list, so that no two different exchanges read the same. `more` is what that part adds. */
export function transcript(part: ProofPart, exchange: EnrolmentExchange, ...more: readonly string[]): Buffer {
  const { speakerId, speakerPublicKey, rootKeys, ca, speakerNonce, controllerNonce } = exchange;
  const said = [speakerId, speakerPublicKey, rootKeys, ca, speakerNonce, controllerNonce];
  return Buffer.from(JSON.stringify([PROTOCOL, part, ...said, ...more]));
}

/** HMAC-SHA-256 of a transcript, base64url. */
export function prove(key: Uint8Array, said: Uint8Array): string {
  return createHmac('sha256', key).update(said).digest('base64url');
}

/** Whether a proof is the one for these bytes, compared in constant time. */
export function isProof(key: Uint8Array, said: Uint8Array, proof: string): boolean {
  const expected = createHmac('sha256', key).update(said).digest();
  const given = Buffer.from(proof, 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
