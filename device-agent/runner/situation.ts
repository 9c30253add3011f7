import {
  type Assignment,
  holdEnds,
  holds,
  limitsSessions,
  profileGainAt,
  type Situation,
  type SoundedSpan,
  soundsAnyway,
  sureOf,
  testCap,
  timingOf,
  volumeCapAt,
} from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import type { PlayRequest } from '../playback/index.ts';
import type { PlayItem } from './play-item.ts';

/** What `arbitrate` is told beside the items. */
export interface SituationFacts {
  readonly time: TrustedTime;
  readonly assignment: Assignment | undefined;
  readonly journalOk: boolean;
  readonly current: string | null;
  /** The item that speaks over the current one. */
  readonly voice?: string | null;
  /** Ids of the latches that are set here. */
  readonly latches?: readonly string[];
  /** What sounded in the last 50 hours, by the rules of `SoundedSpan`. Asked for only where the rules limit sessions. */
  readonly history?: () => readonly SoundedSpan[];
}

/** The moment as `arbitrate` wants it. */
export function situationOf(all: Iterable<PlayItem>, facts: SituationFacts): Situation {
  const { time, assignment, journalOk, current, voice = null, latches = [] } = facts;
  const { instant, trust } = time.now();
  const items = [...all].filter(({ cancelledBy }) => cancelledBy === null);
  const notBefore = time.notBefore();
  // A hold has ended when that is certain: a clock that nothing vouches for does not end it.
  const sure = sureOf({ now: instant, notBefore, trust });
  const rules = assignment?.rules ?? null;
  return {
    now: instant,
    notBefore,
    trust,
    muted: holds(assignment?.mute ?? null, sure),
    maintenance: holds(assignment?.maintenance ?? null, sure),
    holdEnds: holdEnds([assignment?.mute ?? null, assignment?.maintenance ?? null], sure),
    latches,
    rules,
    history: rules !== null && limitsSessions(rules) ? (facts.history?.() ?? []) : [],
    journalOk,
    items: items.map((item) => item.item()),
    current,
    voice,
  };
}

/** What the engine is asked for. One repetition at a time: between two, something else may sound. */
export function playRequest(
  item: PlayItem,
  situation: Situation,
  file: string,
  assignment: Pick<Assignment, 'volume' | 'rules'> | undefined,
): PlayRequest {
  const wanted = item.item();
  const atOnce = soundsAnyway(wanted, situation);
  const { beginsAt, endsAt } = timingOf(wanted, situation);
  const startAt = atOnce || item.phase === 'interrupted' ? situation.now : beginsAt;
  const { hardEndAt, startsAt } = item.order;
  return {
    file,
    durationMs: item.content.durationMs,
    startAt,
    ...(atOnce ? {} : { latestStartAt: wanted.handOverUntil }),
    hardEndAt: atOnce ? startAt + (hardEndAt - startsAt) : endsAt,
    gainDb: (instant) => gainDbAt(item, assignment, instant),
    offsetMs: item.resumeFromMs,
  };
}

/**
 * The gain of an item at an instant, dB: the loudspeaker's own (that of the part of the day, if one has its own) and the order's, cut to
 * the caps of the loudspeaker, of the rules there and of tests. An emergency may ignore them all.
 */
export function gainDbAt(
  item: Pick<PlayItem, 'order' | 'emergency'>,
  assignment: Pick<Assignment, 'volume' | 'rules'> | undefined,
  instant: number,
): number {
  const { volume: wanted, test } = item.order;
  if (assignment === undefined) return wanted.gainDb;
  const { volume, rules } = assignment;
  const own = profileGainAt(volume.profile, rules.offsets, instant) ?? volume.gainDb;
  const sum = own + wanted.gainDb;
  if (item.emergency && !test && wanted.ignoreCap) return sum;
  const caps = [volume.capDb, volumeCapAt(rules, instant), test ? testCap(rules) : null];
  return Math.min(sum, ...caps.filter((cap) => cap !== null));
}
