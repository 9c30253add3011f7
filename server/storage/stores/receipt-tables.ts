import {
  countsAsPlayed,
  type DeliveryState,
  type DeliveryView,
  type Evidence,
  type FoldFlag,
  type PlayView,
} from '#protocols';
import type { BatchRow, Delivery, EntryFlag, JournalRow } from '../../domain/deliveries/receipts.ts';
import type { FastTable } from '../fast-path.ts';
import { joinWords, splitWords } from './json.ts';

export type JournalLine = { readonly [Field in keyof Omit<JournalRow, 'flags'>]: JournalRow[Field] } & {
  readonly flags: string;
};

export const JOURNAL: FastTable<JournalLine> = {
  name: 'JournalRow',
  columns: {
    speakerId: 'text',
    epoch: 'text',
    seq: 'bigint',
    hash: 'text',
    line: 'text',
    kind: 'text',
    broadcastId: 'text',
    at: 'double precision',
    flags: 'text',
    batchId: 'text',
  },
  key: ['speakerId', 'epoch', 'seq', 'hash'],
  onConflict: 'keep',
};

export const toJournalLine = (row: JournalRow): JournalLine => ({ ...row, flags: joinWords(row.flags) });

/** `seq` is a bigint where Prisma read it. */
export function toJournalRow(line: Omit<JournalLine, 'seq'> & { readonly seq: number | bigint }): JournalRow {
  return { ...line, seq: Number(line.seq), flags: splitWords<EntryFlag>(line.flags) };
}

export const BATCH: FastTable<{ readonly [Field in keyof BatchRow]: BatchRow[Field] }> = {
  name: 'JournalBatch',
  columns: {
    id: 'text',
    speakerId: 'text',
    epoch: 'text',
    keyId: 'text',
    headSeq: 'bigint',
    headHash: 'text',
    signature: 'text',
    receivedAt: 'double precision',
  },
  key: ['id'],
  onConflict: 'keep',
};

export type DeliveryRow = {
  readonly broadcastId: string;
  readonly speakerId: string;
  readonly state: string;
  readonly code: string | null;
  readonly flags: string;
  readonly played: boolean;
  readonly answeredAt: number | null;
  readonly updatedAt: number;
};

export const DELIVERY: FastTable<DeliveryRow> = {
  name: 'Delivery',
  columns: {
    broadcastId: 'text',
    speakerId: 'text',
    state: '"DeliveryState"',
    code: 'text',
    flags: 'text',
    played: 'boolean',
    answeredAt: 'double precision',
    updatedAt: 'double precision',
  },
  key: ['broadcastId', 'speakerId'],
  onConflict: 'replace',
};

export type PlayRow = { readonly broadcastId: string; readonly speakerId: string } & {
  readonly [Field in keyof PlayView]: PlayView[Field];
};

export const PLAY: FastTable<PlayRow> = {
  name: 'Play',
  columns: {
    broadcastId: 'text',
    speakerId: 'text',
    play: 'integer',
    state: '"PlayState"',
    plannedAt: 'double precision',
    startedAt: 'double precision',
    startErrorMs: 'double precision',
    endedAt: 'double precision',
    fromMs: 'double precision',
    toMs: 'double precision',
    uncertaintyMs: 'double precision',
    skippedMs: 'double precision',
    relayedMs: 'double precision',
    fallbackMs: 'double precision',
    evidence: 'text',
    output: 'text',
    code: 'text',
  },
  key: ['broadcastId', 'speakerId', 'play'],
  onConflict: 'replace',
};

export function toDeliveryRow({
  broadcastId,
  speakerId,
  view,
  answeredAt,
  updatedAt,
}: Delivery): DeliveryRow {
  return {
    broadcastId,
    speakerId,
    state: view.state,
    code: view.code,
    flags: joinWords(view.flags),
    // Kept beside the state, so that counting reads no plays.
    played: countsAsPlayed(view),
    answeredAt,
    updatedAt,
  };
}

export function toPlayRows({ broadcastId, speakerId, view }: Delivery): PlayRow[] {
  return view.plays.map((play) => ({ broadcastId, speakerId, ...play }));
}

/** Puts deliveries and their plays together again. */
export function toDeliveries(
  rows: readonly DeliveryRow[],
  plays: readonly (Omit<PlayRow, 'evidence'> & { readonly evidence: string })[],
): Delivery[] {
  const playsOf = new Map<string, PlayView[]>();
  for (const { broadcastId, speakerId, ...play } of plays) {
    const key = `${broadcastId} ${speakerId}`;
    const list = playsOf.get(key) ?? [];
    list.push({ ...play, evidence: play.evidence as Evidence });
    playsOf.set(key, list);
  }
  return rows.map(({ broadcastId, speakerId, state, code, flags, answeredAt, updatedAt }) => {
    const view: DeliveryView = {
      state: state as DeliveryState,
      code,
      plays: (playsOf.get(`${broadcastId} ${speakerId}`) ?? []).sort((a, b) => a.play - b.play),
      flags: splitWords<FoldFlag>(flags),
    };
    return { broadcastId, speakerId, view, answeredAt, updatedAt };
  });
}
