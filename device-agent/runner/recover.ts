import type { JournalEntry } from '#protocols';
import type { OrderRecord } from '../state/order-store.ts';
import type { StoredPosition } from './position-file.ts';

/** Positions are written about every second; half a second more for a slow disk. */
const POSITION_UNCERTAINTY_MS = 1_500;

/** The output holds silence until the planned instant: this long before it, nothing of the content was on its way. */
const SAFELY_BEFORE_MS = 2_500;

/** What an order is, after the agent was stopped in whatever moment. */
export type Recovery =
  /** As its record says. */
  | { readonly kind: 'as-recorded' }
  /** The journal has the entry that ended it; only the record is behind. */
  | { readonly kind: 'told'; readonly entry: JournalEntry }
  /** It was to be played and had certainly not begun. */
  | { readonly kind: 'not-begun' }
  /** It was cut off, at this position as far as is known. */
  | {
      readonly kind: 'cut-off';
      readonly at: number;
      readonly fromMs: number;
      readonly toMs: number;
      readonly uncertaintyMs: number;
    };

const PLAY_ENDS: readonly string[] = ['finished', 'interrupted', 'failed', 'cancelled'];
const ORDER_ENDS: readonly string[] = ['failed', 'missed', 'cancelled'];

/**
 * What became of an order, from its record, its journal entries and the last position that was written. `lastKnownAt`: the last instant of
 * which anything is known of that run. Pure.
 */
export function recover(
  record: OrderRecord,
  entries: readonly JournalEntry[],
  position: StoredPosition | undefined,
  durationMs: number,
  lastKnownAt: number,
): Recovery {
  const told = entries.findLast(({ kind, play, repetition }) =>
    record.phase === 'playing'
      ? play === record.plays && PLAY_ENDS.includes(kind)
      : play === undefined && repetition === undefined && ORDER_ENDS.includes(kind),
  );
  if (told !== undefined) return { kind: 'told', entry: told };
  if (record.phase !== 'playing') return { kind: 'as-recorded' };
  const fromMs = record.resumeFromMs;
  const started = entries.findLast(({ kind, play }) => kind === 'started' && play === record.plays);
  const known = position?.orderId === record.orderId && position.play === record.plays ? position : undefined;
  if (known === undefined) {
    // The first position is durable before the output is told anything.
    if (started === undefined) return { kind: 'not-begun' };
    // Not now: the time without power was no sound.
    const at = Math.max(started.at, Math.min(lastKnownAt, started.at + durationMs - fromMs));
    return { kind: 'cut-off', at, fromMs, toMs: fromMs, uncertaintyMs: durationMs - fromMs };
  }
  if (started === undefined && !known.sounding && known.plannedAt - known.at > SAFELY_BEFORE_MS)
    return { kind: 'not-begun' };
  return {
    kind: 'cut-off',
    at: known.at,
    fromMs: known.fromMs,
    toMs: Math.max(known.fromMs, known.positionMs),
    uncertaintyMs: POSITION_UNCERTAINTY_MS,
  };
}
