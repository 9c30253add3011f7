import type { ErrorCode } from '../errors/index.ts';
import type { Evidence, JournalEntry } from '../journal/entry.ts';
import type { DeliveryState } from './delivery.ts';
import { DELIVERY_STATES } from './delivery.ts';
import { mayFollow } from './table.ts';

/** One attempt inside a delivery, as told. */
export interface PlayView {
  readonly play: number;
  readonly state: 'playing' | 'finished' | 'interrupted' | 'failed' | 'cancelled';
  readonly plannedAt: number | null;
  readonly startedAt: number | null;
  readonly startErrorMs: number | null;
  readonly endedAt: number | null;
  /** Range of the content that sounded, ms. */
  readonly fromMs: number;
  readonly toMs: number | null;
  readonly uncertaintyMs: number;
  /** Content inside the range that was left out to catch up, ms. */
  readonly skippedMs: number;
  /** Of a relayed stream: what of the range came from the station and what was the fallback, ms; null for other content. */
  readonly relayedMs: number | null;
  readonly fallbackMs: number | null;
  readonly evidence: Evidence;
  readonly output: string | null;
  readonly code: string | null;
}

/** What is known of one broadcast at one speaker. */
export interface DeliveryView {
  readonly state: DeliveryState;
  readonly code: string | null;
  readonly plays: readonly PlayView[];
  /** What did not fit: codes of `FOLD_FLAGS`, each once, sorted. */
  readonly flags: readonly FoldFlag[];
}

/** unknown_kind: kept, not understood · unexpected: does not follow from what was told before, or sounded whole after it was taken back · range_repeated: the same content range sounded twice, or more repetitions than were ordered · given_up: a repetition or the rest of one was left out. */
export const FOLD_FLAGS = ['given_up', 'range_repeated', 'unexpected', 'unknown_kind'] as const;
export type FoldFlag = (typeof FOLD_FLAGS)[number];

export const PENDING: DeliveryView = { state: 'pending', code: null, plays: [], flags: [] };

/** Overlap of content ranges, in ms, that a resume may have without counting as played twice. */
export const RESUME_OVERLAP_MS = 2_000;

/** The delivery after an answer. An answer never takes back what the journal told. */
export function foldAnswer(
  view: DeliveryView,
  answer: 'accepted' | 'refused',
  code: string | null,
): DeliveryView {
  if (view.state !== 'pending') return view;
  return { ...view, state: answer, code };
}

const STATE_OF_KIND: Readonly<Record<string, DeliveryState>> = {
  refused: 'refused',
  ready: 'ready',
  started: 'playing',
  finished: 'finished',
  interrupted: 'interrupted',
  failed: 'failed',
  missed: 'missed',
  cancelled: 'cancelled',
};

/**
 * The delivery after one verified journal entry. Total: every entry gives a view, and what does not fit the state
 * table is applied (the speaker's word counts) and flagged. A pure function of the entries in journal order.
 */
export function foldDelivery(view: DeliveryView, entry: JournalEntry): DeliveryView {
  const state = Object.hasOwn(STATE_OF_KIND, entry.kind) ? STATE_OF_KIND[entry.kind] : undefined;
  if (state === undefined) return withFlag(view, 'unknown_kind');
  if (state === 'missed' && entry.repetition !== undefined) return givenUp(view, entry);
  if (state === 'refused' && ofAnotherOrder(view, entry)) return view;
  const next: DeliveryView = {
    ...view,
    state,
    code: entry.code ?? null,
    plays: foldPlays(view.plays, entry),
  };
  // The journal begins with `ready`: acceptance is an answer and may have been lost.
  const from = view.state === 'pending' ? 'accepted' : view.state;
  const repeats = state === 'playing' && view.state === 'finished' && newPlay(view, entry);
  const fits =
    mayFollow(DELIVERY_STATES, from, state) ||
    repeats ||
    triedAgain(view, entry) ||
    settledAgain(view, state) ||
    cancelledBetween(view, entry) ||
    orderedAnew(view, entry);
  const flagged = fits ? next : withFlag(next, 'unexpected');
  return rangesRepeat(next.plays) ? withFlag(flagged, 'range_repeated') : flagged;
}

/**
 * A repetition is left out, or what was interrupted is not gone on with, and the loudspeaker says why. What becomes of the whole is told by
 * its other repetitions, or by a `missed` of its own.
 */
function givenUp(view: DeliveryView, { code }: JournalEntry): DeliveryView {
  const given = withFlag(view, 'given_up');
  return view.state === 'interrupted' ? { ...given, code: code ?? null } : given;
}

/** From this share of its content on, a broadcast counts as played, and needs no making good. */
export const PLAYED_SHARE = 0.9;

/** How much of its range an attempt says to have sounded, ms: less what was left out to catch up, and what a relay did not get. */
export function soundedMs(
  play: Pick<PlayView, 'fromMs' | 'toMs' | 'skippedMs' | 'relayedMs' | 'fallbackMs'>,
): number {
  const range = Math.max(0, (play.toMs ?? play.fromMs) - play.fromMs);
  const came = play.relayedMs === null ? range : play.relayedMs + (play.fallbackMs ?? 0);
  return Math.max(0, Math.min(range, came) - play.skippedMs);
}

/** What is told of one stretch of sound. */
export type ToldRange = Parameters<typeof soundedMs>[0];

/** Share (0 to 1) of a content of `durationMs` that these ranges say to have sounded: their union, less what was left out inside them. */
export function soundedShare(ranges: readonly ToldRange[], durationMs: number): number {
  if (durationMs <= 0) return 0;
  let [covered, reached, leftOut] = [0, 0, 0];
  for (const range of [...ranges].sort((a, b) => a.fromMs - b.fromMs)) {
    const to = range.toMs ?? range.fromMs;
    covered += Math.max(0, to - Math.max(range.fromMs, reached));
    reached = Math.max(reached, to);
    leftOut += to - range.fromMs - soundedMs(range);
  }
  return Math.min(1, Math.max(0, covered - leftOut) / durationMs);
}

/** Whether nothing worth mentioning of a range was left out. */
export function soundedWhole(range: ToldRange): boolean {
  return soundedMs(range) >= PLAYED_SHARE * ((range.toMs ?? range.fromMs) - range.fromMs);
}

/** Whether the loudspeaker reports that the whole content sounded. A null output never counts as played. */
export function countsAsPlayed(view: DeliveryView): boolean {
  return (
    view.state === 'finished' &&
    view.plays.some((play) => play.state === 'finished' && play.evidence === 'reported' && soundedWhole(play))
  );
}

/** A refusal of a repeated order says nothing new of a delivery that is already settled. */
function settledAgain(view: DeliveryView, state: DeliveryState): boolean {
  return view.state === state && DELIVERY_STATES[state].length === 0;
}

/** Refusals that only say that another order of the same broadcast stands. */
const OTHER_ORDER_STANDS: readonly string[] = [
  'order.replayed',
  'order.already_played',
  'order.cancelled',
  'document.stale_revision',
] satisfies ErrorCode[];

/**
 * A copy or another revision that a loudspeaker turns down takes nothing back of what the accepted one came to: what
 * sounded has sounded, and is not to be made good because a late copy was refused.
 */
function ofAnotherOrder(view: DeliveryView, { code = '' }: JournalEntry): boolean {
  const begun = view.plays.length > 0;
  return begun || (view.state !== 'pending' && OTHER_ORDER_STANDS.includes(code));
}

/** An emergency is tried again after a fault, as another play of the same order. */
function triedAgain(view: DeliveryView, entry: JournalEntry): boolean {
  return view.state === 'failed' && entry.kind === 'started' && view.plays.length > 0 && newPlay(view, entry);
}

/** Taken back after one repetition (or one that failed) and before the next: that is what a cancel does, and no contradiction. */
function cancelledBetween(view: DeliveryView, { kind, play }: JournalEntry): boolean {
  const between = view.state === 'finished' || (view.state === 'failed' && view.plays.length > 0);
  return between && kind === 'cancelled' && play === undefined;
}

/**
 * A broadcast that was refused, missed, failed or taken back without a sound may be ordered anew, under a higher
 * revision: the account begins again. What a loudspeaker tells of a play instead needs a new order's `ready` first.
 */
function orderedAnew(view: DeliveryView, { kind, play }: JournalEntry): boolean {
  const over = ['refused', 'missed', 'failed', 'cancelled'].includes(view.state);
  const begins = ['ready', 'missed', 'failed', 'cancelled'].includes(kind) && play === undefined;
  return over && begins && view.plays.length === 0;
}

/** A repetition ordered by `repeat` is another play, not a contradiction. */
function newPlay(view: DeliveryView, entry: JournalEntry): boolean {
  return entry.play !== undefined && view.plays.every(({ play }) => play !== entry.play);
}

function foldPlays(plays: readonly PlayView[], entry: JournalEntry): readonly PlayView[] {
  const number = entry.play;
  if (number === undefined) return plays;
  const before = plays.find(({ play }) => play === number);
  const base: PlayView = before ?? {
    play: number,
    state: 'playing',
    plannedAt: null,
    startedAt: null,
    startErrorMs: null,
    endedAt: null,
    fromMs: entry.fromMs ?? 0,
    toMs: null,
    uncertaintyMs: 0,
    skippedMs: 0,
    relayedMs: null,
    fallbackMs: null,
    evidence: 'none',
    output: null,
    code: null,
  };
  return [...plays.filter(({ play }) => play !== number), foldPlay(base, entry)].sort(
    (a, b) => a.play - b.play,
  );
}

function foldPlay(play: PlayView, entry: JournalEntry): PlayView {
  switch (entry.kind) {
    case 'started':
      return {
        ...play,
        state: 'playing',
        plannedAt: entry.plannedAt ?? null,
        startedAt: entry.at,
        startErrorMs: entry.startErrorMs ?? null,
        fromMs: entry.fromMs ?? 0,
        evidence: entry.evidence ?? 'none',
        output: entry.output ?? null,
      };
    case 'finished':
    case 'interrupted':
    case 'failed':
    case 'cancelled':
      return {
        ...play,
        state: entry.kind,
        endedAt: entry.at,
        fromMs: entry.fromMs ?? play.fromMs,
        toMs: entry.toMs ?? play.toMs,
        uncertaintyMs: entry.uncertaintyMs ?? 0,
        skippedMs: entry.skippedMs ?? 0,
        relayedMs: entry.relayedMs ?? null,
        fallbackMs: entry.fallbackMs ?? null,
        evidence: entry.evidence ?? play.evidence,
        output: entry.output ?? play.output,
        code: entry.code ?? null,
      };
    default:
      return play;
  }
}

/**
 * Whether more repetitions sounded than were ordered: played twice, though each by itself looks like another repetition. The fold does not
 * know how many there were to be; who holds the signed order asks.
 */
export function soundedMoreOften({ plays }: Pick<DeliveryView, 'plays'>, ordered: number): boolean {
  const sounded = repetitionsOf(plays).filter((repetition) =>
    repetition.some((play) => play.state === 'finished' || overlapMs(play, play) > RESUME_OVERLAP_MS),
  );
  return sounded.length > ordered;
}

function rangesRepeat(plays: readonly PlayView[]): boolean {
  return repetitionsOf(plays).some((repetition) =>
    repetition.some((play, index) =>
      repetition.slice(0, index).some((before) => overlapMs(before, play) > RESUME_OVERLAP_MS),
    ),
  );
}

/** The attempts at each repetition, in order. What comes after one that finished is the next, whatever was interrupted before it. */
function repetitionsOf(plays: readonly PlayView[]): PlayView[][] {
  const all: PlayView[][] = [];
  let over = true;
  for (const play of plays) {
    const before = all.at(-1)?.at(-1);
    if (over || before === undefined || cutAndPassed(before, play)) all.push([play]);
    else all.at(-1)?.push(play);
    over = play.state === 'finished';
  }
  return all;
}

/** A power cut ended a repetition, and the next one came at its own time: planned later than the first could have sounded until then. */
function cutAndPassed(before: PlayView, { plannedAt, fromMs }: PlayView): boolean {
  const cut = before.code === ('order.agent_restarted' satisfies ErrorCode);
  if (!cut || fromMs > 0 || plannedAt === null || before.plannedAt === null) return false;
  return plannedAt > before.plannedAt + (before.toMs ?? 0) - before.fromMs;
}

function overlapMs(a: PlayView, b: PlayView): number {
  return Math.min(a.toMs ?? 0, b.toMs ?? 0) - Math.max(a.fromMs, b.fromMs);
}

function withFlag(view: DeliveryView, flag: FoldFlag): DeliveryView {
  if (view.flags.includes(flag)) return view;
  return { ...view, flags: [...view.flags, flag].sort() };
}
