import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELIVERY_STATES, type DeliveryState, type DeliveryView, PENDING, type PlayView } from '#protocols';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import type { Broadcast } from '../../../server/domain/broadcasts/broadcast.ts';
import { REPORT_GRACE_MS } from '../../../server/domain/broadcasts/delivery-report.ts';
import { coverage } from '../../../server/domain/coverage/coverage.ts';

const HARD_END = 1_000_000;
const DURATION_MS = 60_000;
const broadcast: Broadcast = {
  ...{ id: 'brc-1', announcementId: 'ann-1', areaId: 'xa', title: 'Thông báo', priority: 'normal' },
  ...{ state: 'partial', startsAt: 900_000, latestStartAt: 910_000, hardEndAt: HARD_END },
  targets: { areas: ['xa'], speakers: [], excludeAreas: [], excludeSpeakers: [] },
  ...{ targetCount: 3, drill: false, makesGoodOf: null, cancelReason: null, missedCode: null },
  ...{ scheduleId: null, seriesId: null, sessionId: null, originalAt: null, clearance: null },
  ...{ createdBy: 'bích', createdAt: 0 },
};
const area = (id: string, parentId: string | null) => ({
  ...{ id, parentId, kind: 'ấp', name: id, zone: null, policy: null, createdAt: 0, retiredAt: null },
});
const tree = new AreaTree([area('xa', null), area('ap-1', 'xa'), area('ap-2', 'xa')]);

function play(number: number, over: Partial<PlayView>): PlayView {
  return {
    ...{ play: number, state: 'interrupted', plannedAt: 0, startedAt: 0, startErrorMs: 0, endedAt: 0 },
    ...{
      fromMs: 0,
      toMs: 0,
      uncertaintyMs: 0,
      skippedMs: 0,
      relayedMs: null,
      fallbackMs: null,
      evidence: 'reported',
      output: 'alsa',
      code: null,
    },
    ...over,
  };
}
const finished: DeliveryView = {
  ...PENDING,
  state: 'finished',
  plays: [play(1, { state: 'finished', toMs: DURATION_MS })],
};

function of(views: Readonly<Record<string, DeliveryView>>, now = HARD_END + REPORT_GRACE_MS + 1) {
  const ids = Object.keys(views);
  return coverage({
    ...{ broadcast, durationMs: DURATION_MS, speakerIds: ids, tree, makeGood: null, now },
    views: new Map(Object.entries(views)),
    areaOf: (id) => (id.startsWith('a') ? 'ap-1' : 'ap-2'),
  });
}

describe('coverage', () => {
  it('tells played, partly, missed and unconfirmed apart, per loudspeaker and per hamlet', () => {
    const { totals, areas, speakers } = of({
      a1: finished,
      a2: { ...PENDING, state: 'missed', code: 'order.too_late' },
      b1: PENDING,
      b2: {
        ...PENDING,
        state: 'interrupted',
        plays: [play(1, { toMs: 20_000 }), play(2, { fromMs: 15_000, toMs: 30_000 })],
      },
    });
    expect(speakers.map(({ verdict, share }) => [verdict, share])).toEqual([
      ['played', 1],
      ['missed', 0],
      ['unconfirmed', 0],
      ['partly', 0.5],
    ]);
    expect(totals).toEqual({ played: 1, partly: 1, missed: 1, unconfirmed: 1, waiting: 0, madeGood: 0 });
    expect(areas.map(({ areaId, verdict }) => [areaId, verdict])).toEqual([
      ['ap-1', 'partly'],
      ['ap-2', 'partly'],
    ]);
  });

  it('never says missed without the word of the loudspeaker, however long it has been silent', () => {
    const { speakers } = of({ a1: PENDING, a2: { ...PENDING, state: 'ready' } }, HARD_END * 1000);
    expect(speakers.map(({ verdict }) => verdict)).toEqual(['unconfirmed', 'unconfirmed']);
  });

  it('does not count what a null output "played"', () => {
    const mute = {
      ...finished,
      plays: [play(1, { state: 'finished', toMs: DURATION_MS, evidence: 'none' })],
    };
    expect(of({ a1: mute }).speakers[0]).toMatchObject({ verdict: 'missed', share: 0 });
  });

  it('does not count what was left out to catch up, nor what a relay did not get', () => {
    const whole = (over: Partial<PlayView>) => ({
      ...finished,
      plays: [play(1, { state: 'finished', toMs: DURATION_MS, ...over })],
    });
    const { speakers } = of({
      a1: whole({ skippedMs: 24_000 }),
      a2: whole({ skippedMs: 3_000 }),
      b1: whole({ relayedMs: 10_000, fallbackMs: 20_000 }),
      b2: whole({ relayedMs: 50_000, fallbackMs: 10_000 }),
    });
    expect(speakers.map(({ verdict, share }) => [verdict, share])).toEqual([
      ['partly', 0.6],
      ['played', 1],
      ['partly', 0.5],
      ['played', 1],
    ]);
  });

  it('counts each loudspeaker once, and the hamlets add up to the whole', () => {
    const states = Object.keys(DELIVERY_STATES) as DeliveryState[];
    const view = fc.record({
      state: fc.constantFrom(...states),
      code: fc.constant(null),
      flags: fc.constant([]),
      plays: fc.array(
        fc
          .record({ from: fc.nat(DURATION_MS), to: fc.nat(DURATION_MS), told: fc.boolean() })
          .map(({ from, to, told }) =>
            play(1, {
              fromMs: Math.min(from, to),
              toMs: Math.max(from, to),
              evidence: told ? 'reported' : 'none',
            }),
          ),
        { maxLength: 3 },
      ),
    });
    const name = fc.stringMatching(/^[ab][0-9]{1,3}$/);
    fc.assert(
      fc.property(fc.dictionary(name, view, { maxKeys: 20 }), fc.nat(3 * HARD_END), (views, now) => {
        const { totals, areas, speakers } = of(views, now);
        const { madeGood: _, ...verdicts } = totals;
        expect(Object.values(verdicts).reduce((sum, n) => sum + n, 0)).toBe(speakers.length);
        for (const verdict of Object.keys(verdicts) as (keyof typeof verdicts)[])
          expect(areas.reduce((sum, { counts }) => sum + counts[verdict], 0)).toBe(totals[verdict]);
        for (const { share } of speakers) expect(share >= 0 && share <= 1).toBe(true);
      }),
    );
  });
});
