import { createHmac, randomBytes } from 'node:crypto';

/** Proves to whoever sent a nonce that it was answered by this very process. The key is of this process alone and protects nothing else. */
export class ProcessProof {
  readonly #key = randomBytes(32);

  of(nonce: string): string {
    return createHmac('sha256', this.#key).update(nonce).digest('base64url');
  }
}
