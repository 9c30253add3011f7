import { chainLine, derivedId, genesis, type JournalFact, type JournalPosition, sha256 } from '#protocols';
import type { Delivery, JournalRow, ReceiptSlice } from '../../../server/domain/deliveries/receipts.ts';

/** Receipts of one write transaction, as the controller stores them and as the bare driver does. */
export const SLICE_RECEIPTS = 200;

const EPOCH = 'jnl_bench';
const PLANNED_AT = Date.UTC(2026, 0, 5, 22, 0);
const ORDER_HASH = sha256('order');
const CONTENT_HASH = sha256('content');
/** Nothing proves these here: storing is measured. The size is a real one's. */
const SIGNATURE = 'A'.repeat(86);

/** What a loudspeaker writes when an announcement has sounded to its end. */
export function finishedFact(broadcastId: string, at: number): JournalFact {
  return {
    at,
    clockErrorMs: 8.5,
    kind: 'finished',
    orderId: `ord_${broadcastId}`,
    orderHash: ORDER_HASH,
    broadcastId,
    contentSha256: CONTENT_HASH,
    play: 1,
    plannedAt: PLANNED_AT,
    startErrorMs: 1.25,
    fromMs: 0,
    toMs: 48_960,
    uncertaintyMs: 20,
    output: 'alsa',
    evidence: 'reported',
    meanDb: -18.4,
    peakDb: -1.7,
  };
}

export interface ReceiptsRequest {
  /** Tells the receipts of one round from those of another. */
  readonly round: string;
  readonly count: number;
  /** Journal lines under one signature: many after an outage, few after a broadcast. */
  readonly perBatch: number;
}

/** Receipts for `ReceiptStore.save`, each of a delivery of its own, in slices of `SLICE_RECEIPTS`. */
export function receiptSlices({ round, count, perBatch }: ReceiptsRequest): ReceiptSlice[] {
  const slices: ReceiptSlice[] = [];
  for (let from = 0; from < count; from += SLICE_RECEIPTS) {
    const batches: ReturnType<typeof oneBatch>[] = [];
    for (let at = from; at < from + SLICE_RECEIPTS; at += perBatch)
      batches.push(oneBatch(`loa-${round}-${at}`, perBatch));
    slices.push({
      batches: batches.map(({ batch }) => batch),
      rows: batches.flatMap(({ rows }) => rows),
      deliveries: batches.flatMap(({ deliveries }) => deliveries),
      positions: batches.map(({ position }) => position),
    });
  }
  return slices;
}

/** The same deliveries as they were before: accepted, nothing played. */
export function acceptedBefore({ deliveries }: ReceiptSlice): ReceiptSlice {
  return {
    batches: [],
    rows: [],
    positions: [],
    deliveries: deliveries.map((delivery) => ({
      ...delivery,
      view: { state: 'accepted', code: null, plays: [], flags: [] },
    })),
  };
}

function oneBatch(speakerId: string, lines: number) {
  const id = derivedId('bat', speakerId);
  const rows: JournalRow[] = [];
  const deliveries: Delivery[] = [];
  let position: JournalPosition = genesis(speakerId, EPOCH);
  for (let i = 0; i < lines; i++) {
    const broadcastId = `brc_bench_${i}`;
    const at = PLANNED_AT + 60_000 + i;
    const { line, entry, position: next } = chainLine(EPOCH, position, finishedFact(broadcastId, at));
    position = next;
    const { seq, hash } = position;
    rows.push({
      ...{ speakerId, epoch: EPOCH, seq, hash, line, kind: entry.kind, broadcastId },
      ...{ at, flags: [], batchId: id },
    });
    deliveries.push(delivery(broadcastId, speakerId, at));
  }
  const { seq: headSeq, hash: headHash } = position;
  const batch = { id, speakerId, epoch: EPOCH, keyId: 'kBench', headSeq, headHash, signature: SIGNATURE };
  return {
    rows,
    deliveries,
    batch: { ...batch, receivedAt: PLANNED_AT },
    position: { speakerId, journal: { epoch: EPOCH, ...position } },
  };
}

function delivery(broadcastId: string, speakerId: string, updatedAt: number): Delivery {
  return {
    broadcastId,
    speakerId,
    answeredAt: PLANNED_AT,
    updatedAt,
    view: {
      state: 'finished',
      code: null,
      flags: [],
      plays: [
        {
          ...{ play: 1, state: 'finished', plannedAt: PLANNED_AT, startedAt: PLANNED_AT + 1.25 },
          ...{ startErrorMs: 1.25, endedAt: updatedAt, fromMs: 0, toMs: 48_960, uncertaintyMs: 20 },
          ...{ skippedMs: 0, relayedMs: null, fallbackMs: null },
          ...{ evidence: 'reported', output: 'alsa', code: null },
        },
      ],
    },
  };
}
