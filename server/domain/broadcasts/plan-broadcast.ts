import type { Instant, Milliseconds } from '#kit';
import type { Capability, FileContent, PlayOrder, PlayRequest, Priority, Window } from '#protocols';

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

/** What a loudspeaker must be able to do to obey. */
export function requirements(repeat: Repeat, gainDb: number): Capability[] {
  const needs: Capability[] = ['order:play', 'content:file'];
  if (repeat.count > 1) needs.push('repeat');
  if (gainDb !== 0) needs.push('gain');
  return needs;
}

/** What is the same in every order of one broadcast. */
export type PlayOrderBase = Omit<PlayOrder, 'id' | 'targets'>;

export interface PlayPlan {
  readonly broadcastId: string;
  readonly title: string;
  readonly priority: Priority;
  readonly content: FileContent;
  readonly times: PlayTimes;
  readonly repeat: Repeat;
  readonly gainDb: number;
  readonly window: Window | null;
  readonly windowOverride: { readonly by: string; readonly reason: string } | null;
  readonly drill: boolean;
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
    requires: requirements(plan.repeat, plan.gainDb),
    issuedAt: Math.floor(plan.now),
    expiresAt: times.expiresAt,
    priority: plan.priority,
    title: plan.title,
    startsAt: times.startsAt,
    latestStartAt: times.latestStartAt,
    hardEndAt: times.hardEndAt,
    content: plan.content,
    chime: null,
    repeat: plan.repeat,
    volume: { gainDb: plan.gainDb, ignoreCap: plan.priority === 'emergency' },
    window: plan.window,
    windowOverride: plan.windowOverride,
    makesGoodOf: null,
    afterInterruption: 'resume',
    drill: plan.drill,
    releases: [],
  };
}
