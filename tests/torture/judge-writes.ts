import type { Evidence, FinalBroadcast, FinalDelivery } from './evidence.ts';
import type { Finding } from './finding.ts';
import { type Airing, callsOf, type Silence } from './judge-airings.ts';
import type { Heard } from './judge-sound.ts';
import type { Times } from './judge-times.ts';
import { BLOCK_MS } from './sound-code.ts';

/** Where a claim and the sound may differ: blocks, fades and the observer's patience. */
const TOLERANCE_MS = 1_000;
/** What is shorter may be the beginning of a fade-out. */
const LEAST_HEARD_MS = 750;
/** A delivery that says it played has sounded to this share. */
const PLAYED = 0.9;
const SAME_INSTANT_MS = 1_000;
/** A cached file is proved ahead of its start, and not read whole again when it begins. */
const DAMAGED_MS = 60_000;

interface Facts {
  readonly evidence: Evidence;
  readonly airings: readonly Airing[];
  readonly silences: readonly Silence[];
  readonly times: (speaker: string) => Times;
}

/** Acknowledged requests that left nothing, and receipts that are missing or say other than what sounded. */
export function missingWritesOf(heard: readonly Heard[], facts: Facts): Finding[] {
  return [
    ...missingAirings(facts),
    ...missingRevokes(facts),
    ...missingSilences(facts),
    ...facts.airings.flatMap((airing) =>
      airing.speakers.flatMap((speaker) => receiptsOf(heard, airing, speaker, facts)),
    ),
  ];
}

/** The broadcast that the controller has for an airing. */
function broadcastOf(airing: Airing, { final }: Evidence): FinalBroadcast | undefined {
  const { broadcastId, content, startsAt } = airing;
  if (broadcastId !== null) return final.broadcasts.find(({ id }) => id === broadcastId);
  const alike = final.broadcasts.filter(
    (one) =>
      one.announcementId === content.announcementId && Math.abs(one.startsAt - startsAt) < SAME_INSTANT_MS,
  );
  // Two schedules may air the same at the same instant, each at loudspeakers of its own.
  return alike.find((one) => means(one, airing)) ?? alike[0];
}

function means({ deliveries }: FinalBroadcast, { speakers }: Airing): boolean {
  return speakers.every((id) => deliveries.some(({ speakerId }) => speakerId === id));
}

function missingAirings({ evidence, airings }: Facts): Finding[] {
  return airings.flatMap((airing) => {
    const { ackedAt, revoked, scheduleId, startsAt } = airing;
    if (ackedAt === null) return [];
    const miss = (detail: string) => [finding(airing, null, detail)];
    if (scheduleId !== null && revoked !== null) return [];
    if (scheduleId !== null && !evidence.final.schedules.includes(scheduleId))
      return miss(`schedule ${scheduleId} is not there`);
    const broadcast = broadcastOf(airing, evidence);
    if (broadcast === undefined) return miss('the broadcast is not there');
    const same =
      broadcast.announcementId === airing.content.announcementId &&
      Math.abs(broadcast.startsAt - startsAt) < SAME_INSTANT_MS &&
      means(broadcast, airing);
    return same ? [] : miss('the broadcast is another than was asked for');
  });
}

function missingRevokes({ evidence, airings }: Facts): Finding[] {
  return airings.flatMap((airing) => {
    if (airing.revoked?.ackedAt == null) return [];
    if (airing.scheduleId !== null)
      return evidence.final.schedules.includes(airing.scheduleId)
        ? [finding(airing, null, `schedule ${airing.scheduleId} was deleted and is there`)]
        : [];
    const state = broadcastOf(airing, evidence)?.state;
    return airing.broadcastId === null || state === 'cancelled'
      ? []
      : [finding(airing, null, `cancelled, and its state is "${state}"`)];
  });
}

/** Where the last word was heard, it stands. */
function missingSilences({ evidence, silences }: Facts): Finding[] {
  const answers = new Map(callsOf(evidence.calls).map(({ call, answer }) => [call, answer]));
  return silences.flatMap((silence) => {
    const { call, by, speakers, askedAt, ackedAt, liftAskedAt, liftedAt } = silence;
    if (ackedAt === null) return [];
    const later = silences.some(
      (other) => other.by === by && other.askedAt > askedAt && other.speakers.join() === speakers.join(),
    );
    if (later && by === 'mute') return [];
    const id = (answers.get(call) as { id?: string } | undefined)?.id ?? '';
    const holds =
      by === 'mute' ? evidence.final.muted[speakers[0] ?? ''] === true : evidence.final.latched.includes(id);
    const detail = (text: string): Finding[] => [
      { kind: 'missingWrites', call, broadcastId: null, speaker: speakers[0] ?? null, detail: text },
    ];
    if (liftedAt !== null) return holds ? detail(`the ${by} was lifted and holds`) : [];
    return liftAskedAt === null && !holds ? detail(`the ${by} does not hold`) : [];
  });
}

/** What one loudspeaker's receipts say, against what sounded there. */
function receiptsOf(
  heard: readonly Heard[],
  airing: Airing,
  speaker: string,
  { evidence, times }: Facts,
): Finding[] {
  const parts = heard
    .filter((one) => one.airing === airing && one.sounding.speaker === speaker)
    .map(({ sounding }) => sounding);
  const delivery = broadcastOf(airing, evidence)?.deliveries.find((one) => one.speakerId === speaker);
  const long = parts.filter(({ fromMs, toMs }) => toMs - fromMs >= LEAST_HEARD_MS);
  if (delivery === undefined)
    return long.length > 0 ? [finding(airing, speaker, 'it sounded, and there is no delivery')] : [];
  const claims = claimsOf(delivery);
  // Of a damaged file the decoder leaves out a page: where in the content the rest lies says nothing, how much of it sounded does.
  const damaged = times(speaker).touches(['corrupt'], {
    from: airing.startsAt - DAMAGED_MS,
    to: airing.hardEndAt,
  });
  const [soundedMs, toldMs] = [lengthOf(parts), lengthOf(claims)];
  if (damaged && long.length > 0 && soundedMs > toldMs)
    return [finding(airing, speaker, `${soundedMs} ms sounded; the receipts say ${text(delivery, claims)}`)];
  const untold = long.find(({ fromMs, toMs }) => !covered({ fromMs, toMs }, claims));
  if (!damaged && untold !== undefined)
    return [
      finding(
        airing,
        speaker,
        `${untold.fromMs}–${untold.toMs} ms sounded; the receipts say ${text(delivery, claims)}`,
      ),
    ];
  const blocks = new Set<number>();
  for (const { fromMs, toMs } of parts) for (let at = fromMs; at < toMs; at += BLOCK_MS) blocks.add(at);
  const ms = blocks.size * BLOCK_MS;
  // Where the machine kept the program from running, what is missing says nothing of it.
  const fair = times(speaker).processor({ from: airing.startsAt - 1_000, to: airing.endsAt });
  if (delivery.played && fair && ms < PLAYED * airing.content.durationMs)
    return [finding(airing, speaker, `"played", and ${ms} of ${airing.content.durationMs} ms sounded`)];
  return [];
}

function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

function claimsOf({ plays }: FinalDelivery): Range[] {
  return plays
    .map(({ fromMs, toMs, uncertaintyMs }) => ({
      fromMs: fromMs - TOLERANCE_MS,
      toMs: (toMs ?? fromMs) + uncertaintyMs + TOLERANCE_MS,
    }))
    .sort((a, b) => a.fromMs - b.fromMs);
}

function covered({ fromMs, toMs }: Range, claims: readonly Range[]): boolean {
  let at = fromMs;
  for (const claim of claims) if (claim.fromMs <= at) at = Math.max(at, claim.toMs);
  return claims.length > 0 && at >= toMs;
}

function text({ state, code }: FinalDelivery, claims: readonly Range[]): string {
  const ranges = claims.map((one) => `${one.fromMs + TOLERANCE_MS}–${Math.round(one.toMs - TOLERANCE_MS)}`);
  return `"${state}"${code === null ? '' : ` (${code})`} ${ranges.join(', ')}`;
}

function finding({ call, broadcastId, content }: Airing, speaker: string | null, detail: string): Finding {
  return {
    ...{ kind: 'missingWrites', call, broadcastId, speaker },
    detail: `content ${content.number}: ${detail}`,
  };
}
