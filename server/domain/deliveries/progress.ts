import type { Progress } from '#protocols';
import type { LiveEvents } from '../events/live-events.ts';
import { areaOf, type SpeakerAreas } from './observer.ts';

/** Hands download and playing positions to the watchers. Nothing is stored. */
export class ProgressRelay {
  readonly #live: LiveEvents;
  readonly #areas: SpeakerAreas;

  constructor(options: { readonly live: LiveEvents; readonly areas: SpeakerAreas }) {
    this.#live = options.live;
    this.#areas = options.areas;
  }

  take(speakerId: string, { broadcastId, phase, fraction }: Progress): void {
    const areaId = areaOf(this.#areas, speakerId);
    this.#live.publish('delivery.progress', { broadcastId, speakerId, areaId, phase, fraction });
  }
}
