import type { Clock } from '#kit';
import { DueNotices, type DueNoticesOptions } from '../domain/accounts/due-notices.ts';
import type { NeedsOf } from '../domain/announcements/area-needs.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { AfterRestore } from '../domain/backup/restored.ts';
import type { SpeakerIndex } from '../domain/broadcasts/resolve-targets.ts';
import type { LiveEvents } from '../domain/events/live-events.ts';
import { ApprovalsDueService } from '../domain/schedule/approvals-due.ts';
import {
  CalendarService,
  type CalendarServiceOptions,
  type Told,
} from '../domain/schedule/calendar-service.ts';
import { HolidayBook } from '../domain/schedule/holiday-book.ts';
import { LackBook } from '../domain/schedule/lack-book.ts';
import type { PlanChanges } from '../domain/schedule/plan-changes.ts';
import { ProgrammeService } from '../domain/schedule/programme-service.ts';
import { ScheduleGuard } from '../domain/schedule/schedule-guard.ts';
import { ScheduleReports } from '../domain/schedule/schedule-reports.ts';
import { ScheduleService } from '../domain/schedule/schedule-service.ts';
import { StandingService, type StandingServiceOptions } from '../domain/schedule/standing-service.ts';
import type { Storage } from '../domain/unit-of-work.ts';

export interface ScheduleSideOptions {
  readonly storage: Storage;
  readonly disputed: () => boolean;
  readonly onError: (error: unknown) => void;
  readonly accounts: DueNoticesOptions['accounts'];
  readonly notices: DueNoticesOptions['notices'];
  readonly publicUrl: string;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly clock: Clock;
  readonly plans: PlanChanges;
  readonly told: Told;
  readonly needs: NeedsOf;
  readonly events: LiveEvents;
  /** Takes back what sounds by a leave for a series alone. */
  readonly stopUnder: StandingServiceOptions['stop'];
  /** The slots of the present plan. */
  readonly slots: CalendarServiceOptions['slots'];
}

export type ScheduleSide = ReturnType<typeof buildScheduleSide>;

/** Programmes, schedules and calendars. The holiday table is to be loaded when the database is open. */
export function buildScheduleSide(options: ScheduleSideOptions) {
  const { storage, areas, speakers, clock, plans, told, slots, needs, events, stopUnder } = options;
  const { read } = storage;
  const holidays = new HolidayBook({ areas, clock, plans });
  const guard = new ScheduleGuard({ areas, speakers, holidays, clock });
  const standing = new StandingService({
    ...{ read, areas, guard, plans, clock, events, stop: stopUnder },
    accountOf: (name) => options.accounts.find(name),
  });
  return {
    /** A leave for a series that was taken back after the backup would be in force again: none of them is; leaders give those that they still mean. */
    afterRestore: (async (tx, { restoredAt }) => {
      for (const one of await tx.standing.live())
        await tx.standing.save({
          ...one,
          endedAt: restoredAt,
          endedBy: 'controller',
          endedAs: null,
          endedReason: 'restored',
        });
    }) satisfies AfterRestore,
    /** Before anything is planned: leaves of earlier versions become what leaves are now. */
    settleLeaves: async () => {
      if ((await read.standing.live()).length > 0) await storage.transaction((tx) => standing.settle(tx));
    },
    holidays,
    standing,
    lacks: new LackBook({ read, guard, holidays, clock }),
    approvalsDue: new ApprovalsDueService({ ...options, guard, holidays, notices: new DueNotices(options) }),
    programmes: new ProgrammeService({ read, areas, holidays, guard, plans, clock }),
    schedules: new ScheduleService({ read, areas, guard, plans, standing }),
    scheduleReports: new ScheduleReports({ read, guard, holidays, clock, needs }),
    calendar: new CalendarService({ read, areas, speakers, holidays, guard, told, slots, clock, needs }),
  };
}
