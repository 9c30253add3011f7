import { RESUME_OVERLAP_MS } from '#protocols';
import type { Finding } from './finding.ts';
import type { Airing, Silence } from './judge-airings.ts';
import type { Times } from './judge-times.ts';
import { BLOCK_MS } from './sound-code.ts';
import type { Sounding } from './soundings.ts';

/** A stretch of sound with the airing that it is of; null: of none. */
export interface Heard {
  readonly sounding: Sounding;
  readonly airing: Airing | null;
}

/** A place in the content is known to a block, and an arrival to the observer's patience. */
const EARLY_MS = 500;
const LATE_MS = 1_200;
/** A loudspeaker that is online is told within five seconds; then it fades out. */
const TOLD_MS = 5_000;
const FADE_MS = 1_000;

/** Says of which airing each stretch of sound is: of its content, at this speaker, and the last that had begun. */
export function attribute(soundings: readonly Sounding[], airings: readonly Airing[]): Heard[] {
  return soundings.map((sounding) => {
    const mine = airings
      .filter(
        ({ content, speakers }) => content.number === sounding.content && speakers.includes(sounding.speaker),
      )
      .sort((a, b) => a.startsAt - b.startsAt);
    const begun = mine.filter(({ startsAt }) => startsAt - EARLY_MS <= sounding.startedAt);
    return { sounding, airing: begun.at(-1) ?? mine[0] ?? null };
  });
}

/** How much of an airing's content sounded at a speaker, ms; what sounded twice counts once. */
export function heardMs(heard: readonly Heard[], airing: Airing, speaker: string): number {
  const blocks = new Set<number>();
  for (const { fromMs, toMs } of of(heard, airing, speaker))
    for (let at = fromMs; at < toMs; at += BLOCK_MS) blocks.add(at);
  return Math.min(airing.content.durationMs, blocks.size * BLOCK_MS);
}

/** The same range of one broadcast twice at one speaker, beyond what a resume may repeat. */
export function doubledIn(heard: readonly Heard[], airing: Airing): Finding[] {
  return airing.speakers.flatMap((speaker) => {
    const parts = of(heard, airing, speaker);
    let worst = 0;
    for (const [index, a] of parts.entries())
      for (const b of parts.slice(index + 1))
        worst = Math.max(worst, Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs));
    if (worst <= RESUME_OVERLAP_MS + BLOCK_MS) return [];
    const ranges = parts.map(({ fromMs, toMs, startedAt }) => `${fromMs}–${toMs} at ${iso(startedAt)}`);
    return [finding('doubled', airing, speaker, `${worst} ms sounded twice: ${ranges.join(', ')}`)];
  });
}

/** Sound where and when there may be none. */
export function offWindowOf(
  heard: readonly Heard[],
  facts: {
    readonly airings: readonly Airing[];
    readonly silences: readonly Silence[];
    readonly times: (speaker: string) => Times;
  },
): Finding[] {
  return heard.flatMap(({ sounding, airing }) => {
    const { speaker, content, startedAt, endedAt } = sounding;
    const times = facts.times(speaker);
    const where = `${iso(startedAt)}–${iso(endedAt)}`;
    if (airing === null) {
      if (content === null && isTone(sounding, facts.airings)) return [];
      const name = content === null ? 'a sound that is none of ours' : `content ${content}`;
      return [{ ...NOTHING, speaker, detail: `${name}, asked for by nobody here, ${where}` }];
    }
    const off = (detail: string) => [finding('offWindow', airing, speaker, `${detail}: ${where}`)];
    if (startedAt < airing.startsAt - EARLY_MS) return off(`before its start at ${iso(airing.startsAt)}`);
    const heldMs = heldUpMs(sounding, airing, heard, facts);
    if (endedAt > airing.hardEndAt + heldMs + LATE_MS)
      return off(`after its hard end at ${iso(airing.hardEndAt)}`);
    const late = startedAt > airing.latestStartAt + LATE_MS;
    if (
      late &&
      sounding.fromMs === 0 &&
      !frozen(times, sounding) &&
      !resumed(sounding, airing, heard, facts.airings)
    )
      return off(`begun after its latest start at ${iso(airing.latestStartAt)}`);
    const { revoked } = airing;
    if (revoked?.ackedAt != null && endedAt > silentFrom(revoked.ackedAt, times))
      return off(`taken back at ${iso(revoked.ackedAt)}`);
    for (const silence of facts.silences) {
      if (!silence.speakers.includes(speaker) || silence.ackedAt === null) continue;
      if (silence.by === 'mute' && airing.content.priority === 'emergency') continue;
      const from = Math.max(silentFrom(silence.ackedAt, times), startedAt);
      if (from < Math.min(endedAt, silence.liftAskedAt ?? Number.POSITIVE_INFINITY))
        return off(`${silence.by} since ${iso(silence.ackedAt)}`);
    }
    return [];
  });
}

const NOTHING = { kind: 'offWindow', call: '', broadcastId: null } as const;

/** From when on there is silence, after something was stopped with a yes at this instant. */
function silentFrom(ackedAt: number, times: Times): number {
  return times.toldAt(ackedAt, TOLD_MS) + FADE_MS;
}

function frozen(times: Times, { startedAt, endedAt }: Sounding): boolean {
  return times.touches(['freeze'], { from: startedAt - 10_000, to: endedAt });
}

/** The tone before an emergency. */
function isTone({ speaker, startedAt, endedAt }: Sounding, airings: readonly Airing[]): boolean {
  return airings.some(
    (airing) =>
      airing.content.priority === 'emergency' &&
      airing.speakers.includes(speaker) &&
      startedAt >= airing.startsAt - EARLY_MS &&
      endedAt <= airing.latestStartAt + LATE_MS,
  );
}

/**
 * How long an emergency, a mute or a latch kept a slot from going on that it had stopped: the plan lets it go on afterwards, and end so much later.
 * What was ordered by itself keeps its signed end.
 */
function heldUpMs(
  { speaker, startedAt }: Sounding,
  airing: Airing,
  heard: readonly Heard[],
  { airings, silences }: { readonly airings: readonly Airing[]; readonly silences: readonly Silence[] },
): number {
  if (airing.scheduleId === null) return 0;
  const stoppedAt = Math.max(
    ...of(heard, airing, speaker)
      .filter((earlier) => earlier.startedAt < startedAt)
      .map(({ endedAt }) => endedAt),
  );
  const emergency = airings.some(
    ({ content, speakers, startsAt, hardEndAt }) =>
      content.priority === 'emergency' &&
      speakers.includes(speaker) &&
      startsAt < startedAt &&
      hardEndAt > stoppedAt,
  );
  const silence = silences.some(
    ({ speakers, askedAt, liftAskedAt }) =>
      speakers.includes(speaker) &&
      askedAt < stoppedAt &&
      (liftAskedAt ?? Number.POSITIVE_INFINITY) > stoppedAt,
  );
  return (emergency || silence) && Number.isFinite(stoppedAt) ? Math.max(0, startedAt - stoppedAt) : 0;
}

/** Begun in time, stopped by an emergency or a silence, and begun again after it. */
function resumed(
  sounding: Sounding,
  airing: Airing,
  heard: readonly Heard[],
  airings: readonly Airing[],
): boolean {
  const { speaker, startedAt } = sounding;
  if (of(heard, airing, speaker).some((earlier) => earlier.startedAt < startedAt)) return true;
  // Stopped before a block of it was heard.
  return airings.some(
    ({ content, speakers, startsAt }) =>
      content.priority === 'emergency' &&
      speakers.includes(speaker) &&
      startsAt > airing.startsAt - content.durationMs &&
      startsAt < startedAt,
  );
}

function of(heard: readonly Heard[], airing: Airing, speaker: string): Sounding[] {
  return heard
    .filter((one) => one.airing === airing && one.sounding.speaker === speaker)
    .map(({ sounding }) => sounding);
}

function finding(kind: Finding['kind'], airing: Airing, speaker: string, detail: string): Finding {
  const { call, broadcastId, content } = airing;
  return { kind, call, broadcastId, speaker, detail: `content ${content.number}, ${detail}` };
}

function iso(instant: number): string {
  return new Date(instant).toISOString().slice(11, 23);
}
