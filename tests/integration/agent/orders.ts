import { randomBytes } from 'node:crypto';
import type { LocalRules, PlayOrder } from '#protocols';

/** Rules that let everything sound at any time. */
export function openRules(): LocalRules {
  const window = { days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' };
  return {
    policy: { windows: [window], sessionMinutes: null, night: null, sensitive: null, legalBasis: '' },
    offsets: [{ from: 0, minutes: 420 }],
    until: 8_640_000_000_000_000,
    sensitive: false,
  };
}

/** The local day of an instant in Vietnam, as plan documents name it. */
export function dayOf(instant: number): string {
  return new Date(instant + 7 * 3_600_000).toISOString().slice(0, 10);
}

/** An order to play, complete; signed with `signDocument('order', …)`. */
export function playOrder(content: PlayOrder['content'], change: Partial<PlayOrder> = {}): PlayOrder {
  const now = Date.now();
  const startsAt = change.startsAt ?? now;
  const suffix = randomBytes(6).toString('hex');
  return {
    v: 1,
    kind: 'play',
    id: `ord_${suffix}`,
    broadcastId: `brc_${suffix}`,
    revision: now,
    targets: { areas: ['tan-an'], speakers: [], excludeAreas: [], excludeSpeakers: [] },
    requires: ['content:file'],
    issuedAt: now,
    expiresAt: startsAt + 3_600_000,
    priority: 'normal',
    title: 'Bản tin',
    startsAt,
    latestStartAt: startsAt + 600_000,
    hardEndAt: startsAt + 1_800_000,
    content,
    prelude: [],
    scheduleId: null,
    session: null,
    repeat: { count: 1, intervalMs: 0 },
    volume: { gainDb: 0, ignoreCap: false },
    window: { opensAt: startsAt - 3_600_000, closesAt: startsAt + 7_200_000 },
    windowOverride: null,
    makesGoodOf: null,
    afterInterruption: 'resume',
    overlap: 'queue',
    test: false,
    drill: false,
    releases: [],
    ...change,
  };
}
