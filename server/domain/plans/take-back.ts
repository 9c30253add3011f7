import type { Clock } from '#kit';
import type { PlanOfBroadcasts } from '../broadcasts/broadcast-service.ts';
import type { SlotBook } from './slot-book.ts';

/** What broadcasts need of the plan. `changed`: the plan is to be compiled again. */
export function planOfBroadcasts(parts: {
  readonly slots: SlotBook;
  readonly clock: Clock;
  readonly changed: () => void;
  readonly requireClock: () => void;
}): PlanOfBroadcasts {
  const { slots, clock, changed, requireClock } = parts;
  return {
    requireClock,
    takeBack: async (tx, slot) => {
      const now = Math.floor(clock.now());
      // Issued and withdrawn: that is for good (see `draftPlan`).
      const taken = { ...slot, withdrawnAt: now, issuedAt: slot.issuedAt ?? now };
      await tx.plans.saveSlots([taken]);
      tx.afterCommit(() => {
        slots.put([taken]);
        changed();
      });
    },
  };
}
