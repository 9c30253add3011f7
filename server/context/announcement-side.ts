import type { Clock } from '#kit';
import type { AccountDirectory } from '../domain/accounts/account-directory.ts';
import { Approvers } from '../domain/accounts/approvers.ts';
import { AnnouncementRecords } from '../domain/announcements/announcement-records.ts';
import { AnnouncementService } from '../domain/announcements/announcement-service.ts';
import { meantAreas } from '../domain/announcements/approval-areas.ts';
import { ApprovalService, type ApprovalServiceOptions } from '../domain/announcements/approval-service.ts';
import { needsOf } from '../domain/announcements/area-needs.ts';
import { followShift } from '../domain/announcements/follow-shift.ts';
import { Hearing } from '../domain/announcements/hearing.ts';
import { MarkKeeper } from '../domain/announcements/mark-keeper.ts';
import { RefusedBefore } from '../domain/announcements/refused-before.ts';
import { WaitingApprovals, type WaitingApprovalsOptions } from '../domain/announcements/waiting-approvals.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { Shift } from '../domain/areas/moved.ts';
import { territoryOf } from '../domain/areas/territory.ts';
import type { SpeakerIndex } from '../domain/broadcasts/resolve-targets.ts';
import type { LiveEvents } from '../domain/events/live-events.ts';
import type { Storage, Transaction } from '../domain/unit-of-work.ts';

export interface AnnouncementSideOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly accounts: AccountDirectory;
  readonly events: LiveEvents;
  readonly planning: { changed(): void; storedChanged(areaId: string): void };
  readonly stop: ApprovalServiceOptions['stop'];
  readonly lacking: WaitingApprovalsOptions['lacking'];
  readonly named: WaitingApprovalsOptions['named'];
}

/** Announcements, and what leaders say to them. */
export function buildAnnouncementSide(options: AnnouncementSideOptions) {
  const { storage, clock, areas, speakers, accounts, events, planning, stop, lacking, named } = options;
  const { read } = storage;
  const marks = new MarkKeeper({ storage, clock, areas, lacking, named });
  const territory = () => territoryOf(areas.tree, speakers);
  const records = new AnnouncementRecords({
    ...{ areas, clock },
    onApprovalChanged: (announcement) => {
      planning.changed();
      const { id: announcementId, areaId, state } = announcement;
      const targetAreas = [...meantAreas(announcement, areas.tree)];
      events.publish('announcement.changed', { announcementId, areaId, targetAreas, state });
    },
    onStoredChanged: (id) => planning.storedChanged(id),
  });
  const hearing = new Hearing({ read, areas, records });
  return {
    marks,
    followShift: async (tx: Transaction, shift: Shift) => {
      const followed = await followShift(tx, records, shift);
      await marks.follow(tx, shift);
      return followed;
    },
    hearing,
    announcements: new AnnouncementService({ read, areas, clock, records, territory, hearing }),
    approvals: new ApprovalService({ read, areas, clock, records, territory, stop }),
    waitingApprovals: new WaitingApprovals({ read, clock, records, territory, lacking, named }),
    refusedBefore: new RefusedBefore({ read, areas }),
    needs: needsOf(new Approvers({ accounts, areas, clock }), areas),
  };
}
