import type { Instant, Milliseconds } from '#kit';
import {
  type Capability,
  DomainError,
  type PlayOrder,
  type PlayRequest,
  type Priority,
  type Window,
} from '#protocols';
import type { ClearedSounds } from '../announcements/clearance.ts';

/** What is added to the last possible end before the hard end: fades, primed outputs, a slow sound card. */
export const END_MARGIN_MS: Milliseconds = 5_000;

export interface PlayTimes {
  readonly startsAt: Instant;
  readonly latestStartAt: Instant;
  readonly hardEndAt: Instant;
  readonly expiresAt: Instant;
  /** First sound to last, repeats and pauses included. */
  readonly airTimeMs: Milliseconds;
}

export interface Repeat {
  readonly count: number;
  readonly intervalMs: Milliseconds;
}

/** How long a content with its repetitions sounds. `intervalMs` is the silence between the end of one and the start of the next. */
export function airTimeMs(durationMs: Milliseconds, { count, intervalMs }: Repeat): Milliseconds {
  return count * durationMs + (count - 1) * intervalMs;
}

/** Lead and lateness of "play now" where the request does not say. */
export interface PlayDefaults {
  readonly leadMs: Milliseconds;
  /** The bytes of an urgent item come first; the rest of the lead is for clocks and connections. */
  readonly emergencyLeadMs: Milliseconds;
  readonly latenessMs: Milliseconds;
}

/** The instants of one airing. `startsAt` is rounded up to the millisecond. */
export function playTimes(
  now: Instant,
  request: Pick<PlayRequest, 'startsAt' | 'leadMs' | 'latenessMs'>,
  priority: Priority,
  contentMs: Milliseconds,
  repeat: Repeat,
  defaults: PlayDefaults,
): PlayTimes {
  const lead = request.leadMs ?? (priority === 'emergency' ? defaults.emergencyLeadMs : defaults.leadMs);
  const startsAt = request.startsAt ?? Math.ceil(now + lead);
  const latestStartAt = startsAt + (request.latenessMs ?? defaults.latenessMs);
  const length = airTimeMs(contentMs, repeat);
  const hardEndAt = latestStartAt + length + END_MARGIN_MS;
  // A loudspeaker that comes back until then still gets the order and accounts for it (missed).
  return { startsAt, latestStartAt, hardEndAt, expiresAt: hardEndAt, airTimeMs: length };
}

/** Nothing sounds after the window has closed, however late it began. */
export function withinWindow(times: PlayTimes, window: Window): PlayTimes {
  return {
    ...times,
    latestStartAt: Math.max(times.startsAt, Math.min(times.latestStartAt, window.closesAt - times.airTimeMs)),
    hardEndAt: Math.min(times.hardEndAt, window.closesAt),
  };
}

/** Where an emergency is repeated until an instant and its pause is not said. */
const EMERGENCY_INTERVAL_MS: Milliseconds = 60_000;
/** An order names no more repetitions than this. */
const MOST_REPETITIONS = 100;

/**
 * How often it sounds. With `until`, which is for emergencies, as often as there is time for between start and end. `oneMs` is one
 * repetition, prelude included. Throws `request.invalid`.
 */
export function repeatOf(
  { repeat, until }: Pick<PlayRequest, 'repeat' | 'until'>,
  priority: Priority,
  startsAt: Instant,
  oneMs: Milliseconds,
): Repeat {
  if (until === undefined) return { count: repeat?.count ?? 1, intervalMs: repeat?.intervalMs ?? 0 };
  if (priority !== 'emergency') throw invalid('until', 'only an emergency is repeated until an instant');
  const intervalMs = repeat?.intervalMs ?? EMERGENCY_INTERVAL_MS;
  const fits = Math.floor((until - startsAt + intervalMs) / (oneMs + intervalMs));
  if (fits < 1) throw invalid('until', 'it would be over before it sounded once');
  const count = Math.min(repeat?.count ?? fits, fits);
  if (count > MOST_REPETITIONS)
    throw invalid(
      'until',
      `it would sound ${count} times, at most ${MOST_REPETITIONS} are taken: choose a longer interval or an earlier end`,
    );
  return { count, intervalMs };
}

/** Nothing sounds after the instant that was asked for, and until then it is kept and repeated. */
export function endingAt(times: PlayTimes, until: Instant | undefined): PlayTimes {
  if (until === undefined) return times;
  return {
    ...times,
    latestStartAt: Math.min(times.latestStartAt, until),
    hardEndAt: until,
    expiresAt: until,
  };
}

/** What sounds before the content, by name: of an emergency the attention tone, and of an exercise first that it is one. */
export function preludeOf(
  { prelude, drill }: Pick<PlayRequest, 'prelude' | 'drill'>,
  priority: Priority,
): string[] {
  const asked = prelude ?? (priority === 'emergency' ? ['attention-tone'] : []);
  return drill ? ['drill-notice', ...asked.filter((name) => name !== 'drill-notice')] : asked;
}

/** The title in every record: an exercise says so itself. */
export function titleOf(title: string, drill: boolean): string {
  return (drill ? `DIỄN TẬP – ${title}` : title).slice(0, 256);
}

function invalid(field: string, reason: string): DomainError {
  return new DomainError('request.invalid', { reason, field: `body/${field}` });
}

/** What a loudspeaker must be able to do to obey. */
export function requirements(
  plan: Pick<PlayPlan, 'content' | 'repeat' | 'gainDb' | 'prelude' | 'overlap'>,
): Capability[] {
  const { content, repeat, gainDb, prelude, overlap } = plan;
  const needs: Capability[] = ['order:play', `content:${content.kind}`];
  if (repeat.count > 1) needs.push('repeat');
  if (gainDb !== 0) needs.push('gain');
  if (prelude.length > 0) needs.push('prelude');
  if (overlap === 'duck') needs.push('duck');
  return needs;
}

/** What is the same in every order of one broadcast. */
export type PlayOrderBase = Omit<PlayOrder, 'id' | 'targets' | keyof ClearedSounds> & ClearedSounds;

export interface PlayPlan extends ClearedSounds {
  readonly broadcastId: string;
  readonly title: string;
  readonly priority: Priority;
  readonly overlap: PlayOrder['overlap'];
  readonly afterInterruption: PlayOrder['afterInterruption'];
  readonly times: PlayTimes;
  readonly repeat: Repeat;
  readonly gainDb: number;
  readonly window: Window | null;
  readonly windowOverride: { readonly by: string; readonly reason: string } | null;
  readonly drill: boolean;
  /** A technician's test. */
  readonly test: boolean;
  /** Latches that it lifts. */
  readonly releases: readonly string[];
  readonly makesGoodOf: string | null;
  readonly now: Instant;
}

/** A play order but for its id and targets. Pure. */
export function playOrder(plan: PlayPlan): PlayOrderBase {
  const { times } = plan;
  return {
    v: 1,
    kind: 'play',
    broadcastId: plan.broadcastId,
    revision: Math.floor(plan.now),
    requires: requirements(plan),
    issuedAt: Math.floor(plan.now),
    expiresAt: times.expiresAt,
    priority: plan.priority,
    title: plan.title,
    startsAt: times.startsAt,
    latestStartAt: times.latestStartAt,
    hardEndAt: times.hardEndAt,
    content: plan.content,
    prelude: plan.prelude,
    scheduleId: null,
    session: null,
    repeat: plan.repeat,
    volume: { gainDb: plan.gainDb, ignoreCap: plan.priority === 'emergency' },
    window: plan.window,
    windowOverride: plan.windowOverride,
    makesGoodOf: plan.makesGoodOf,
    afterInterruption: plan.afterInterruption,
    overlap: plan.overlap,
    test: plan.test,
    drill: plan.drill,
    releases: [...plan.releases],
  };
}
