import type { ErrorCode, JournalFact } from '#protocols';
import { type FactTime, roundMs } from '../journal/fact-time.ts';
import type { PlayOutcome } from '../playback/index.ts';
import { endedFact, type OutputFacts, orderFact, rangeOf } from './facts.ts';
import type { PlayItem } from './play-item.ts';

/** How one attempt ended, and where it had begun. */
export interface EndedPlay {
  readonly outcome: PlayOutcome;
  readonly fromMs: number;
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

/** Moves the item on to where the outcome leaves it, and says what the journal is told. */
export function settle(
  item: PlayItem,
  { outcome, fromMs, stopCode }: EndedPlay,
  output: OutputFacts,
  time: FactTime,
): Settlement {
  switch (outcome.kind) {
    case 'finished': {
      const range = { fromMs, toMs: item.content.durationMs, uncertaintyMs: 0 };
      const skippedMs = roundMs(outcome.skippedMs);
      const fact = endedFact(
        'finished',
        item,
        range,
        outcome,
        output,
        time,
        skippedMs > 0 ? { skippedMs } : {},
      );
      item.repetitionDone();
      return { kind: 'tell', fact };
    }
    case 'interrupted': {
      const cancel = item.cancelledBy;
      const hardEnd = outcome.reason === 'hard_end';
      if (outcome.position === null && cancel === null) {
        reopen(item);
        return hardEnd ? { kind: 'give-up', code: 'order.hard_end' } : { kind: 'reopen' };
      }
      const code = interruptionCode(hardEnd, cancel !== null, stopCode);
      const more = { code, ...(cancel === null ? {} : { detail: cancel.reason }) };
      const kind = cancel === null ? 'interrupted' : 'cancelled';
      const range = rangeOf(fromMs, outcome.position);
      const fact =
        outcome.position === null
          ? orderFact(kind, item, time, more)
          : endedFact(kind, item, range, outcome, output, time, more);
      if (cancel !== null || hardEnd) item.phase = 'done';
      else item.interrupted(range.toMs);
      return { kind: 'tell', fact };
    }
    case 'failed': {
      item.phase = 'done';
      const more = { code: outcome.code, detail: outcome.error.message.slice(0, 512) };
      const fact =
        outcome.position === null
          ? orderFact('failed', item, time, { ...more, play: item.plays, output: output.kind })
          : endedFact('failed', item, rangeOf(fromMs, outcome.position), outcome, output, time, more);
      return { kind: 'tell', fact };
    }
    case 'missed':
      item.plays -= 1;
      return { kind: 'give-up', code: 'order.too_late' };
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

/** Nothing of the attempt sounded: as if it had not been begun. */
export function reopen(item: PlayItem): void {
  item.plays -= 1;
  item.phase = item.resumeFromMs > 0 ? 'interrupted' : 'open';
}

function interruptionCode(hardEnd: boolean, cancelled: boolean, stopCode: ErrorCode | null): ErrorCode {
  if (hardEnd) return 'order.hard_end';
  if (cancelled) return 'order.cancelled';
  return stopCode ?? 'order.agent_restarted';
}
