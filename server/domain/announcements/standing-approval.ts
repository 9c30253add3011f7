import type { Instant, Milliseconds } from '#kit';
import type { Capacity, Priority, Recurrence, Targets } from '#protocols';
import type { Territory } from '../areas/territory.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Announcement } from './announcement.ts';

/** What a series was when its leave was given: what goes beyond it is not covered. */
export interface StandingTerms {
  /** Whether it airs audio files. */
  readonly files: boolean;
  /** Addresses of the streams that it relays, whole: another one of the same host is another station. */
  readonly streams: readonly string[];
  /** Files that sound in place of these streams: `sha256`. Any other one needs `files`. */
  readonly fallbacks: readonly string[];
  readonly priority: Priority;
  readonly recurrence: Recurrence;
  readonly targets: Targets;
  /** Whether it had leave to sound outside the windows. */
  readonly outsideWindows: boolean;
  /** One occurrence, as it is composed, lasts no longer. Null: given before that was bounded; it covers nothing until it is settled, at the next start. */
  readonly sessionMinutes: number | null;
}

/** A leader's leave for what changes within a series: the morning relay, next week's episode. */
export interface StandingApproval {
  readonly id: string;
  readonly seriesId: string;
  /** The part of the series that he saw. */
  readonly scheduleId: string;
  /** The station whose content it is for, with all below. */
  readonly areaId: string;
  readonly title: string;
  /** The areas that he answers for. */
  readonly areas: readonly string[];
  /** Where it was taken back. */
  readonly exceptAreas: readonly string[];
  readonly terms: StandingTerms;
  /** Accounts whose content it is for; null: of whoever may write in the station. */
  readonly editors: readonly string[] | null;
  /** One item lasts no longer. */
  readonly maxMinutes: number;
  readonly note: string;
  readonly by: string;
  /** In which capacity; null: given before that was noted. */
  readonly as: Capacity | null;
  readonly at: Instant;
  /** What begins at this instant or later is not covered. */
  readonly expiresAt: Instant;
  readonly endedAt: Instant | null;
  readonly endedBy: string | null;
  /** In which capacity; null: by nobody who is a leader there (the series was changed), or ended before that was noted. */
  readonly endedAs: Capacity | null;
  readonly endedReason: string | null;
}

export interface StandingStore {
  /** Those that were not ended, expired ones too. */
  live(): Promise<StandingApproval[]>;
  /** Of these stations, newest first. */
  list(areaIds: readonly string[], limit: number): Promise<StandingApproval[]>;
  get(id: string): Promise<StandingApproval | null>;
  save(standing: StandingApproval): Promise<void>;
}

declare const GRANTED: unique symbol;

/** One that covers an occurrence. Only `standingAt` finds any. */
export type StandingGrant = StandingApproval & { readonly [GRANTED]: true };

const RANK: readonly Priority[] = ['normal', 'priority', 'emergency'];

/** Leaves for a series at one of its occurrences. */
export interface LeavesAt {
  /** Those that cover it. */
  readonly grants: readonly StandingGrant[];
  /** Those that would, if it was not longer than they let it be. */
  readonly exceeded: readonly StandingApproval[];
}

/**
 * Those that cover an occurrence of a schedule that lasts `lengthMs` as it is composed: of its series, not ended, not expired by then, within their terms, and
 * begun at the hour of the rule.
 */
export function standingAt(
  standing: readonly StandingApproval[],
  schedule: Schedule,
  originalAt: Instant,
  territory: Territory,
  lengthMs: Milliseconds,
): LeavesAt {
  if (standing.length === 0 || schedule.rule.changes.some((one) => one.originalAt === originalAt))
    return { grants: [], exceeded: [] };
  const within = standing.filter(
    (one) =>
      one.seriesId === schedule.seriesId &&
      one.endedAt === null &&
      originalAt < one.expiresAt &&
      keepsTo(one.terms, schedule, territory),
  );
  const fits = (one: StandingApproval): one is StandingGrant =>
    lengthMs <= (one.terms.sessionMinutes ?? 0) * 60_000;
  return { grants: within.filter(fits), exceeded: within.filter((one) => !fits(one)) };
}

/** Whether a schedule asks for no more than a leave was given for: not for more people, other hours, more urgently, or outside the windows. */
export function keepsTo(
  terms: StandingTerms,
  {
    priority,
    targets,
    rule,
    windowOverride,
  }: Pick<Schedule, 'priority' | 'targets' | 'rule' | 'windowOverride'>,
  territory: Territory,
): boolean {
  return (
    RANK.indexOf(priority) <= RANK.indexOf(terms.priority) &&
    (windowOverride === null || terms.outsideWindows) &&
    isWithin(rule.recurrence, terms.recurrence) &&
    meansNoMore(targets, terms.targets, territory)
  );
}

/** Whether an announcement is what a leave is for: handed in, of its kind, length, station and editors; and not composed by who gave it, but his own recording. */
export function isFor(
  { terms, maxMinutes, editors, by, areaId }: StandingApproval,
  announcement: Announcement,
  durationMs: number,
  { tree }: Territory,
): boolean {
  const { state, priority, composers, recordedBy, areaId: station, stream } = announcement;
  const own = recordedBy === by && stream === null;
  return (
    (state === 'submitted' || state === 'approved') &&
    RANK.indexOf(priority) <= RANK.indexOf(terms.priority) &&
    isOfKind(terms, announcement) &&
    durationMs <= maxMinutes * 60_000 &&
    (editors === null || composers.every((name) => editors.includes(name))) &&
    (own || !composers.includes(by)) &&
    tree.has(station) &&
    tree.ancestry(station).includes(areaId)
  );
}

/** Whether every sound of it, a relay's fallback too, is of a kind that the series had. */
function isOfKind(
  { files, streams, fallbacks }: StandingTerms,
  { stream, mediaSha256 }: Announcement,
): boolean {
  if (stream === null) return files;
  // A relay that cannot be had sounds as its fallback, all of it.
  const fallback = mediaSha256 === null || files || fallbacks.includes(mediaSha256);
  return fallback && streams.includes(addressOf(stream.url));
}

/** A stream's address in the form in which two are compared. */
export function addressOf(url: string): string {
  return new URL(url).href;
}

function isWithin(wanted: Recurrence, given: Recurrence): boolean {
  if (JSON.stringify(wanted) === JSON.stringify(given)) return true;
  if (wanted.kind !== 'weekly' || given.kind !== 'weekly') return false;
  return (
    wanted.days.every((day) => given.days.includes(day)) &&
    wanted.times.every((time) => given.times.includes(time))
  );
}

function meansNoMore(wanted: Targets, given: Targets, { tree, areaOfSpeaker }: Territory): boolean {
  const inside = (areaId: string | undefined) =>
    areaId === undefined || !tree.has(areaId) || tree.ancestry(areaId).some((id) => given.areas.includes(id));
  return (
    wanted.areas.every(inside) &&
    wanted.speakers.every((id) => given.speakers.includes(id) || inside(areaOfSpeaker(id))) &&
    given.excludeAreas.every((id) => wanted.excludeAreas.includes(id)) &&
    given.excludeSpeakers.every((id) => wanted.excludeSpeakers.includes(id))
  );
}
