import { cutCode, type ErrorCode, type JournalFact } from '#protocols';
import { type FactTime, roundMs } from '../journal/fact-time.ts';
import type { PlayOutcome } from '../playback/index.ts';
import { endedFact, lackOf, type OutputFacts, orderFact, rangeOf } from './facts.ts';
import type { PlayItem } from './play-item.ts';

/** A fade-out may end a slot so much early. */
const SLOT_TOLERANCE_MS = 1_000;

/** How one attempt ended, and where it had begun. */
export interface EndedPlay {
  readonly outcome: PlayOutcome;
  readonly fromMs: number;
  /** The instant at which it had to end. */
  readonly endsAt: number;
  /** Why we stopped it, if we did. */
  readonly stopCode: ErrorCode | null;
}

/**
 * What is to be done after an attempt. tell: write the fact; the item goes on if its phase is not "done" ·
 * reopen: nothing sounded, as if it had not been begun · give-up: it will not begin any more.
 */
export type Settlement =
  | { readonly kind: 'tell'; readonly fact: JournalFact }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'give-up'; readonly code: ErrorCode };

/** So much less than its length a whole file may decode to. */
const DECODED_LESS_MS = 250;

/**
 * What the decoder left out of a file that sounded to its end, ms: a page that was damaged on the disk after the file was proved. It did not
 * sound, and is told as what was skipped.
 */
function lostMs(
  { content }: Pick<PlayItem, 'content'>,
  fromMs: number,
  { durationMs, skippedMs }: Extract<PlayOutcome, { kind: 'finished' }>,
): number {
  if (content.kind !== 'file') return 0;
  const lost = content.durationMs - fromMs - durationMs - skippedMs;
  return lost > DECODED_LESS_MS ? lost : 0;
}

/** Moves the item on to where the outcome leaves it, and says what the journal is told. */
export function settle(item: PlayItem, ended: EndedPlay, output: OutputFacts, time: FactTime): Settlement {
  const { outcome, fromMs, endsAt, stopCode } = ended;
  switch (outcome.kind) {
    case 'finished': {
      const range = { fromMs, toMs: item.content.durationMs, uncertaintyMs: 0 };
      const skippedMs = roundMs(outcome.skippedMs + lostMs(item, fromMs, outcome));
      const more = skippedMs > 0 ? { skippedMs } : {};
      const fact = endedFact('finished', item, range, outcome, output, time, more);
      item.repetitionDone();
      return { kind: 'tell', fact };
    }
    case 'interrupted': {
      const cancel = item.cancelledBy;
      const hardEnd = outcome.reason === 'hard_end';
      if (hardEnd && cancel === null && isWholeSlot(item, endsAt))
        return slotOver(item, { ...ended, outcome }, output, time);
      if (outcome.position === null && cancel === null && !outcome.begun) {
        reopen(item);
        return hardEnd ? { kind: 'give-up', code: cutCode(item.item(), endsAt) } : { kind: 'reopen' };
      }
      if (hardEnd && cancel === null && outcome.position === null && wordless(item)) {
        item.phase = 'done';
        const more = { ...lackOf(item), play: item.plays, output: output.kind };
        return { kind: 'tell', fact: orderFact('failed', item, time, more) };
      }
      const code = interruptionCode(hardEnd ? cutCode(item.item(), endsAt) : null, cancel, stopCode);
      const more = { code, ...(cancel === null ? {} : { detail: cancel.reason }) };
      const kind = cancel === null ? 'interrupted' : 'cancelled';
      const range = rangeOf(fromMs, outcome.position);
      const fact =
        outcome.position === null && !outcome.begun
          ? orderFact(kind, item, time, more)
          : endedFact(kind, item, range, outcome, output, time, more);
      if (cancel !== null || hardEnd) item.phase = 'done';
      else item.interrupted(range.toMs);
      return { kind: 'tell', fact };
    }
    case 'failed': {
      const more = { code: outcome.code, detail: outcome.error.message.slice(0, 512) };
      // A relay of which nothing came was silence.
      const unheard = outcome.position === null || outcome.code === 'order.stream_failed';
      const fact = unheard
        ? orderFact('failed', item, time, { ...more, play: item.plays, output: output.kind })
        : endedFact('failed', item, rangeOf(fromMs, outcome.position), outcome, output, time, more);
      item.failed(unheard ? null : (outcome.position?.positionMs ?? null));
      return { kind: 'tell', fact };
    }
    case 'missed':
      reopen(item);
      return { kind: 'give-up', code: 'order.too_late' };
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

/** Its words were waited for to the end: the tone alone was heard. */
function wordless({ content, lacks }: PlayItem): boolean {
  return content.kind === 'stored' && lacks.includes(content.name);
}

/** Whether its hard end is the end of its slot: a relay has no end of its own. */
function isWholeSlot({ content, plannedAt }: PlayItem, endsAt: number): boolean {
  return content.kind === 'relay' && endsAt >= plannedAt + content.durationMs - SLOT_TOLERANCE_MS;
}

/** The time of a relay is over: whatever came of it counts, and nothing is a failure. */
function slotOver(
  item: PlayItem,
  { outcome, fromMs }: EndedPlay & { readonly outcome: Extract<PlayOutcome, { kind: 'interrupted' }> },
  output: OutputFacts,
  time: FactTime,
): Settlement {
  const { relayedMs = 0, fallbackMs = 0, position } = outcome;
  if (position === null || relayedMs + fallbackMs === 0) {
    item.phase = 'done';
    const more = { code: 'order.stream_failed', play: item.plays, output: output.kind } as const;
    return { kind: 'tell', fact: orderFact('failed', item, time, more) };
  }
  // Positions are times since the start of the slot, and it sounded up to the end of it.
  const heardMs = position.positionMs - fromMs;
  const toMs = item.content.durationMs;
  const range = { fromMs: Math.max(fromMs, toMs - heardMs), toMs, uncertaintyMs: position.uncertaintyMs };
  const fact = endedFact('finished', item, range, outcome, output, time);
  item.repetitionDone();
  return { kind: 'tell', fact };
}

/** Nothing of the attempt sounded: as if it had not been begun. */
export function reopen(item: PlayItem): void {
  item.plays -= 1;
  item.phase = item.resumeFromMs > 0 ? 'interrupted' : 'open';
}

function interruptionCode(
  cut: ErrorCode | null,
  cancel: PlayItem['cancelledBy'],
  stopCode: ErrorCode | null,
): ErrorCode {
  if (cancel !== null) return cancel.code ?? 'order.cancelled';
  return cut ?? stopCode ?? 'order.agent_stopped';
}
