import type { LiveEvents } from '../events/live-events.ts';
import { areaOf, type SpeakerAreas } from './observer.ts';
import type { Delivery } from './receipts.ts';

/** Tells the watchers of deliveries how they stand now. */
export function announceDeliveries(
  deliveries: readonly Delivery[],
  areas: SpeakerAreas,
  live: LiveEvents,
): void {
  for (const { broadcastId, speakerId, view } of deliveries)
    live.publish('delivery.changed', {
      broadcastId,
      speakerId,
      areaId: areaOf(areas, speakerId),
      state: view.state,
      code: view.code,
      startErrorMs: view.plays.at(-1)?.startErrorMs ?? null,
    });
}
