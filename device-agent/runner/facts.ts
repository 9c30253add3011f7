import type { CancelOrder, Evidence, JournalFact, JournalKind, OutputKind } from '#protocols';
import { fileOf } from '../inbox/content-of.ts';
import { drillMark } from '../inbox/payload.ts';
import { type FactTime, roundMs } from '../journal/fact-time.ts';
import type { PlayLevels, PlayPosition, PlayStarted } from '../playback/index.ts';
import type { OrderRecord } from '../state/order-store.ts';
import type { PlayItem } from './play-item.ts';

/** What the output is, as receipts say it. */
export interface OutputFacts {
  readonly kind: OutputKind;
  readonly evidence: Evidence;
}

/** A fact about an order as a whole. */
export function orderFact(
  kind: JournalKind,
  { record, order, content }: Pick<PlayItem, 'record' | 'order' | 'content'>,
  time: FactTime,
  more: Partial<JournalFact> = {},
): JournalFact {
  const { orderId, hash: orderHash, broadcastId } = record;
  const file = fileOf(content);
  return {
    ...{ kind, ...time, orderId, orderHash, broadcastId },
    ...(file === undefined ? {} : { contentSha256: file.sha256 }),
    ...drillMark(order),
    ...more,
  };
}

/** A broadcast was taken back before its order to play came. */
export function cancelFact(record: OrderRecord, order: CancelOrder, time: FactTime): JournalFact {
  const { orderId, hash: orderHash, broadcastId } = record;
  const fact = { kind: 'cancelled', ...time, orderId, orderHash, broadcastId } as const;
  return { ...fact, ...drillMark(order), code: 'order.cancelled', detail: order.reason };
}

/** The first frame has left the loudspeaker. */
export function startedFact(
  item: PlayItem,
  started: Pick<PlayStarted, 'plannedAt' | 'startErrorMs'>,
  fromMs: number,
  output: OutputFacts,
  time: FactTime,
): JournalFact {
  return orderFact('started', item, time, {
    play: item.plays,
    plannedAt: Math.max(0, Math.round(started.plannedAt)),
    startErrorMs: roundMs(started.startErrorMs),
    fromMs: roundMs(fromMs),
    output: output.kind,
    evidence: output.evidence,
    ...lackOf(item),
  });
}

/** What is said of a play that has to do without stored sounds. */
export function lackOf({ lacks }: Pick<PlayItem, 'lacks'>): Pick<JournalFact, 'code' | 'detail'> {
  return lacks.length === 0 ? {} : { code: 'order.no_stored_message', detail: lacks.join(', ') };
}

/** The end of one attempt: what sounded, how sure that is, and how loud it was. */
export function endedFact(
  kind: 'finished' | 'interrupted' | 'failed' | 'cancelled',
  item: PlayItem,
  range: { readonly fromMs: number; readonly toMs: number; readonly uncertaintyMs: number },
  levels: PlayLevels | undefined,
  output: OutputFacts,
  time: FactTime,
  more: Partial<JournalFact> = {},
): JournalFact {
  return orderFact(kind, item, time, {
    play: item.plays,
    fromMs: roundMs(range.fromMs),
    toMs: roundMs(range.toMs),
    uncertaintyMs: roundMs(range.uncertaintyMs),
    output: output.kind,
    evidence: output.evidence,
    ...(levels && output.evidence !== 'none'
      ? { meanDb: roundMs(levels.meanDb), peakDb: roundMs(levels.peakDb) }
      : {}),
    ...(levels?.relayedMs === undefined ? {} : { relayedMs: roundMs(levels.relayedMs) }),
    ...(levels?.fallbackMs === undefined ? {} : { fallbackMs: roundMs(levels.fallbackMs) }),
    ...more,
  });
}

/** The range that sounded, by the last position known. */
export function rangeOf(
  fromMs: number,
  position: PlayPosition | null,
): {
  fromMs: number;
  toMs: number;
  uncertaintyMs: number;
} {
  if (position === null) return { fromMs, toMs: fromMs, uncertaintyMs: 0 };
  return { fromMs, toMs: Math.max(fromMs, position.positionMs), uncertaintyMs: position.uncertaintyMs };
}
