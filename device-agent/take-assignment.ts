import { isDomainError } from '#protocols';
import type { Log } from './log.ts';
import type { AssignmentStore } from './state/assignment-store.ts';
import type { Prover } from './state/prover.ts';

export interface TakeAssignmentParts {
  readonly prover: Prover;
  readonly assignments: AssignmentStore;
  readonly log: Log;
}

/** Takes an assignment that came. Resolves with whether other areas came with it; undefined: it is no news, or was refused. */
export async function takeAssignment(
  { prover, assignments, log }: TakeAssignmentParts,
  payload: Buffer,
): Promise<{ readonly otherAreas: boolean } | undefined> {
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
