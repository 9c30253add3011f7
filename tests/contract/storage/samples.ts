import { type DeliveryView, type Health, PENDING, type PlayView, sha256 } from '#protocols';
import type { Announcement } from '../../../server/domain/announcements/announcement.ts';
import type { Area } from '../../../server/domain/areas/area.ts';
import type { Broadcast, StoredOrder } from '../../../server/domain/broadcasts/broadcast.ts';
import type { Delivery, JournalRow } from '../../../server/domain/deliveries/receipts.ts';
import type { Medium } from '../../../server/domain/media/medium.ts';
import type { Speaker, SpeakerStatus } from '../../../server/domain/speakers/speaker.ts';
import type { DatabaseStorage } from '../../../server/storage/index.ts';

export const AT = Date.UTC(2026, 0, 5, 5, 30);

let count = 0;
/** An id that no other test of this process uses. */
export const uniqueId = (prefix: string) => `${prefix}_${++count}`;

export const area = (over: Partial<Area> = {}): Area => ({
  ...{ id: uniqueId('are'), parentId: null, kind: 'xã', name: 'Tân An', zone: null, policy: null },
  ...{ createdAt: AT, retiredAt: null, mergedInto: null },
  ...over,
});

export const speaker = (areaId: string, over: Partial<Speaker> = {}): Speaker => ({
  ...{ id: uniqueId('spk'), areaId, name: 'Cụm loa ấp Cây Xoài', lifecycle: 'enrolled' as const },
  ...{ secretHash: sha256('secret'), publicKey: null, keyId: null, latitude: 11.02, longitude: 106.91 },
  ...{
    gainDb: -3.5,
    capDb: 0,
    sensitive: true,
    volumeProfile: [{ from: '21:00', to: '06:00', gainDb: -9.5 }],
    dataBudgetMb: 50,
    mute: null,
    maintenance: null,
  },
  ...{ assignmentRevision: 0, assignmentHash: null, assignmentDocument: null, createdAt: AT + 0.25 },
  ...over,
});

export const health = (over: Partial<Health> = {}): Health => ({
  ...{ v: 1, sessionEpoch: 1, at: AT, agentVersion: '0.1.0', uptimeSeconds: 12.5, cpuTemperatureC: null },
  ...{
    load1: 0.1,
    memory: { totalBytes: 2 ** 30, freeBytes: 2 ** 29 },
    disk: { totalBytes: 1, freeBytes: 0 },
  },
  network: { interface: 'wwan0', address: '10.0.0.1', receivedBytes: 1, sentBytes: 2 },
  output: { kind: 'alsa', ok: true, detail: 'thẻ âm thanh' },
  clock: { trust: 'trusted', offsetMs: -0.5, boundMs: 3 },
  playing: null,
  assignment: null,
  held: sha256('held'),
  journal: { epoch: 'jnl_1', oldestSeq: 1, lastSeq: 0, lastHash: sha256('') },
  problems: [],
  ...over,
});

export const status = (speakerId: string, over: Partial<SpeakerStatus> = {}): SpeakerStatus => ({
  ...{ speakerId, sessionEpoch: 7, link: 'online' as const, condition: 'ok' as const },
  ...{
    output: 'normal' as const,
    lastSeenAt: AT,
    agentVersion: '0.1.0',
    capabilities: ['play.opus', 'chime'],
  },
  ...{ heldAssignmentHash: null, heldHash: sha256('held'), health: health() },
  ...over,
});

export const medium = (over: Partial<Medium> = {}): Medium => ({
  sha256: sha256(uniqueId('audio')),
  ...{ bytes: 5_000_000_000, durationMs: 49_000.5, integratedLufs: -16.1, truePeakDb: -1.6 },
  ...{ peaks: '[0,0.5]', chunkList: '{"b":1, "a":2}', chunkListSha256: sha256('list'), createdAt: AT },
  ...over,
});

export const announcement = (areaId: string, over: Partial<Announcement> = {}): Announcement => ({
  ...{ id: uniqueId('ann'), areaId, title: 'Chúc mừng năm mới — Xuân Bính Ngọ 🎉', category: 'greeting' },
  ...{ origin: 'own' as const, language: 'vi', priority: 'normal' as const, text: null },
  ...{ state: 'draft' as const, mediaSha256: null, approvedSha256: null, rejectedReason: null, stored: true },
  stream: { url: 'https://vov.example/vov1.mp3', station: 'VOV1', durationMs: 1_800_000 },
  ...{ createdBy: 'bích', composers: ['bích'], recordedBy: null, createdAt: AT, updatedAt: AT },
  forAreas: [areaId],
  decisions: [
    { areaId, verdict: 'withdrawn' as const, by: 'ông “Tư”', as: 'deputy' as const, at: AT, reason: null },
  ],
  ...over,
});

export const broadcast = (
  areaId: string,
  announcementId: string,
  over: Partial<Broadcast> = {},
): Broadcast => ({
  ...{ id: uniqueId('brc'), announcementId, areaId, title: 'Lời chúc', priority: 'emergency' as const },
  ...{ state: 'planned' as const, startsAt: AT, latestStartAt: AT + 60_000, hardEndAt: AT + 120_000 },
  targets: { areas: [areaId], speakers: [], excludeAreas: [], excludeSpeakers: ['spk_x'] },
  ...{ targetCount: 2, drill: true, makesGoodOf: null, cancelReason: null, createdBy: 'bích', createdAt: AT },
  ...{
    missedCode: 'schedule.controller_away',
    scheduleId: 'sch_1',
    seriesId: 'ser_1',
    sessionId: 'ses_1',
    originalAt: AT,
    clearance: [{ kind: 'approval', sha256: sha256('approved') }],
  },
  ...over,
});

export const order = (broadcastId: string, over: Partial<StoredOrder> = {}): StoredOrder => ({
  ...{ id: uniqueId('ord'), broadcastId, kind: 'play' as const, document: 'aGVhZA.Ym9keQ.c2ln' },
  ...{ hash: sha256('document'), topics: ['loa/area/x/orders'], issuedAt: AT, expiresAt: AT + 300_000 },
  ...over,
});

export const journalRow = (speakerId: string, seq: number, over: Partial<JournalRow> = {}): JournalRow => ({
  ...{ speakerId, epoch: 'jnl_1', seq, hash: sha256(`${speakerId} ${seq}`), kind: 'finished' },
  ...{ line: `{"v":1,"seq":${seq}, "detail":"giữ nguyên từng byte \\u00e1"}`, broadcastId: null },
  ...{ at: AT, flags: [], batchId: 'bat_1' },
  ...over,
});

export const play = (over: Partial<PlayView> = {}): PlayView => ({
  ...{ play: 1, state: 'finished' as const, plannedAt: AT, startedAt: AT + 1.25, startErrorMs: 1.25 },
  ...{
    endedAt: AT + 49_000,
    fromMs: 0,
    toMs: 49_000,
    uncertaintyMs: 0,
    skippedMs: 20.5,
    relayedMs: 40_000,
    fallbackMs: 9_000,
    evidence: 'reported' as const,
  },
  ...{ output: 'alsa', code: null },
  ...over,
});

export const delivery = (
  broadcastId: string,
  speakerId: string,
  view: Partial<DeliveryView> = {},
): Delivery => ({
  ...{ broadcastId, speakerId, view: { ...PENDING, state: 'accepted', ...view } },
  ...{ answeredAt: AT, updatedAt: AT },
});

/** A commune with an approved announcement and one broadcast of it. */
export async function stored(storage: DatabaseStorage, over: Partial<Broadcast> = {}) {
  const place = area();
  const item = announcement(place.id);
  const airing = broadcast(place.id, item.id, over);
  await storage.transaction(async (tx) => {
    await tx.areas.insert(place);
    await tx.announcements.insert(item);
    await tx.broadcasts.insert(airing, { broadcastId: airing.id, speakerIds: ['spk_a', 'spk_b'] });
  });
  return { area: place, announcement: item, broadcast: airing };
}
