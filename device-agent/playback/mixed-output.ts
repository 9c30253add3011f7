import type { Clock } from '#kit';
import type { Output, OutputSession } from '../outputs/output.ts';
import { Mixer } from './mixer.ts';

/**
 * An output that several may use at once: who opens it while it is in use gets a lane of the same session, so that nothing has to be
 * closed and opened again before an emergency sounds, and one voice can speak over another.
 */
export class MixedOutput implements Pick<Output, 'open'> {
  readonly #output: Output;
  readonly #clock: Clock;
  #mixer: Promise<Mixer> | undefined;

  constructor(options: { readonly output: Output; readonly clock: Clock }) {
    this.#output = options.output;
    this.#clock = options.clock;
  }

  /** @throws DomainError `output.missing` */
  async open(): Promise<OutputSession> {
    for (;;) {
      this.#mixer ??= this.#begin();
      const begun = this.#mixer;
      const mixer = await begun.catch((error: unknown) => {
        if (this.#mixer === begun) this.#mixer = undefined;
        throw error;
      });
      const lane = mixer.join();
      if (lane !== undefined) return lane;
      // A device that is not mixed by somebody else can only be opened when it is free again.
      await mixer.closed;
      if (this.#mixer === begun) this.#mixer = undefined;
    }
  }

  async #begin(): Promise<Mixer> {
    return new Mixer({ session: await this.#output.open(), clock: this.#clock });
  }
}
