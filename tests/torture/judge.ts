import type { Evidence } from './evidence.ts';
import type { Finding, Summary, Verdict } from './finding.ts';
import { type Airing, airingsOf, silencesOf } from './judge-airings.ts';
import { whyNotPlayable } from './judge-playable.ts';
import { attribute, doubledIn, heardMs, offWindowOf } from './judge-sound.ts';
import { Times } from './judge-times.ts';
import { missingWritesOf } from './judge-writes.ts';

/** Less than this share that was playable says too little. */
const LEAST_PLAYABLE = 0.7;
/** The kernel kept the program from running: what it did not do then says nothing of it. */
const BUSY = 'the machine was too busy';
/** What counts as having sounded. */
const SOUNDED = 0.9;

/** Judges a run by what sounded outside, by the tester's log and by what the controller says at the end. Pure. */
export function judge(evidence: Evidence): Verdict {
  const { facts, faults, soundings, final } = evidence;
  const airings = airingsOf(evidence);
  const silences = silencesOf(evidence);
  const timesOf = new Map(facts.speakers.map((speaker) => [speaker, new Times(speaker, evidence)]));
  const times = (speaker: string) => timesOf.get(speaker) ?? new Times(speaker, evidence);
  const heard = attribute(soundings, airings);
  const findings: Finding[] = [];
  const excuses: Record<string, number> = {};
  const meant = airings.filter(({ ackedAt, revoked }) => ackedAt !== null && revoked === null);
  let [playable, played] = [0, 0];
  for (const airing of meant)
    for (const speaker of airing.speakers) {
      const why = whyNotPlayable(airing, speaker, { times: times(speaker), airings, silences, soundings });
      if (why !== null) {
        excuses[why] = (excuses[why] ?? 0) + 1;
        continue;
      }
      const ms = heardMs(heard, airing, speaker);
      const sounded = ms >= SOUNDED * airing.content.durationMs;
      const fair = times(speaker).processor({ from: airing.startsAt - 1_000, to: airing.endsAt });
      if (!sounded && !fair) {
        excuses[BUSY] = (excuses[BUSY] ?? 0) + 1;
        continue;
      }
      playable += 1;
      if (sounded) played += 1;
      else findings.push(lost(airing, speaker, ms));
    }
  for (const airing of airings) findings.push(...doubledIn(heard, airing));
  findings.push(...offWindowOf(heard, { airings, silences, times }));
  findings.push(...missingWritesOf(heard, { evidence, airings, silences, times }));
  const count = (kind: Finding['kind']) => findings.filter((one) => one.kind === kind).length;
  const deliveries = meant.reduce((sum, { speakers }) => sum + speakers.length, 0);
  const summary: Summary = {
    faults: faults.filter(({ skipped }) => skipped === null).length,
    broadcasts: airings.filter(({ ackedAt }) => ackedAt !== null).length,
    ...{ deliveries, playable, played },
    lost: count('lost'),
    doubled: count('doubled'),
    offWindow: count('offWindow'),
    missingWrites: count('missingWrites'),
    seed: facts.plan.seed,
  };
  const enough = deliveries > 0 && playable >= LEAST_PLAYABLE * deliveries;
  return {
    ...{ summary, findings, excuses },
    invalid:
      final.unsettled !== null
        ? `it did not settle: ${final.unsettled}`
        : enough
          ? null
          : `only ${playable} of ${deliveries} deliveries were playable: less than ${LEAST_PLAYABLE * 100} %`,
  };
}

function lost({ call, broadcastId, startsAt, content }: Airing, speaker: string, ms: number): Finding {
  const when = new Date(startsAt).toISOString();
  return {
    ...{ kind: 'lost', call, broadcastId, speaker },
    detail: `content ${content.number}, due ${when}: ${ms} of ${content.durationMs} ms sounded`,
  };
}
