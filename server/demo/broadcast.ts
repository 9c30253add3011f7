import { delay, SystemClock } from '#kit';
import type { BroadcastDetail, DeliveryList, MediaJobView } from '#protocols';
import type { ApiClient } from './api-client.ts';
import type { Village } from './village.ts';

/** Time for six loudspeakers on one machine to fetch the audio and start their decoders. */
const LEAD_MS = 4_000;
const POLL_MS = 100;
const SETTLED = ['completed', 'partial', 'failed', 'cancelled'];
const clock = new SystemClock();

/** What was prepared for broadcasting. */
export interface Prepared {
  readonly announcementId: string;
  readonly sha256: string;
  readonly durationMs: number;
  readonly integratedLufs: number;
  readonly truePeakDb: number;
}

/** Uploads the file, waits for its preparation, writes the announcement and has the chairman approve it. */
export async function prepareAnnouncement(
  village: Village,
  audio: string,
  onProgress: (stage: string, share: number) => void,
): Promise<Prepared> {
  const editor = village.as('editor');
  const queued = await editor.upload<MediaJobView>(`/media?area=${village.areaId}`, audio);
  const medium = await preparedMedium(editor, queued, onProgress);
  const { id, approvalHash } = await editor.post<{ id: string; approvalHash: string }>('/announcements', {
    areaId: village.areaId,
    title: 'Lời chào của xã Tân An',
    category: 'chuc-mung',
    language: 'vi',
    mediaSha256: medium.sha256,
  });
  await editor.post(`/announcements/${id}/submit`, {});
  await village.as('chairman').post(`/announcements/${id}/approve`, { sha256: approvalHash });
  const { sha256, durationMs, integratedLufs, truePeakDb } = medium;
  return { announcementId: id, sha256, durationMs, integratedLufs, truePeakDb };
}

/** Starts the broadcast to the whole commune. */
export async function playNow(
  village: Village,
  announcementId: string,
): Promise<BroadcastDetail['broadcast']> {
  return village.as('editor').post('/broadcasts', {
    announcementId,
    targets: { areas: [village.areaId] },
    leadMs: LEAD_MS,
  });
}

/** Resolves with the deliveries when the broadcast is over. */
export async function settled(village: Village, broadcastId: string): Promise<DeliveryList['deliveries']> {
  const viewer = village.as('editor');
  for (;;) {
    const { broadcast } = await viewer.get<BroadcastDetail>(`/broadcasts/${broadcastId}`);
    if (SETTLED.includes(broadcast.state)) break;
    await delay(clock, 'demo poll', POLL_MS);
  }
  const { deliveries } = await viewer.get<DeliveryList>(`/broadcasts/${broadcastId}/deliveries`);
  return deliveries;
}

async function preparedMedium(
  editor: ApiClient,
  queued: MediaJobView,
  onProgress: (stage: string, share: number) => void,
) {
  for (let job = queued; ; job = await editor.get<MediaJobView>(`/media/jobs/${queued.id}`)) {
    onProgress(job.stage, job.progress);
    if (job.medium !== null) return job.medium;
    if (job.error !== null) throw new Error(job.error.message);
    await delay(clock, 'demo poll', POLL_MS);
  }
}
