import { newId, type PlayOrder, sha256 } from '#protocols';

/** A play order that needs no real audio. */
export function playOrderOf(
  broadcastId: string,
  now: number,
  expiresInMs: number,
  areaId: string,
): PlayOrder {
  return {
    v: 1,
    kind: 'play',
    id: newId('ord', now),
    broadcastId,
    revision: now,
    targets: { areas: [areaId], speakers: [], excludeAreas: [], excludeSpeakers: [] },
    requires: ['order:play', 'content:file'],
    issuedAt: now,
    expiresAt: now + expiresInMs,
    priority: 'normal',
    title: 'Thông báo',
    startsAt: now + 1_000,
    latestStartAt: now + 60_000,
    hardEndAt: now + 120_000,
    content: {
      kind: 'file',
      sha256: sha256('audio'),
      bytes: 1_000,
      durationMs: 5_000,
      chunkListSha256: null,
      path: '/media/x',
      mediaType: 'audio/ogg',
    },
    prelude: [],
    scheduleId: null,
    session: null,
    overlap: 'queue',
    test: false,
    repeat: { count: 1, intervalMs: 0 },
    volume: { gainDb: 0, ignoreCap: false },
    window: { opensAt: now - 1_000, closesAt: now + 3_600_000 },
    windowOverride: null,
    makesGoodOf: null,
    afterInterruption: 'drop',
    drill: false,
    releases: [],
  };
}
