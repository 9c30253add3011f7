import { describe, expect, it } from 'vitest';
import type { CallMeaning, CallRecord, Evidence, FaultRecord, FinalState } from '../../torture/evidence.ts';
import type { Finding } from '../../torture/finding.ts';
import { judge } from '../../torture/judge.ts';
import { planTorture } from '../../torture/make-plan.ts';
import type { Sounding } from '../../torture/soundings.ts';

/** The start of the run; every instant below is relative to it, in ms. */
const T0 = Date.UTC(2026, 2, 1, 10);
const CONTENT_MS = 4_000;
const SPEAKERS = ['loa-1', 'loa-2'];

function call(name: string, at: number, path: string, meaning: CallMeaning, answer: object): CallRecord[] {
  const base = { call: name, method: 'POST', path, meaning } as const;
  return [
    { ...base, phase: 'before', at: T0 + at },
    { ...base, phase: 'after', at: T0 + at + 50, status: 201, answer },
  ];
}

function play(name: string, at: number, startsAt: number, content = 1): CallRecord[] {
  const airings = [{ content, speakers: SPEAKERS, startsAt: T0 + startsAt, latenessMs: 2_000 }];
  return call(name, at, '/broadcasts', { kind: 'air', airings }, { id: `brc-${name}` });
}

function sound(
  speaker: string,
  at: number,
  range: readonly [number, number] = [0, CONTENT_MS],
  content = 1,
): Sounding {
  const [fromMs, toMs] = range;
  const startedAt = T0 + at;
  return { speaker, content, fromMs, toMs, startedAt, endedAt: startedAt + toMs - fromMs, recording: '' };
}

function fault(kind: FaultRecord['kind'], target: string, at: number, until: number): FaultRecord {
  return { number: 0, kind, target, at: T0 + at, until: T0 + until, skipped: null, detail: '' };
}

type FinalBroadcast = FinalState['broadcasts'][number];

function broadcast(name: string, startsAt: number, over: Partial<FinalBroadcast> = {}): FinalBroadcast {
  const plays = [
    { play: 1, state: 'finished', startedAt: T0 + startsAt, fromMs: 0, toMs: CONTENT_MS, uncertaintyMs: 0 },
  ];
  return {
    ...{ id: `brc-${name}`, announcementId: 'ann-1', state: 'completed', startsAt: T0 + startsAt },
    ...{ latestStartAt: T0 + startsAt + 2_000, hardEndAt: T0 + startsAt + 11_000 },
    deliveries: SPEAKERS.map((speakerId) => ({
      ...{ speakerId, state: 'finished', played: true, code: null, flags: [], plays },
    })),
    ...over,
  };
}

const FINAL: FinalState = {
  ...{ settledAt: T0 + 60_000, unsettled: null, broadcasts: [broadcast('a', 20_000)] },
  ...{ muted: { 'loa-1': false, 'loa-2': false }, schedules: [], latched: [] },
};

/** One broadcast, asked for at 1 s, heard at 20 s at both loudspeakers. */
const GOOD: Evidence = {
  facts: {
    plan: planTorture({ seed: 4, minutes: 1, agents: 2, pace: 36 }, { schedules: true, latches: true }),
    ...{ startedAt: T0, speakers: SPEAKERS, programmes: [] },
    contents: [
      { number: 1, announcementId: 'ann-1', durationMs: CONTENT_MS, priority: 'normal' },
      { number: 56, announcementId: 'ann-56', durationMs: CONTENT_MS, priority: 'emergency' },
    ],
  },
  ...{ faults: [], links: [], busy: [], calls: play('a', 1_000, 20_000), final: FINAL },
  soundings: [sound('loa-1', 20_020), sound('loa-2', 20_000)],
};

function kinds(altered: Partial<Evidence>): Finding['kind'][] {
  return judge({ ...GOOD, ...altered }).findings.map(({ kind }) => kind);
}

const [FIRST, SECOND] = GOOD.soundings as [Sounding, Sounding];

describe('the judge of a torture', () => {
  it('finds nothing where everything sounded as asked', () => {
    expect(judge(GOOD)).toMatchObject({
      ...{ findings: [], invalid: null },
      summary: { broadcasts: 1, deliveries: 2, playable: 2, played: 2, seed: 4 },
    });
  });

  it('misses what did not sound, and what sounded by half', () => {
    expect(kinds({ soundings: [FIRST] })).toEqual(['lost', 'missingWrites']);
    expect(kinds({ soundings: [FIRST, sound('loa-2', 20_000, [0, 2_000])] })).toContain('lost');
  });

  it.each([
    ['the agent was killed in mid-play', [fault('kill-agent', 'loa-2', 21_000, 22_000)]],
    ['the line was gone from the request to the start', [fault('cut', 'loa-2', 900, 19_500)]],
    ['the disk was full', [fault('disk-full', 'loa-2', 18_000, 21_000)]],
    ['the clock was wrong', [fault('clock', 'loa-2', 5_000, 10_000)]],
    ['the cached file was damaged just before', [fault('corrupt', 'loa-2', 17_000, 17_000)]],
    ['the agent was frozen', [fault('freeze', 'loa-2', 17_000, 19_000)]],
  ] satisfies [string, FaultRecord[]][])('does not ask for a sound where %s', (_, faults) => {
    const quiet = broadcast('a', 20_000);
    const deliveries = quiet.deliveries.map((one) =>
      one.speakerId === 'loa-2' ? { ...one, state: 'missed', played: false, plays: [] } : one,
    );
    const final = { ...FINAL, broadcasts: [{ ...quiet, deliveries }] };
    const verdict = judge({ ...GOOD, faults, soundings: [FIRST], final });
    expect(verdict).toMatchObject({ findings: [], summary: { deliveries: 2, playable: 1, played: 1 } });
    expect(verdict.invalid).toContain('1 of 2');
  });

  it('does not blame a program that the kernel kept waiting for a processor', () => {
    const busy = [{ speaker: 'loa-2', at: T0 + 21_000, until: T0 + 21_250, waitedMs: 240 }];
    const half = [FIRST, sound('loa-2', 20_000, [0, 2_000])];
    expect(kinds({ soundings: half, busy })).toEqual([]);
    expect(kinds({ soundings: half, busy: [{ ...busy[0], waitedMs: 50 }] as typeof busy })).toContain('lost');
    // What sounded all the same counts.
    expect(judge({ ...GOOD, busy }).summary).toMatchObject({ playable: 2, played: 2 });
  });

  it('asks for a sound after a short fault long before', () => {
    expect(kinds({ soundings: [FIRST], faults: [fault('cut', 'loa-2', 2_000, 5_000)] })).toContain('lost');
  });

  it('bears the overlap of a resume, and no more', () => {
    const resumed = [sound('loa-2', 20_000, [0, 2_000]), sound('loa-2', 24_000, [1_000, CONTENT_MS])];
    expect(kinds({ soundings: [FIRST, ...resumed] })).toEqual([]);
    const again = [SECOND, sound('loa-2', 25_000, [500, 3_500])];
    expect(kinds({ soundings: [FIRST, ...again] })).toEqual(['doubled']);
  });

  it('lets a slot go on after the emergency, mute or latch that stopped it, and end so much later', () => {
    const airings = [{ content: 1, speakers: SPEAKERS, startsAt: T0 + 20_000, latenessMs: 2_000 }];
    const planned = call('a', 1_000, '/schedules', { kind: 'air', airings }, { id: 'sch-a' });
    const urgent = play('u', 15_000, 21_000, 56);
    const { broadcasts } = FINAL;
    const final = { ...FINAL, schedules: ['sch-a'], broadcasts: [...broadcasts, broadcast('u', 21_000)] };
    const off = (at: number, calls = [...planned, ...urgent]) => {
      const stopped = sound('loa-2', 20_000, [0, 1_000]);
      const alarm = ['loa-1', 'loa-2'].map((one) => sound(one, 21_200, [0, CONTENT_MS], 56));
      const soundings = [FIRST, stopped, ...alarm, sound('loa-2', at, [0, CONTENT_MS])];
      return judge({ ...GOOD, calls, final, soundings }).findings.filter(({ kind }) => kind === 'offWindow');
    };
    expect(off(34_000)).toEqual([]);
    // Ordered by itself it keeps its own end; and what no emergency stopped does not go on.
    expect(off(34_000, [...play('a', 1_000, 20_000), ...urgent])).toHaveLength(1);
    expect(off(34_000, planned).length).toBeGreaterThan(0);
    for (const by of ['mute', 'latch'] as const) {
      const silenced = (speaker: string, liftedAt: number) => [
        ...planned,
        ...call('m', 19_000, '/x', { kind: 'silence', by, speakers: [speaker] }, { id: 'lat-1' }),
        ...call('n', liftedAt, '/x', { kind: 'unsilence', of: 'm' }, {}),
      ];
      const late = (calls: ReturnType<typeof silenced>) =>
        off(34_000, calls).filter(({ detail }) => detail.includes('after its hard end at'));
      expect(late(silenced('loa-2', 30_000))).toEqual([]);
      expect(late(silenced('loa-1', 30_000))).toHaveLength(1);
      expect(late(silenced('loa-2', 20_000))).toHaveLength(1);
    }
  });

  it('measures by length, not by place, what sounded of a file that was damaged', () => {
    const faults = [fault('corrupt', 'loa-2', 19_000, 19_000)];
    const told = (toMs: number) => {
      const cut = broadcast('a', 20_000);
      const deliveries = cut.deliveries.map((one) =>
        one.speakerId === 'loa-2'
          ? { ...one, state: 'cancelled', played: false, plays: one.plays.map((part) => ({ ...part, toMs })) }
          : one,
      );
      const final = { ...FINAL, broadcasts: [{ ...cut, deliveries }] };
      const hole = [sound('loa-2', 20_000, [0, 500]), sound('loa-2', 20_500, [1_500, CONTENT_MS])];
      return judge({ ...GOOD, faults, final, soundings: [FIRST, ...hole] }).findings.map(({ kind }) => kind);
    };
    expect(told(3_000)).toEqual([]);
    expect(told(500)).toEqual(['missingWrites']);
  });

  it('hears what sounds early, late, after its end, elsewhere, or is nobody’s', () => {
    const off = (...more: Sounding[]) => kinds({ soundings: [FIRST, ...more] });
    expect(off(sound('loa-2', 18_000))).toEqual(['offWindow']);
    expect(off(sound('loa-2', 24_500))).toEqual(['offWindow']);
    expect(off(SECOND, sound('loa-2', 32_000, [3_000, 4_000]))).toEqual(['offWindow']);
    expect(off(SECOND, { ...sound('loa-2', 40_000), content: null, toMs: 0 })).toEqual(['offWindow']);
    expect(off(SECOND, sound('loa-2', 40_000, [0, 4_000], 9))).toEqual(['offWindow']);
  });

  it('hears what was taken back, muted or stopped and sounds all the same, once the loudspeaker had been told', () => {
    const cancel = call('b', 5_000, '/broadcasts/brc-a/cancel', { kind: 'revoke', of: 'a' }, {});
    const broadcasts = [broadcast('a', 20_000, { state: 'cancelled' })];
    const cancelled = { calls: [...GOOD.calls, ...cancel], final: { ...FINAL, broadcasts } };
    expect(kinds(cancelled)).toEqual(['offWindow', 'offWindow']);
    // Cut off since before the cancel: nobody could tell it.
    const cut = fault('cut', 'loa-2', 4_000, 25_000);
    expect(kinds({ ...cancelled, faults: [cut] })).toEqual(['offWindow']);
    for (const by of ['mute', 'latch'] as const) {
      const silence = call('b', 5_000, '/x', { kind: 'silence', by, speakers: ['loa-2'] }, { id: 'lat-1' });
      const final = { ...FINAL, muted: { 'loa-2': true }, latched: ['lat-1'] };
      expect(kinds({ calls: [...GOOD.calls, ...silence], final })).toEqual(['offWindow']);
      const lift = call('c', 8_000, '/x', { kind: 'unsilence', of: 'b' }, {});
      expect(kinds({ calls: [...GOOD.calls, ...silence, ...lift] })).toEqual([]);
    }
  });

  it('knows two schedules that air the same at the same instant by their loudspeakers', () => {
    const scheduled = SPEAKERS.flatMap((speaker) => {
      const airings = [{ content: 1, speakers: [speaker], startsAt: T0 + 20_000, latenessMs: 2_000 }];
      return call(`of-${speaker}`, 1_000, '/schedules', { kind: 'air', airings }, { id: `sch-${speaker}` });
    });
    const of = (index: number, over: Partial<FinalBroadcast> = {}) => {
      const whole = broadcast(`${index}`, 20_000);
      return { ...whole, deliveries: whole.deliveries.slice(index, index + 1), ...over };
    };
    const schedules = SPEAKERS.map((speaker) => `sch-${speaker}`);
    const both = { ...FINAL, schedules, broadcasts: [of(1), of(0)] };
    expect(kinds({ calls: scheduled, final: both })).toEqual([]);
    const one = { ...FINAL, schedules, broadcasts: [of(1)] };
    expect(kinds({ calls: scheduled, final: one })).toEqual(['missingWrites', 'missingWrites']);
  });

  it('misses writes that got a yes', () => {
    expect(kinds({ final: { ...FINAL, broadcasts: [] } })).toContain('missingWrites');
    const moved = broadcast('a', 25_000);
    expect(kinds({ final: { ...FINAL, broadcasts: [moved] } })).toContain('missingWrites');
    const cancel = call('b', 15_000, '/broadcasts/brc-a/cancel', { kind: 'revoke', of: 'a' }, {});
    expect(kinds({ calls: [...GOOD.calls, ...cancel] })).toContain('missingWrites');
    const silence = call('b', 40_000, '/x', { kind: 'silence', by: 'mute', speakers: ['loa-2'] }, {});
    expect(kinds({ calls: [...GOOD.calls, ...silence] })).toEqual(['missingWrites']);
    const lift = call('c', 45_000, '/x', { kind: 'unsilence', of: 'b' }, {});
    expect(kinds({ calls: [...GOOD.calls, ...silence, ...lift] })).toEqual([]);
    const schedule = play('s', 1_000, 20_000).map((one) => ({ ...one, path: '/schedules' }));
    expect(kinds({ calls: schedule })).toEqual(['missingWrites']);
    expect(kinds({ calls: schedule, final: { ...FINAL, schedules: ['brc-s'] } })).toEqual([]);
  });

  it('does not count on what got no answer, and still hears it twice', () => {
    const lostAnswer = GOOD.calls.map((one) =>
      one.phase === 'after' ? { ...one, status: null, answer: 'reset' } : one,
    );
    expect(judge({ ...GOOD, calls: lostAnswer })).toMatchObject({ findings: [], summary: { deliveries: 0 } });
    const twice = { calls: lostAnswer, soundings: [...GOOD.soundings, sound('loa-2', 24_100)] };
    expect(kinds(twice)).toContain('doubled');
  });

  it('holds receipts against the sound', () => {
    const told = (plays: FinalBroadcast['deliveries'][number]['plays'], played: boolean) => {
      const deliveries = SPEAKERS.map((speakerId) => ({
        ...{ speakerId, state: 'interrupted', played, code: null, flags: [], plays },
      }));
      return { ...FINAL, broadcasts: [broadcast('a', 20_000, { deliveries })] };
    };
    expect(kinds({ final: told([], false) })).toEqual(['missingWrites', 'missingWrites']);
    const part = { play: 1, state: 'interrupted', startedAt: T0, fromMs: 0, toMs: 1_000, uncertaintyMs: 200 };
    expect(kinds({ final: told([part], false) })).toEqual(['missingWrites', 'missingWrites']);
    expect(kinds({ final: told([{ ...part, uncertaintyMs: 3_000 }], false) })).toEqual([]);
  });

  it('calls a run invalid that settled never', () => {
    expect(
      judge({ ...GOOD, final: { ...FINAL, unsettled: 'brc-a at loa-1 is still playing' } }).invalid,
    ).toContain('settle');
  });
});
