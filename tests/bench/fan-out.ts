import type { BroadcastDetail } from '#protocols';
import type { ControllerProcess } from '../helpers/processes.ts';
import { LOAD_ANNOUNCEMENT, LOAD_AREA } from './load/commune.ts';
import type { LightSpeakerIdentity } from './load/light-speaker.ts';
import { preciseNow } from './load/messages.ts';
import type { LoadPool } from './load/pool.ts';
import type { FanoutRun } from './load/runs.ts';

/**
 * One broadcast to all speakers of the pool: ms from the call to each arrival, and to the live event of each committed
 * answer. Throws when the event stream lost something.
 */
export async function fanOut(
  controller: ControllerProcess,
  pool: LoadPool,
  speakers: readonly LightSpeakerIdentity[],
): Promise<FanoutRun & { readonly broadcastId: string }> {
  await pool.arm();
  const waiting = new Set(speakers.map(({ speakerId }) => speakerId));
  const durableAt: number[] = [];
  const closing = new AbortController();
  const stream = controller.as('chairman').events(closing.signal);
  // The first event says that the stream is open.
  await stream.next();
  const watching = (async () => {
    for await (const { name, data } of stream) {
      if (name === 'resync') throw new Error('the event stream lost events: the figure would be wrong');
      const event = data as { speakerId?: string; state?: string };
      if (name !== 'delivery.changed' || event.state !== 'accepted') continue;
      if (waiting.delete(event.speakerId ?? '')) durableAt.push(preciseNow());
      if (waiting.size === 0) return;
    }
  })();
  const calledAt = preciseNow();
  const broadcast = await controller.as('chairman').post<BroadcastDetail['broadcast']>('/broadcasts', {
    announcementId: LOAD_ANNOUNCEMENT,
    targets: { areas: [LOAD_AREA] },
    leadMs: 3_600_000,
  });
  await watching;
  closing.abort();
  const received = await pool.arrivals();
  return {
    broadcastId: broadcast.id,
    received: received.map((at) => at - calledAt),
    durable: durableAt.map((at) => at - calledAt),
  };
}
