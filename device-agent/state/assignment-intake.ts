import { isDomainError } from '#protocols';
import type { Log } from '../log.ts';
import type { AssignmentStore } from './assignment-store.ts';
import type { Prover } from './prover.ts';

export interface AssignmentIntakeOptions {
  readonly prover: Prover;
  readonly assignments: AssignmentStore;
  readonly log: Log;
}

/** Takes assignments that come. */
export class AssignmentIntake {
  readonly #options: AssignmentIntakeOptions;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: AssignmentIntakeOptions) {
    this.#options = options;
  }

  /** While any is on its way: resolves when all of these hold, or were refused. It can wait for the network as long as that takes. */
  get coming(): Promise<void> | undefined {
    if (this.#underWay.size === 0) return undefined;
    return Promise.allSettled(this.#underWay).then(() => undefined);
  }

  /** Takes one. Resolves with whether other areas came with it; undefined: it is no news, or was refused. */
  async take(payload: Buffer): Promise<{ readonly otherAreas: boolean } | undefined> {
    const one = this.#take(payload);
    this.#underWay.add(one);
    return await one.finally(() => this.#underWay.delete(one));
  }

  async #take(payload: Buffer): Promise<{ readonly otherAreas: boolean } | undefined> {
    const { prover, assignments, log } = this.#options;
    try {
      const text = payload.toString('latin1');
      const taken = await prover.taking(() => assignments.accept(text, prover.ring));
      if (taken === undefined) return undefined;
      const { held } = assignments;
      log.info('a new assignment', { revision: held?.assignment.revision });
      const before = taken.before?.assignment.areas ?? [];
      return { otherAreas: before.join() !== held?.assignment.areas.join() };
    } catch (error) {
      if (!isDomainError(error)) throw error;
      log.warn('an assignment was refused', { code: error.code, reason: error.message });
      return undefined;
    }
  }
}
