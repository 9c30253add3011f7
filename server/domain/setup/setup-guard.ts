import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { DomainError } from '#protocols';

/** Who may set up a controller that nobody has set up yet: whoever sits at it and read the secret off its terminal. */
export interface SetupGuard {
  /** Throws `setup.closed` when there is nothing to set up any more, `setup.wrong_secret` for another secret. */
  check(secret: string): void;
}

/** Wrong secrets before the setup closes until the next start: somebody tries. */
const MOST_TRIES = 20;

/** The secret of one start, printed once. It ends with the process, or when it is closed. */
export class PrintedSetupGuard implements SetupGuard {
  #digest: Buffer | null = null;
  #triesLeft = MOST_TRIES;

  /** Makes the secret of this start: 100 random bits in letters that are easily typed. */
  open(): string {
    const secret = Array.from(randomBytes(20), (byte) => 'abcdefghjkmnpqrstuvwxyz23456789x'[byte % 32]).join(
      '',
    );
    this.#digest = digestOf(secret);
    this.#triesLeft = MOST_TRIES;
    return secret;
  }

  close(): void {
    this.#digest = null;
  }

  check(secret: string): void {
    if (this.#digest === null) throw new DomainError('setup.closed');
    if (timingSafeEqual(digestOf(secret), this.#digest)) return;
    this.#triesLeft -= 1;
    if (this.#triesLeft === 0) this.close();
    throw new DomainError('setup.wrong_secret');
  }
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
