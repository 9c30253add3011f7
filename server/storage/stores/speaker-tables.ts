import type { Health, SpeakerCondition, SpeakerLink, SpeakerOutput } from '#protocols';
import type { SpeakerStatus, StoredJournal } from '../../domain/speakers/speaker.ts';
import type { FastTable } from '../fast-path.ts';
import { fromJson, fromJsonOrNull, toJsonOrNull } from './json.ts';

export type StatusRow = {
  readonly speakerId: string;
  readonly sessionEpoch: number;
  readonly link: string;
  readonly condition: string;
  readonly output: string;
  readonly lastSeenAt: number | null;
  readonly agentVersion: string | null;
  readonly capabilities: string;
  readonly heldAssignmentHash: string | null;
  readonly heldHash: string | null;
  readonly health: string | null;
};

export const STATUS: FastTable<StatusRow> = {
  name: 'SpeakerStatus',
  columns: {
    speakerId: 'text',
    sessionEpoch: 'bigint',
    link: '"SpeakerLink"',
    condition: '"SpeakerCondition"',
    output: '"SpeakerOutput"',
    lastSeenAt: 'double precision',
    agentVersion: 'text',
    capabilities: 'text',
    heldAssignmentHash: 'text',
    heldHash: 'text',
    health: 'text',
  },
  key: ['speakerId'],
  onConflict: 'replace',
  // An old connection's last words must not count against the new one.
  replaceWhere: 'excluded."sessionEpoch" >= "SpeakerStatus"."sessionEpoch"',
};

export function toStatusRow(status: SpeakerStatus): StatusRow {
  return {
    ...status,
    capabilities: JSON.stringify(status.capabilities),
    health: toJsonOrNull(status.health),
  };
}

/** A status as the database gives it; `sessionEpoch` is a bigint where Prisma read it. */
export function toStatus(
  row: Omit<StatusRow, 'sessionEpoch'> & { readonly sessionEpoch: number | bigint },
): SpeakerStatus {
  return {
    ...row,
    sessionEpoch: Number(row.sessionEpoch),
    link: row.link as SpeakerLink,
    condition: row.condition as SpeakerCondition,
    output: row.output as SpeakerOutput,
    capabilities: fromJson<string[]>(row.capabilities),
    health: fromJsonOrNull<Health>(row.health),
  };
}

type HealthRow = { readonly speakerId: string; readonly at: number; readonly report: string };

export const HEALTH: FastTable<HealthRow> = {
  name: 'HealthReport',
  columns: { speakerId: 'text', at: 'double precision', report: 'text' },
  key: ['speakerId', 'at'],
  onConflict: 'keep',
};

type PositionRow = { readonly speakerId: string } & {
  readonly [Field in keyof StoredJournal]: StoredJournal[Field];
};

export const POSITION: FastTable<PositionRow> = {
  name: 'JournalPosition',
  columns: { speakerId: 'text', epoch: 'text', seq: 'bigint', hash: 'text' },
  key: ['speakerId'],
  onConflict: 'replace',
  // A batch that came twice does not set the position back.
  replaceWhere: 'excluded."epoch" <> "JournalPosition"."epoch" OR excluded."seq" > "JournalPosition"."seq"',
};
