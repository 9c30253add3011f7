import type { StoredHead, StoredSlot } from '../../domain/plans/plan.ts';
import type { FastTable } from '../fast-path.ts';

/** A slot's row: its scopes as JSON. */
export type SlotRow = { readonly [Field in keyof Omit<StoredSlot, 'scopes'>]: StoredSlot[Field] } & {
  readonly scopes: string;
};

export const SLOT: FastTable<SlotRow> = {
  name: 'PlannedSlot',
  columns: {
    broadcastId: 'text',
    scheduleId: 'text',
    announcementId: 'text',
    areaId: 'text',
    seriesId: 'text',
    sessionId: 'text',
    originalAt: 'double precision',
    position: 'integer',
    startsAt: 'double precision',
    latestStartAt: 'double precision',
    expiresAt: 'double precision',
    revision: 'bigint',
    lineHash: 'text',
    line: 'text',
    scopes: 'text',
    publishedAt: 'double precision',
    withdrawnAt: 'double precision',
    issuedAt: 'double precision',
  },
  key: ['broadcastId'],
  onConflict: 'replace',
};

export const HEAD: FastTable<{ readonly [Field in keyof StoredHead]: StoredHead[Field] }> = {
  name: 'PlanHead',
  columns: {
    scope: 'text',
    revision: 'bigint',
    hash: 'text',
    document: 'text',
    validUntil: 'double precision',
    issuedAt: 'double precision',
  },
  key: ['scope'],
  onConflict: 'replace',
};

export const DOCUMENT: FastTable<{
  readonly sha256: string;
  readonly body: string;
  readonly createdAt: number;
}> = {
  name: 'PlanDocument',
  columns: { sha256: 'text', body: 'text', createdAt: 'double precision' },
  key: ['sha256'],
  onConflict: 'replace',
};
