import { BUILT_IN_DURATIONS_MS } from '../content.ts';
import type { PlayOrder, Priority, Window } from '../documents/order.ts';
import type { ErrorCode } from '../errors/index.ts';

/** Heard again after an interruption, so that the sentence makes sense; less than the overlap that counts as twice. */
const RESUME_REWIND_MS = 1_000;

/**
 * So much later than its latest start an item may begin after all: what sounded before it lets go of the output in its own time, and what
 * follows it without a gap, as planned, must not be lost to that.
 */
export const HAND_OVER_MS = 1_000;

/** What an order or a slot says of its airing: enough to decide what sounds. */
export interface PlannedItem {
  readonly id: string;
  readonly priority: Priority;
  /** When it was asked for. Orders come in this order; the id decides between two of one moment. The same at every loudspeaker. */
  readonly issuedAt: number;
  /** Place in its session, from 0. */
  readonly position: number;
  readonly startsAt: number;
  readonly latestStartAt: number;
  readonly hardEndAt: number;
  readonly expiresAt: number;
  /** One repetition, what sounds before the content included, ms. */
  readonly durationMs: number;
  /** What sounds before the content, ms. */
  readonly leadMs: number;
  /** A stream of its hour, which keeps the end of its slot: what begins late, or goes on, is the rest of it. */
  readonly keepsEnd: boolean;
  readonly repeat: { readonly count: number; readonly intervalMs: number };
  /** The window that the controller found; null: none was needed. */
  readonly window: Window | null;
  /** Leave of a person: neither windows nor the limits of sessions bind it. */
  readonly override: boolean;
  readonly overlap: 'queue' | 'duck';
  readonly afterInterruption: 'resume' | 'drop' | 'reschedule';
  /** A technician's test. */
  readonly test: boolean;
  /** Latches that it lifts, if it is an emergency. */
  readonly releases: readonly string[];
  /** When the plan head that names it runs out; null: it was ordered by itself. */
  readonly plannedUntil: number | null;
}

/** How far an item has come. */
export interface ItemProgress {
  /** Repetitions that sounded, or whose time has passed. */
  readonly repetitions: number;
  /** Where in the content the interrupted repetition goes on, ms. */
  readonly resumeFromMs: number;
  readonly interrupted: boolean;
}

/** One repetition that is to sound, or sounds, as `arbitrate` sees it. */
export interface Item
  extends Pick<
    PlannedItem,
    | 'id'
    | 'priority'
    | 'issuedAt'
    | 'position'
    | 'hardEndAt'
    | 'keepsEnd'
    | 'override'
    | 'overlap'
    | 'test'
    | 'releases'
    | 'plannedUntil'
  > {
  readonly plannedAt: number;
  /** It neither begins nor goes on after this. */
  readonly latestStartAt: number;
  /** But for what only something else that sounded has held up: that still begins until then. */
  readonly handOverUntil: number;
  /** The window that the controller found; null: none is needed (emergency, or leave from a person). */
  readonly window: Window | null;
  /** Another repetition comes after this one, and may still begin when this one may not any more. */
  readonly more: boolean;
  /** What is left of this repetition, ms; of one that keeps its end: all of it (`soundsMs` tells how much of that is still to come). */
  readonly remainingMs: number;
  /** All repetitions and the pauses between them, ms. */
  readonly airTimeMs: number;
  /** Every byte of its content is here. */
  readonly ready: boolean;
  /** Why it is not ready, as far as that is known. */
  readonly trouble: ErrorCode | null;
  /** It came over the link in this run of the agent: it is no leftover of another day. */
  readonly fresh: boolean;
  /** Why it could not begin when it was last looked at. */
  readonly blockedBy: ErrorCode | null;
}

/** What is known of an item at one place only: the rest follows from its order. */
export type LocalFacts = Pick<Item, 'ready' | 'trouble' | 'fresh' | 'blockedBy'>;

/** What an order says, for the evaluator. `plannedUntil`: when the plan head that names it runs out; null: it came by itself. */
export function plannedItem(order: PlayOrder, plannedUntil: number | null): PlannedItem {
  const { id, priority, startsAt, latestStartAt, hardEndAt, expiresAt, repeat, window } = order;
  const { overlap, afterInterruption, test, releases } = order;
  return {
    ...{ id, priority, startsAt, latestStartAt, hardEndAt, expiresAt, repeat, window },
    issuedAt: order.orderedAt ?? order.issuedAt,
    ...{ overlap, afterInterruption, test, releases, plannedUntil },
    position: order.session?.position ?? 0,
    durationMs: repetitionMs(order),
    leadMs: preludeMs(order),
    keepsEnd: order.content.kind === 'relay',
    override: order.windowOverride !== null,
  };
}

/**
 * How long one repetition of an order is, ms: the content and the sounds before it. A relay keeps the end of its slot: what sounds before
 * it takes its beginning. 0 for content of an unknown kind, and for a sound of which nothing says how long it is.
 */
export function repetitionMs({ content, prelude }: Pick<PlayOrder, 'content' | 'prelude'>): number {
  const before = preludeMs({ prelude });
  const own = 'durationMs' in content ? content.durationMs : 0;
  return content.kind === 'relay' ? Math.max(before, own) : before + own;
}

function preludeMs({ prelude }: Pick<PlayOrder, 'prelude'>): number {
  const lengths: Readonly<Record<string, number>> = BUILT_IN_DURATIONS_MS;
  return prelude.reduce((sum, { name, durationMs }) => sum + (durationMs ?? lengths[name] ?? 0), 0);
}

/** What sounds before the content when the next repetition begins, or goes on, ms. An emergency of which no word was heard begins anew. */
export function leadOf(
  { leadMs, priority }: Pick<PlannedItem, 'leadMs' | 'priority'>,
  { resumeFromMs, interrupted }: Pick<ItemProgress, 'resumeFromMs' | 'interrupted'>,
): number {
  const goesOn = resumeFromMs > 0 || (interrupted && priority !== 'emergency');
  return goesOn ? 0 : leadMs;
}

/** Where in the content an interrupted repetition goes on that was stopped at a position of it, ms: a little before, never before it went on last. */
export function resumeFrom({ resumeFromMs }: Pick<ItemProgress, 'resumeFromMs'>, positionMs: number): number {
  return Math.max(resumeFromMs, positionMs - RESUME_REWIND_MS);
}

/** How long an item sounds that begins, or goes on, at an instant, unless something ends it before, ms. */
export function soundsMs(
  { plannedAt, keepsEnd, remainingMs }: Pick<Item, 'plannedAt' | 'keepsEnd' | 'remainingMs'>,
  startsAt: number,
): number {
  if (!keepsEnd) return remainingMs;
  return Math.min(remainingMs, Math.max(0, plannedAt + remainingMs - startsAt));
}

/** When the next repetition is planned to begin. */
export function plannedAtOf(
  planned: PlannedItem,
  { repetitions }: Pick<ItemProgress, 'repetitions'>,
): number {
  return planned.startsAt + repetitions * (planned.durationMs + planned.repeat.intervalMs);
}

/** The repetition that comes next, or goes on. */
export function itemOf(planned: PlannedItem, progress: ItemProgress, local: LocalFacts): Item {
  const { expiresAt, test, override, durationMs, keepsEnd, hardEndAt } = planned;
  // Whatever a test calls itself, it gives way like anything planned.
  const priority = test ? 'normal' : planned.priority;
  const plannedAt = plannedAtOf(planned, progress);
  const latestStartAt = planned.latestStartAt + plannedAt - planned.startsAt;
  const expires = progress.interrupted || latestStartAt >= expiresAt;
  // Named one by one: a preview makes a great many of them.
  return {
    id: planned.id,
    priority,
    issuedAt: planned.issuedAt,
    position: planned.position,
    plannedAt,
    // What was interrupted may go on late, but nothing begins that has expired.
    latestStartAt: expires ? expiresAt : latestStartAt,
    handOverUntil: expires ? expiresAt : Math.min(latestStartAt + HAND_OVER_MS, expiresAt),
    hardEndAt: keepsEnd ? Math.min(hardEndAt, plannedAt + durationMs) : hardEndAt,
    keepsEnd,
    window: priority === 'emergency' || override ? null : planned.window,
    override,
    overlap: planned.overlap,
    test,
    releases: planned.releases,
    plannedUntil: planned.plannedUntil,
    more: !expires && progress.repetitions + 1 < planned.repeat.count,
    remainingMs: keepsEnd ? durationMs : remainingOf(planned, progress),
    airTimeMs: airTimeMs(planned),
    ready: local.ready,
    trouble: local.trouble,
    fresh: local.fresh,
    blockedBy: local.blockedBy,
  };
}

function remainingOf(planned: PlannedItem, progress: ItemProgress): number {
  const { durationMs, leadMs } = planned;
  return Math.max(0, durationMs - leadMs + leadOf(planned, progress) - progress.resumeFromMs);
}

/** From the first sound to the end of the last as planned: repetitions and the pauses between them, ms. */
export function airTimeMs({ durationMs, repeat }: Pick<PlannedItem, 'durationMs' | 'repeat'>): number {
  return repeat.count * durationMs + (repeat.count - 1) * repeat.intervalMs;
}
