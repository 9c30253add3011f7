import type { Stores } from '../../domain/unit-of-work.ts';
import type { Access } from '../engine.ts';
import { DatabaseAccountStore } from './account-store.ts';
import type { ActiveSchedules } from './active-schedules.ts';
import { DatabaseAnnouncementStore } from './announcement-store.ts';
import { DatabaseApiTokenStore } from './api-token-store.ts';
import { DatabaseAreaStore } from './area-store.ts';
import { DatabaseAuditHeadStore } from './audit-head-store.ts';
import { DatabaseAuditStore } from './audit-store.ts';
import { DatabaseBroadcastStore } from './broadcast-store.ts';
import { DatabaseEmergencyStore } from './emergency-store.ts';
import { DatabaseEnrolmentStore } from './enrolment-store.ts';
import { DatabaseIdempotencyStore } from './idempotency-store.ts';
import { DatabaseLatchStore } from './latch-store.ts';
import { DatabaseLinkStore } from './link-store.ts';
import { DatabaseMailStore } from './mail-store.ts';
import { DatabaseMediaStore } from './media-store.ts';
import { DatabasePlanStore } from './plan-store.ts';
import { DatabaseReceiptStore } from './receipt-store.ts';
import { DatabaseRefusalStore } from './refusal-store.ts';
import { DatabaseProgrammeStore, DatabaseScheduleStore } from './schedule-store.ts';
import { DatabasePasskeyStore, DatabaseTotpStore } from './second-factor-stores.ts';
import { DatabaseSessionStore } from './session-store.ts';
import { DatabaseSettingStore } from './setting-store.ts';
import { DatabaseSpeakerStore } from './speaker-store.ts';
import { DatabaseStandingStore } from './standing-store.ts';

/** The ports of the domain, and the little that storage offers beyond them. */
export interface StorageStores extends Stores {
  readonly areas: DatabaseAreaStore;
  readonly speakers: DatabaseSpeakerStore;
  readonly schedules: DatabaseScheduleStore;
}

/** The stores of one connection or transaction. */
export function createStores(access: Access, active: ActiveSchedules): StorageStores {
  return {
    areas: new DatabaseAreaStore(access),
    speakers: new DatabaseSpeakerStore(access),
    media: new DatabaseMediaStore(access),
    announcements: new DatabaseAnnouncementStore(access),
    broadcasts: new DatabaseBroadcastStore(access),
    receipts: new DatabaseReceiptStore(access),
    audit: new DatabaseAuditStore(access),
    auditHeads: new DatabaseAuditHeadStore(access),
    idempotency: new DatabaseIdempotencyStore(access),
    programmes: new DatabaseProgrammeStore(access),
    schedules: new DatabaseScheduleStore(access, active),
    plans: new DatabasePlanStore(access),
    latches: new DatabaseLatchStore(access),
    enrolments: new DatabaseEnrolmentStore(access),
    emergencies: new DatabaseEmergencyStore(access),
    standing: new DatabaseStandingStore(access),
    settings: new DatabaseSettingStore(access),
    accounts: new DatabaseAccountStore(access),
    sessions: new DatabaseSessionStore(access),
    links: new DatabaseLinkStore(access),
    totps: new DatabaseTotpStore(access),
    passkeys: new DatabasePasskeyStore(access),
    apiTokens: new DatabaseApiTokenStore(access),
    mails: new DatabaseMailStore(access),
    refusals: new DatabaseRefusalStore(access),
  };
}
