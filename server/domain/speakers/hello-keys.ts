import type { Clock, Instant, Milliseconds } from '#kit';
import { recordSpeaker } from '../audit/record.ts';
import type { SpeakerKeys } from '../deliveries/speaker-keys.ts';
import type { SpeakerKey } from '../enrolment/enrolment.ts';
import type { Storage } from '../unit-of-work.ts';

const RECORD_EVERY_MS: Milliseconds = 3_600_000;

export interface HelloKeysOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly keys: SpeakerKeys;
  /** It came for the first time since it was enrolled. */
  readonly onFirst: (speakerId: string) => void;
}

/** A speaker and the key that it showed. */
export interface ShownKey extends SpeakerKey {
  readonly speakerId: string;
}

/** Tells the loudspeakers that say hello with the key of their enrolment from those that come with another, and ends the enrolment of the former. */
export class HelloKeys {
  readonly #options: HelloKeysOptions;
  /** When a strange key was last recorded, by speaker: whoever comes with a new one each time must not fill the audit log, nor hold up others. */
  readonly #recorded = new Map<string, Instant>();

  constructor(options: HelloKeysOptions) {
    this.#options = options;
  }

  /** The speakers whose key is not the enrolled one. Needs the database only for those that are here for the first time. */
  async check(shown: readonly ShownKey[]): Promise<ReadonlySet<string>> {
    const { keys } = this.#options;
    const isStrange = ({ speakerId, publicKey }: ShownKey) => keys.of(speakerId)?.publicKey !== publicKey;
    const strange = shown.filter(isStrange);
    const fresh = shown.filter((key) => !isStrange(key) && keys.isFresh(key.speakerId));
    if (fresh.length > 0) await this.#acknowledge(fresh.map(({ speakerId }) => speakerId));
    for (const key of strange) await this.#record(key);
    return new Set(strange.map(({ speakerId }) => speakerId));
  }

  async #acknowledge(speakerIds: readonly string[]): Promise<void> {
    const { storage, clock, keys } = this.#options;
    const now = Math.floor(clock.now());
    await storage.transaction(async (tx) => {
      for (const speakerId of speakerIds) {
        await tx.enrolments.acknowledge(speakerId, now);
        await tx.speakers.activate(speakerId);
      }
    });
    for (const speakerId of speakerIds) {
      keys.connected(speakerId);
      this.#options.onFirst(speakerId);
    }
  }

  async #record({ speakerId, keyId }: ShownKey): Promise<void> {
    const { storage, clock, keys } = this.#options;
    const at = Math.floor(clock.now());
    const last = this.#recorded.get(speakerId);
    if (last !== undefined && Math.abs(at - last) < RECORD_EVERY_MS) return;
    const detail = { keyId, enrolled: keys.of(speakerId)?.keyId ?? null };
    await storage.transaction((tx) => recordSpeaker(tx, at, speakerId, 'speaker.strange_key', detail));
    this.#recorded.set(speakerId, at);
  }
}
