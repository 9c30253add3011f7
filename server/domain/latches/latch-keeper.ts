import type { Clock } from '#kit';
import type { Storage } from '../unit-of-work.ts';
import { UrgentKeeper } from '../urgent/urgent-keeper.ts';
import type { LatchRecord } from './latch.ts';

export interface LatchKeeperOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Brings latches into the database with their audit entries. */
export class LatchKeeper extends UrgentKeeper<LatchRecord> {
  constructor({ storage, clock, onError }: LatchKeeperOptions) {
    super({
      ...{ name: 'latches', clock, onError },
      save: (record) => save(storage, record),
      subjectOf: ({ latch }) => latch.scope,
    });
  }

  /** Whether a latch waits for the database. */
  waits(id: string): boolean {
    return this.due.some(({ latch }) => latch.id === id);
  }
}

function save(storage: Storage, { latch, act }: LatchRecord): Promise<void> {
  const { actor, role, action, reason, at, origin = null, areaId = null, before } = act;
  const detail = JSON.stringify({ latchId: latch.id, revision: latch.revision, reason });
  return storage.transaction(async (tx) => {
    await tx.latches.save(latch);
    await tx.audit.append({
      ...{ at, actor, role, action, subject: latch.scope, detail, origin, areaId },
      before: before === undefined ? null : JSON.stringify({ state: before }),
      after: before === undefined ? null : JSON.stringify({ state: latch.state }),
    });
  });
}
