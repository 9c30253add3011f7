import { DomainError } from '#protocols';

/** OWASP's password storage cheat sheet: 19 MiB, two passes, one lane; argon2id is the library's default. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Hashes at once: each takes a thread of the pool that files are read with, and 19 MiB. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 20;

/**
 * Hashes and checks passwords away from the event loop. What does not exist is checked against a hash of nothing, so
 * that the time of an answer does not tell accounts apart. Throws `login.busy`.
 */
export class PasswordHasher {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #nobody: string | undefined;

  async hash(password: string): Promise<string> {
    const { hash } = await library();
    return this.#turn(() => hash(normalise(password), PARAMETERS));
  }

  /** Whether the password fits; takes the same time where there is nothing to compare it with. */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const { hash, verify } = await library();
    this.#nobody ??= await hash('', PARAMETERS);
    const compared = passwordHash ?? this.#nobody;
    const fits = await this.#turn(() => verify(compared, normalise(password)));
    return fits && passwordHash !== null;
  }

  async #turn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= MOST_AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) throw new DomainError('login.busy');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place is handed on, so that nobody gets in between.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** Read at the first login: nothing at the start needs it. */
const library = () => import('@node-rs/argon2');

/** Vietnamese keyboards write "ế" in one character or in three. */
function normalise(password: string): string {
  return password.normalize('NFC');
}
