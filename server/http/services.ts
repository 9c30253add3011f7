import type { Clock } from '#kit';
import type { DomainError, Home } from '#protocols';
import type { AnnouncementService } from '../domain/announcements/announcement-service.ts';
import type { ApprovalService } from '../domain/announcements/approval-service.ts';
import type { NeedsOf } from '../domain/announcements/area-needs.ts';
import type { Hearing } from '../domain/announcements/hearing.ts';
import type { RefusedBefore } from '../domain/announcements/refused-before.ts';
import type { StreamGuard } from '../domain/announcements/stream-guard.ts';
import type { WaitingApprovals } from '../domain/announcements/waiting-approvals.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { AreaMover } from '../domain/areas/area-mover.ts';
import type { AreaService } from '../domain/areas/area-service.ts';
import type { Acts } from '../domain/audit/acts.ts';
import type { AuditHeads } from '../domain/audit/audit-heads.ts';
import type { AuditLog } from '../domain/audit/audit-log.ts';
import type { HeadDelivery } from '../domain/audit/head-delivery.ts';
import type { Refusals } from '../domain/audit/refusals.ts';
import type { BackupService } from '../domain/backup/backup-service.ts';
import type { SetupRestore } from '../domain/backup/setup-restore.ts';
import type { StorageUseService } from '../domain/backup/storage-use.ts';
import type { BroadcastService } from '../domain/broadcasts/broadcast-service.ts';
import type { SpeakerIndex } from '../domain/broadcasts/resolve-targets.ts';
import type { SpeakerTestService } from '../domain/broadcasts/speaker-test-service.ts';
import type { CollisionWatch } from '../domain/collisions/collision-watch.ts';
import type { DecisionService } from '../domain/collisions/decision-service.ts';
import type { MakeGoodService } from '../domain/coverage/make-good-service.ts';
import type { EmergencyService } from '../domain/emergencies/emergency-service.ts';
import type { CodeService } from '../domain/enrolment/code-service.ts';
import type { EnrolmentService } from '../domain/enrolment/enrolment-service.ts';
import type { EventHub } from '../domain/events/event-hub.ts';
import type { EvidenceService } from '../domain/evidence/evidence-service.ts';
import type { KeyRotation } from '../domain/keys/key-rotation.ts';
import type { TrustAnchors } from '../domain/keys/trust-anchors.ts';
import type { LatchService } from '../domain/latches/latch-service.ts';
import type { Told } from '../domain/latches/latch-view.ts';
import type { ReminderService } from '../domain/latches/reminders.ts';
import type { MediaJobs } from '../domain/media/media-jobs.ts';
import type { PlanTold } from '../domain/plans/plan-state.ts';
import type { SlotReadinessService } from '../domain/plans/slot-readiness.ts';
import type { ApprovalsDueService } from '../domain/schedule/approvals-due.ts';
import type { CalendarService } from '../domain/schedule/calendar-service.ts';
import type { HolidayBook } from '../domain/schedule/holiday-book.ts';
import type { ProgrammeService } from '../domain/schedule/programme-service.ts';
import type { ScheduleReports } from '../domain/schedule/schedule-reports.ts';
import type { ScheduleService } from '../domain/schedule/schedule-service.ts';
import type { StandingService } from '../domain/schedule/standing-service.ts';
import type { SpeakerService } from '../domain/speakers/speaker-service.ts';
import type { ClockGuard } from '../domain/time/clock-guard.ts';
import type { Stores } from '../domain/unit-of-work.ts';
import type { UrgentActs } from '../domain/urgent/urgent-acts.ts';
import type { UrgentCancels } from '../domain/urgent/urgent-cancels.ts';
import type { UrgentSpeakerChanges } from '../domain/urgent/urgent-speaker-changes.ts';
import type { Metrics } from './metrics.ts';
import type { MachineTokens, PeopleServices } from './people-services.ts';
import type { Readiness } from './readiness.ts';
import type { RehomeSource, StatementSource, TimeSource } from './speaker-sources.ts';

/** Where prepared files lie. */
export interface ContentFiles {
  /** Throws `media.not_stored`. */
  open(sha256: string): Promise<{ readonly path: string; readonly bytes: number }>;
}

/** Whether a loudspeaker is who it says. */
export interface SpeakerSecrets {
  check(speakerId: string, secret: Uint8Array): 'ok' | 'credentials' | 'blocked';
}

/** Who holds the plan, who is ready, and whether the controller believes its clock. */
export interface PlanViews {
  readonly told: PlanTold;
  /** Where an area-day document is for: the areas whose plan heads in force name it, or in which a loudspeaker stands whose own head does. */
  readonly areasOf: (sha256: string) => readonly string[];
  readonly readiness: SlotReadinessService;
  readonly guard: Pick<ClockGuard, 'dispute' | 'disputed' | 'confirm'>;
}

/** What the HTTP API is made of. Routes know these, and nothing of how they are put together. */
export interface ApiServices {
  readonly version: string;
  readonly clock: Clock;
  readonly tokens: MachineTokens;
  readonly people: PeopleServices;
  readonly speakerSecrets: SpeakerSecrets;
  readonly acts: Acts;
  readonly refusals: Pick<Refusals, 'note' | 'flush' | 'close'>;
  readonly auditLog: AuditLog;
  readonly auditHeads: AuditHeads;
  readonly headDelivery: Pick<HeadDelivery, 'states'>;
  /** What the controller is of, for a sheet: "xã Tân An". */
  readonly headPlace: () => string;
  readonly read: Stores;
  readonly areaDirectory: AreaDirectory;
  readonly areas: AreaService;
  readonly areaMoves: AreaMover;
  readonly speakerIndex: SpeakerIndex;
  readonly speakers: SpeakerService;
  readonly codes: CodeService;
  readonly enrolments: EnrolmentService;
  readonly mediaJobs: MediaJobs;
  readonly content: ContentFiles;
  readonly announcements: AnnouncementService;
  readonly hearing: Hearing;
  readonly approvals: ApprovalService;
  readonly waitingApprovals: WaitingApprovals;
  readonly refusedBefore: RefusedBefore;
  readonly emergencies: EmergencyService;
  readonly approvalsDue: ApprovalsDueService;
  readonly standing: StandingService;
  readonly needs: NeedsOf;
  readonly streams: Pick<StreamGuard, 'check'>;
  readonly broadcasts: BroadcastService;
  readonly speakerTests: SpeakerTestService;
  readonly latches: LatchService;
  readonly reminders: ReminderService;
  readonly told: Told;
  readonly urgent: UrgentActs;
  readonly cancels: UrgentCancels;
  readonly speakerChanges: UrgentSpeakerChanges;
  readonly makeGoods: MakeGoodService;
  readonly holidays: HolidayBook;
  readonly programmes: ProgrammeService;
  readonly schedules: ScheduleService;
  readonly scheduleReports: ScheduleReports;
  readonly calendar: CalendarService;
  readonly collisions: Pick<CollisionWatch, 'undecided'>;
  readonly decisions: DecisionService;
  readonly plans: PlanViews;
  readonly evidence: EvidenceService;
  /** The page that checks an evidence file, whole, with a place for the file. */
  readonly evidencePage: () => Promise<string>;
  readonly backups: BackupService;
  readonly setupRestore: SetupRestore;
  readonly storageUse: StorageUseService;
  readonly events: EventHub;
  readonly statements: StatementSource;
  readonly rehomes: RehomeSource;
  /** This controller, as another one's loudspeakers have to know it to move here. */
  readonly homeCard: () => Home;
  readonly rotation: KeyRotation;
  readonly trust: TrustAnchors;
  /** Loudspeakers show a certificate beside their secret. */
  readonly clientCertificates: boolean;
  readonly time: TimeSource;
  readonly readiness: Readiness;
  readonly processProof: { of(nonce: string): string };
  readonly metrics: Metrics;
  readonly uploadLimitBytes: number;
  /** What undid the restore that was to be ended before this start; null: nothing did. */
  readonly restoreUndone: DomainError | null;
  /** Addresses whose word for where a request comes from is taken, comma-separated. */
  readonly trustedProxies: string;
}
