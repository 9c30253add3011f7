import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Targets, targetsInclude } from '#protocols';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import {
  END_MARGIN_MS,
  endingAt,
  playTimes,
  preludeOf,
  repeatOf,
  titleOf,
  withinWindow,
} from '../../../server/domain/broadcasts/plan-broadcast.ts';
import { resolveTargets } from '../../../server/domain/broadcasts/resolve-targets.ts';
import { SpeakerDirectory } from '../../../server/domain/speakers/speaker-directory.ts';

const area = (id: string, parentId: string | null) => ({
  id,
  parentId,
  kind: 'ấp',
  name: id,
  zone: null,
  policy: null,
  createdAt: 0,
  retiredAt: null,
});
const tree = new AreaTree([area('xa', null), area('ap-1', 'xa'), area('ap-2', 'xa'), area('to-1', 'ap-1')]);
const AREAS = ['xa', 'ap-1', 'ap-2', 'to-1'] as const;

function directory(count: number): SpeakerDirectory {
  const speakers = new SpeakerDirectory();
  speakers.load(
    Array.from({ length: count }, (_, i) => ({
      speakerId: `loa-${i}`,
      areaId: AREAS[i % AREAS.length] ?? 'xa',
      lifecycle: i % 7 === 6 ? ('blocked' as const) : ('active' as const),
    })),
  );
  return speakers;
}

const targets = (wanted: Partial<Targets>): Targets => ({
  areas: [],
  speakers: [],
  excludeAreas: [],
  excludeSpeakers: [],
  ...wanted,
});

describe('targets', () => {
  it('become orders that reach exactly the snapshot', () => {
    const speakers = directory(40);
    const ids = Array.from({ length: 40 }, (_, i) => `loa-${i}`);
    fc.assert(
      fc.property(
        fc.record({
          areas: fc.uniqueArray(fc.constantFrom(...AREAS)),
          speakers: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 12 }),
          excludeAreas: fc.uniqueArray(fc.constantFrom(...AREAS), { maxLength: 2 }),
          excludeSpeakers: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 5 }),
        }),
        (wanted) => {
          const meant = ids.filter((id) => {
            const speaker = speakers.get(id);
            return (
              speaker?.lifecycle === 'active' && targetsInclude(wanted, id, tree.ancestry(speaker.areaId))
            );
          });
          if (meant.length === 0) {
            expect(() => resolveTargets(wanted, tree, speakers)).toThrow('No loudspeaker in use');
            return;
          }
          const resolved = resolveTargets(wanted, tree, speakers);
          expect(resolved.speakerIds).toEqual([...meant].sort());
          for (const id of meant) {
            const ancestry = tree.ancestry(speakers.get(id)?.areaId ?? '');
            const reached = resolved.orders.filter((order) => targetsInclude(order.targets, id, ancestry));
            expect(reached).toHaveLength(1);
            const heard = reached[0]?.by === 'speaker' ? [id] : ancestry;
            expect(reached[0]?.topicIds.filter((topic) => heard.includes(topic))).toHaveLength(1);
          }
        },
      ),
    );
  });

  it('by name go out in shards of 200', () => {
    const speakers = directory(700);
    const named = Array.from({ length: 700 }, (_, i) => `loa-${i}`);
    const { orders, speakerIds } = resolveTargets(targets({ speakers: named }), tree, speakers);
    expect(speakerIds).toHaveLength(600);
    expect(orders.map(({ topicIds }) => topicIds.length)).toEqual([200, 200, 200]);
  });

  it('that do not exist are refused', () => {
    expect(() => resolveTargets(targets({ areas: ['nowhere'] }), tree, directory(4))).toThrow('no area');
    expect(() => resolveTargets(targets({ speakers: ['nobody'] }), tree, directory(4))).toThrow('no speaker');
    const excluded = targets({ areas: ['xa'], excludeAreas: ['nowhere'] });
    expect(() => resolveTargets(excluded, tree, directory(4))).toThrow('no area');
  });
});

describe('times', () => {
  const defaults = { leadMs: 10_000, emergencyLeadMs: 3_000, latenessMs: 60_000 };
  const repeat = { count: 3, intervalMs: 1_000 };

  it('leave room for lateness, repetitions and a margin', () => {
    const times = playTimes(1_000.4, {}, 'normal', 20_000, repeat, defaults);
    expect(times).toEqual({
      startsAt: 11_001,
      latestStartAt: 71_001,
      hardEndAt: 71_001 + 62_000 + END_MARGIN_MS,
      expiresAt: 71_001 + 62_000 + END_MARGIN_MS,
      airTimeMs: 62_000,
    });
    expect(playTimes(0, {}, 'emergency', 20_000, repeat, defaults).startsAt).toBe(3_000);
    expect(playTimes(0, { leadMs: 1 }, 'emergency', 20_000, repeat, defaults).startsAt).toBe(1);
    expect(playTimes(0, { startsAt: 99, leadMs: 1 }, 'normal', 20_000, repeat, defaults).startsAt).toBe(99);
  });

  it('end when the window closes, however late the start', () => {
    const times = playTimes(0, {}, 'normal', 20_000, { count: 1, intervalMs: 0 }, defaults);
    const within = withinWindow(times, { opensAt: 0, closesAt: 40_000 });
    expect(within).toMatchObject({ startsAt: 10_000, latestStartAt: 20_000, hardEndAt: 40_000 });
  });
});

describe('an emergency until an instant', () => {
  it('sounds as often as there is time for, and never past it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600_000 }),
        fc.integer({ min: 0, max: 3_600_000 }),
        fc.integer({ min: 0, max: 86_400_000 }),
        (oneMs, intervalMs, rest) => {
          const until = 5_000 + rest;
          const ask = () => repeatOf({ repeat: { intervalMs }, until }, 'emergency', 5_000, oneMs);
          const fits = rest < oneMs ? 0 : 1 + Math.floor((rest - oneMs) / (oneMs + intervalMs));
          if (fits < 1) expect(ask).toThrow('before it sounded once');
          else if (fits > 100) expect(ask).toThrow('at most 100');
          else {
            const { count } = ask();
            expect(count).toBe(fits);
            expect(count * oneMs + (count - 1) * intervalMs).toBeLessThanOrEqual(rest);
          }
        },
      ),
    );
    const times = playTimes(
      0,
      {},
      'emergency',
      1_000,
      { count: 1, intervalMs: 0 },
      {
        ...{ leadMs: 0, emergencyLeadMs: 0, latenessMs: 60_000 },
      },
    );
    expect(endingAt(times, 30_000)).toMatchObject({
      latestStartAt: 30_000,
      hardEndAt: 30_000,
      expiresAt: 30_000,
    });
    expect(endingAt(times, undefined)).toEqual(times);
  });

  it('asks for no more than it was told, and nothing else may ask', () => {
    const until = 10_000_000;
    expect(repeatOf({ until, repeat: { count: 3 } }, 'emergency', 0, 1_000)).toEqual({
      count: 3,
      intervalMs: 60_000,
    });
    expect(() => repeatOf({ until }, 'priority', 0, 1_000)).toThrow('only an emergency');
    expect(repeatOf({}, 'normal', 0, 1_000)).toEqual({ count: 1, intervalMs: 0 });
  });
});

it('what sounds first follows from priority and drill', () => {
  expect(preludeOf({}, 'normal')).toEqual([]);
  expect(preludeOf({}, 'emergency')).toEqual(['attention-tone']);
  expect(preludeOf({ drill: true }, 'emergency')).toEqual(['drill-notice', 'attention-tone']);
  expect(preludeOf({ drill: true, prelude: ['chime', 'drill-notice'] }, 'normal')).toEqual([
    'drill-notice',
    'chime',
  ]);
  expect(preludeOf({ prelude: [] }, 'emergency')).toEqual([]);
  expect(titleOf('Xả lũ', true)).toBe('DIỄN TẬP – Xả lũ');
  expect(titleOf('x'.repeat(256), true)).toHaveLength(256);
});
