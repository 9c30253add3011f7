import type { AccountStore } from './accounts/account.ts';
import type { ApiTokenStore } from './accounts/api-token.ts';
import type { LinkStore } from './accounts/one-time-link.ts';
import type { PasskeyStore } from './accounts/passkey.ts';
import type { SessionStore } from './accounts/session.ts';
import type { TotpStore } from './accounts/totp.ts';
import type { AnnouncementStore } from './announcements/announcement.ts';
import type { RefusalStore } from './announcements/refused-before.ts';
import type { StandingStore } from './announcements/standing-approval.ts';
import type { AreaStore } from './areas/area.ts';
import type { AuditStore } from './audit/audit.ts';
import type { AuditHeadStore } from './audit/audit-head-store.ts';
import type { BroadcastStore } from './broadcasts/broadcast.ts';
import type { ReceiptStore } from './deliveries/receipts.ts';
import type { EmergencyStore } from './emergencies/emergency.ts';
import type { EnrolmentStore } from './enrolment/enrolment.ts';
import type { LatchStore } from './latches/latch.ts';
import type { MailStore } from './mail/outgoing-mail.ts';
import type { MediaStore } from './media/medium.ts';
import type { PlanStore } from './plans/plan.ts';
import type { ProgrammeStore, ScheduleStore } from './schedule/schedule.ts';
import type { SettingStore } from './settings/settings.ts';
import type { SpeakerStore } from './speakers/speaker.ts';

/** The stored answer of an acting request. */
export interface StoredAnswer {
  readonly actor: string;
  readonly key: string;
  /** SHA-256 of method, path and body: another request under the same key is an error. */
  readonly requestHash: string;
  readonly status: number;
  readonly body: string;
  readonly createdAt: number;
}

export interface IdempotencyStore {
  get(actor: string, key: string): Promise<StoredAnswer | null>;
  put(answer: StoredAnswer): Promise<void>;
  /** Deletes answers older than this instant. */
  prune(before: number): Promise<void>;
}

/** One store per aggregate. A service asks for the few that it needs: `Pick<Stores, 'areas' | 'audit'>`. */
export interface Stores {
  readonly areas: AreaStore;
  readonly speakers: SpeakerStore;
  readonly media: MediaStore;
  readonly announcements: AnnouncementStore;
  readonly broadcasts: BroadcastStore;
  readonly receipts: ReceiptStore;
  readonly audit: AuditStore;
  readonly auditHeads: AuditHeadStore;
  readonly idempotency: IdempotencyStore;
  readonly programmes: ProgrammeStore;
  readonly schedules: ScheduleStore;
  readonly plans: PlanStore;
  readonly latches: LatchStore;
  readonly enrolments: EnrolmentStore;
  readonly emergencies: EmergencyStore;
  readonly standing: StandingStore;
  readonly settings: SettingStore;
  readonly accounts: AccountStore;
  readonly sessions: SessionStore;
  readonly links: LinkStore;
  readonly totps: TotpStore;
  readonly passkeys: PasskeyStore;
  readonly apiTokens: ApiTokenStore;
  readonly mails: MailStore;
  readonly refusals: RefusalStore;
}

/** Stores bound to one transaction. */
export interface Transaction extends Stores {
  /** Runs after the commit, in order; never when the transaction is rolled back. Side effects go here. */
  afterCommit(effect: () => void): void;
}

export interface TransactionLimits {
  /** How long to wait for one's turn and for a database that is held by another process; the storage's own limit by default. */
  readonly patienceMs?: number;
}

export interface Storage {
  /** Reads outside a transaction. */
  readonly read: Stores;
  /**
   * Runs `work` in one transaction. When the database is held by another process the whole of `work` is run again after a pause, so it
   * must have no effect but through the transaction. Throws `storage.busy` when that lasts longer than the limit, and `storage.disk_full`: in
   * both cases nothing was changed.
   */
  transaction<Result>(
    work: (tx: Transaction) => Promise<Result>,
    limits?: TransactionLimits,
  ): Promise<Result>;
}
