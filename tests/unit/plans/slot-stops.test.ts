import { describe, expect, it } from 'vitest';
import type { PlayOrder } from '#protocols';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import { SlotStops } from '../../../server/domain/plans/slot-stops.ts';

const AT = Date.parse('2026-01-05T06:00:00+07:00');
const POLICY = JSON.stringify({
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '05:00', closes: '07:00' }],
  sessionMinutes: null,
  legalBasis: '',
});
const HERE = { areaId: 'tan-an', sensitive: false, muted: false, maintenance: false, latches: [] };

function slot(over: Partial<PlayOrder> = {}): PlayOrder {
  const startsAt = over.startsAt ?? AT;
  const [opensAt, closesAt] = [startsAt - 3_600_000, startsAt + 3_600_000];
  return {
    ...{ v: 1, kind: 'play', id: 'ord_1', broadcastId: 'brc_1', revision: 1, requires: [], issuedAt: AT },
    ...{ targets: { areas: ['tan-an'], speakers: [], excludeAreas: [], excludeSpeakers: [] } },
    ...{ priority: 'normal', title: 'Bản tin', startsAt, latestStartAt: startsAt + 60_000 },
    ...{ hardEndAt: closesAt, expiresAt: closesAt, prelude: [], scheduleId: 'sch_1' },
    content: {
      ...{ kind: 'file', sha256: 'a'.repeat(64), bytes: 10, durationMs: 60_000, path: '/a' },
      chunkList: null,
    },
    ...{ session: { id: 'ses_1', position: 0 }, repeat: { count: 1, intervalMs: 0 } },
    ...{ volume: { gainDb: 0, ignoreCap: false }, window: { opensAt, closesAt }, windowOverride: null },
    ...{ makesGoodOf: null, afterInterruption: 'resume', overlap: 'queue', test: false, drill: false },
    ...{ releases: [], ...over },
  } as PlayOrder;
}

describe('what stops a slot at a loudspeaker', () => {
  const tree = new AreaTree([
    {
      ...{ id: 'tan-an', parentId: null, kind: 'xã', name: 'Tân An', zone: 'Asia/Ho_Chi_Minh' },
      ...{ policy: POLICY, createdAt: 0, retiredAt: null },
    },
  ]);
  const stops = new SlotStops({ tree, now: AT });

  it('is nothing within the windows', () => {
    expect(stops.of(slot(), HERE)).toEqual([]);
  });

  it('is every hold by itself', () => {
    const held = { ...HERE, muted: true, maintenance: true, latches: ['lat_1'] };
    expect(stops.of(slot(), held)).toEqual(['muted', 'maintenance', 'latched']);
  });

  it('is a mute not for an emergency, and a latch only where that does not lift it', () => {
    const emergency = slot({ priority: 'emergency', releases: ['lat_1'], window: null });
    expect(stops.of(emergency, { ...HERE, muted: true, latches: ['lat_1'] })).toEqual([]);
    expect(stops.of(emergency, { ...HERE, latches: ['lat_1', 'lat_2'] })).toEqual(['latched']);
    expect(stops.of(emergency, { ...HERE, maintenance: true })).toEqual(['maintenance']);
  });

  it('is a closed window, unless there is leave', () => {
    const late = { startsAt: AT + 6 * 3_600_000 };
    expect(stops.of(slot(late), HERE)).toEqual(['outside_window']);
    const windowOverride = { by: 'chu-tich', reason: 'lễ' };
    expect(stops.of(slot({ ...late, windowOverride, window: null }), HERE)).toEqual([]);
  });
});
