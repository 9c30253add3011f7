import type { SpeakerKeys } from '../deliveries/speaker-keys.ts';
import type { PresenceService } from './presence.ts';

export interface ForgedWordsOptions {
  readonly keys: SpeakerKeys;
  readonly presence: Pick<PresenceService, 'stranger'>;
  /** For the log: told once of each loudspeaker, however much is said in its name. */
  readonly onFirst: (speakerId: string) => void;
}

/** Flags the loudspeakers in whose name somebody speaks who has not their key. */
export class ForgedWords {
  readonly #options: ForgedWordsOptions;
  readonly #told = new Set<string>();

  constructor(options: ForgedWordsOptions) {
    this.#options = options;
  }

  /** Something came on this loudspeaker's connection that it has not signed. */
  take(speakerId: string): void {
    const { keys, presence, onFirst } = this.#options;
    // On an external broker somebody may speak for loudspeakers that are not there.
    if (keys.of(speakerId) === undefined) return;
    presence.stranger(speakerId);
    if (this.#told.has(speakerId)) return;
    this.#told.add(speakerId);
    onFirst(speakerId);
  }
}
