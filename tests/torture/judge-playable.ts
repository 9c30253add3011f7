import type { Airing, Silence } from './judge-airings.ts';
import type { Times } from './judge-times.ts';
import type { Sounding } from './soundings.ts';

/** The loudspeaker takes its output, and looks at what it will play, this long before the start. */
const PREPARE_MS = 6_500;
/** The last sound has left the output. */
const TAIL_MS = 800;
/** A loudspeaker is told and has fetched the audio after so long on a line without trouble; longer while messages come late. */
const HOLD_MS = 3_000;
const HOLD_IN_MESS_MS = 5_000;
/** Lifting a silence reaches the loudspeaker. */
const TOLD_MS = 5_000;

export interface PlayableFacts {
  readonly times: Times;
  readonly airings: readonly Airing[];
  readonly silences: readonly Silence[];
  readonly soundings: readonly Sounding[];
}

/** Why one airing need not have sounded at one loudspeaker, by the tester's own log; null: it had to. What is in doubt had not to. */
export function whyNotPlayable(airing: Airing, speaker: string, facts: PlayableFacts): string | null {
  const { times } = facts;
  const { startsAt, endsAt, ackedAt } = airing;
  if (ackedAt === null) return 'not acknowledged';
  if (airing.revoked !== null) return 'taken back';
  const sounding = { from: startsAt - PREPARE_MS, to: endsAt + TAIL_MS };
  if (!times.up({ from: startsAt - 500, to: endsAt + TAIL_MS })) return 'the agent was down';
  if (times.touches(['freeze'], sounding, 1_500)) return 'the agent was frozen';
  // Doubt about the time keeps it from beginning; what sounds goes on.
  if (!times.timeTrusted({ from: sounding.from, to: startsAt + 500 })) return 'the time was not trusted';
  if (!times.diskFine({ from: ackedAt, to: sounding.to })) return 'the disk was full';
  if (!held(airing, times)) return 'plan and audio not surely held';
  if (damaged(airing, speaker, facts)) return 'the cached audio was damaged';
  for (const silence of facts.silences)
    if (silence.speakers.includes(speaker) && silentIn(silence, sounding, times)) return silence.by;
  return othersInTheWay(airing, speaker, facts);
}

function held({ ackedAt, startsAt }: Airing, times: Times): boolean {
  if (ackedAt === null) return false;
  const until = startsAt - 500;
  const inMess = times.touches(['mess'], { from: ackedAt, to: until }, 2_000);
  return times.toldAt(ackedAt, inMess ? HOLD_IN_MESS_MS : HOLD_MS) <= until;
}

/**
 * What was on the disk when it was damaged is found out when the loudspeaker looks at its file before the start; then the
 * line must be good enough to fetch it once more.
 */
function damaged(airing: Airing, speaker: string, { times, airings, soundings }: PlayableFacts): boolean {
  const { startsAt, content } = airing;
  // The decoder has read the whole file by the start.
  if (times.touches(['corrupt'], { from: startsAt - PREPARE_MS, to: startsAt + 500 })) return true;
  const heardOfAt = airings
    .filter((other) => other.content === content && other.speakers.includes(speaker))
    .map(({ askedAt }) => askedAt);
  // What has sounded since was whole again.
  const soundedAt = soundings
    .filter((one) => one.speaker === speaker && one.content === content.number && one.endedAt < startsAt)
    .map(({ startedAt }) => startedAt - PREPARE_MS);
  const since = Math.max(Math.min(...heardOfAt), ...soundedAt);
  const damagedThen = times.touches(['corrupt'], { from: since, to: startsAt });
  return damagedThen && !times.canFetch({ from: startsAt - PREPARE_MS, to: startsAt + 500 });
}

function silentIn(
  { askedAt, liftAskedAt, liftedAt }: Silence,
  { from, to }: { readonly from: number; readonly to: number },
  times: Times,
): boolean {
  if (askedAt >= to) return false;
  if (liftAskedAt === null || liftedAt === null) return true;
  return times.toldAt(liftedAt, TOLD_MS) > from;
}

/** One thing sounds at a time: another that is due then, or that really sounded then, excuses. */
function othersInTheWay(
  airing: Airing,
  speaker: string,
  { airings, soundings }: PlayableFacts,
): string | null {
  const emergency = airing.content.priority === 'emergency';
  for (const other of airings) {
    if (other === airing || !other.speakers.includes(speaker)) continue;
    if (emergency && other.content.priority !== 'emergency') continue;
    if (other.startsAt - 500 < airing.endsAt && other.endsAt + 500 > airing.startsAt)
      return 'another was due';
  }
  const busy = soundings.some(
    ({ speaker: where, content, startedAt, endedAt }) =>
      where === speaker &&
      content !== airing.content.number &&
      startedAt < airing.endsAt &&
      endedAt > airing.startsAt - 1_000,
  );
  return busy && !emergency ? 'another sounded' : null;
}
