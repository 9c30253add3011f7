import type { CallMeaning, CallRecord, Evidence, FaultRecord, RunContent } from './evidence.ts';
import type { Summary, Verdict } from './finding.ts';
import { judge } from './judge.ts';
import { airingsOf } from './judge-airings.ts';
import type { TorturePlan, Work } from './plan.ts';
import { sessionAirings } from './session.ts';
import { BLOCK_MS } from './sound-code.ts';
import type { Sounding } from './soundings.ts';

/** A start of each takes about this long; then the loudspeaker is seen on the wire. */
const CONTROLLER_START_MS = 4_000;
const AGENT_START_MS = 700;
const SEEN_MS = 1_500;
/** An answer takes about this long, also after the controller had not been able to give one. */
const ANSWER_MS = 300;

/**
 * How much of a plan will be playable if everything goes as it should: the judge asked about a run that was only imagined. What a
 * busy machine adds is not in it. Pure.
 */
export function forecast(
  plan: TorturePlan,
): Pick<Summary, 'deliveries' | 'playable'> & Pick<Verdict, 'excuses'> {
  const speakers = Array.from({ length: plan.agents }, (_, index) => `loa-${index + 1}`);
  const contents = plan.contents.map(
    ({ number, blocks, emergency }): RunContent => ({
      ...{ number, announcementId: `ann-${number}`, durationMs: blocks * BLOCK_MS },
      priority: emergency ? 'emergency' : 'normal',
    }),
  );
  const faults = plan.faults.map(({ number, kind, speaker, at, durationMs }): FaultRecord => {
    const start =
      kind === 'kill-controller' ? CONTROLLER_START_MS : kind === 'kill-agent' ? AGENT_START_MS : 0;
    const target = speaker === null ? 'controller' : (speakers[speaker] ?? '');
    return { number, kind, target, at, until: at + durationMs + start, skipped: null, detail: '' };
  });
  const links = faults.flatMap(({ target, until }) =>
    (target === 'controller' ? speakers : [target]).map((speaker) => ({ speaker, at: until + SEEN_MS })),
  );
  const facts = { plan, startedAt: 0, speakers, contents, programmes: [] };
  const calls = plan.work.flatMap((work) => callsOf(work, { speakers, contents, faults }));
  const soundings = airingsOf({ calls, facts }).flatMap(
    ({ speakers: where, content, startsAt }): Sounding[] =>
      where.map((speaker) => ({
        ...{ speaker, content: content.number, fromMs: 0, toMs: content.durationMs, recording: '' },
        ...{ startedAt: startsAt, endedAt: startsAt + content.durationMs },
      })),
  );
  const final = {
    settledAt: plan.durationMs,
    unsettled: null,
    broadcasts: [],
    muted: {},
    schedules: [],
    latched: [],
  };
  const evidence: Evidence = { facts, faults, links, busy: [], calls, soundings, final };
  const { summary, excuses } = judge(evidence);
  return { deliveries: summary.deliveries, playable: summary.playable, excuses };
}

function callsOf(
  work: Work,
  facts: {
    readonly speakers: readonly string[];
    readonly contents: readonly RunContent[];
    readonly faults: readonly FaultRecord[];
  },
): CallRecord[] {
  const base = { call: `work-${work.number}`, method: 'POST', path: '', meaning: meaningOf(work, facts) };
  const hindered = facts.faults
    .filter(
      ({ kind, at, until }) => ['kill-controller', 'lock'].includes(kind) && at <= work.at && until > work.at,
    )
    .map(({ until }) => until);
  const answeredAt = Math.max(work.at, ...hindered) + ANSWER_MS;
  return [
    { ...base, phase: 'before', at: work.at },
    { ...base, phase: 'after', at: answeredAt, status: 200, answer: {} },
  ];
}

function meaningOf(
  work: Work,
  { speakers, contents }: { readonly speakers: readonly string[]; readonly contents: readonly RunContent[] },
): CallMeaning {
  const named = (indices: readonly number[]) => indices.map((index) => speakers[index] ?? '');
  switch (work.kind) {
    case 'play': {
      const { content, startsAt, latenessMs } = work;
      return { kind: 'air', airings: [{ content, speakers: named(work.speakers), startsAt, latenessMs }] };
    }
    case 'schedule': {
      const durationMs = (content: number) =>
        contents.find(({ number }) => number === content)?.durationMs ?? 0;
      const airings = work.startsAt.flatMap((instant) =>
        sessionAirings(work, instant, { speakers: named(work.speakers), durationMs }),
      );
      return { kind: 'air', airings };
    }
    case 'mute':
      return { kind: 'silence', by: 'mute', speakers: named([work.speaker]) };
    case 'latch':
      return {
        kind: 'silence',
        by: 'latch',
        speakers: work.speaker === null ? speakers : named([work.speaker]),
      };
    case 'cancel':
    case 'delete':
      return { kind: 'revoke', of: `work-${work.of}` };
    case 'unmute':
    case 'release':
      return { kind: 'unsilence', of: `work-${work.of}` };
    default:
      return work satisfies never;
  }
}
