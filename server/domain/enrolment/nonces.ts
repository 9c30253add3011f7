import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#kit';

/** From `begin` to `finish`: a slow line, and somebody who looks at a screen between. */
const LIFETIME_MS = 5 * 60_000;
const HEAD_BYTES = 8 + 8 + 16;

/** What a nonce is for. */
export interface NonceSubject {
  readonly speakerId: string;
  readonly speakerPublicKey: string;
  readonly speakerNonce: string;
}

/**
 * The controller's nonces. Nothing is remembered of those that were given out, so that asking for many costs us nothing: each carries its number, its time
 * and a seal of this process. Of those that came back the newest of each speaker is remembered, and no older one is taken after it: none works twice,
 * and a `finish` that was delayed does not undo a later one. After a restart all are strange, and the speaker begins again.
 */
export class EnrolmentNonces {
  readonly #clock: Clock;
  readonly #secret = randomBytes(32);
  readonly #newest = new Map<string, number>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(subject: NonceSubject): string {
    const head = Buffer.alloc(HEAD_BYTES);
    this.#count += 1;
    head.writeDoubleBE(this.#count, 0);
    head.writeDoubleBE(this.#clock.monotonic(), 8);
    randomBytes(16).copy(head, 16);
    return Buffer.concat([head, this.#seal(head, subject)]).toString('base64url');
  }

  /** Whether this nonce is ours, for this subject, in time, and newer than every one taken for its speaker; it is taken then. */
  take(nonce: string, subject: NonceSubject): boolean {
    const bytes = Buffer.from(nonce, 'base64url');
    const head = bytes.subarray(0, HEAD_BYTES);
    const expected = this.#seal(head, subject);
    const given = bytes.subarray(HEAD_BYTES);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
    if (this.#clock.monotonic() - head.readDoubleBE(8) > LIFETIME_MS) return false;
    const number = head.readDoubleBE(0);
    if (number <= (this.#newest.get(subject.speakerId) ?? 0)) return false;
    this.#newest.set(subject.speakerId, number);
    return true;
  }

  #seal(head: Uint8Array, { speakerId, speakerPublicKey, speakerNonce }: NonceSubject): Buffer {
    const subject = JSON.stringify([speakerId, speakerPublicKey, speakerNonce]);
    return createHmac('sha256', this.#secret).update(head).update(subject).digest();
  }
}
