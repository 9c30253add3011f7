import type { Clock } from '#kit';
import type { SpeakerKey, SpeakerKeys } from '../deliveries/speaker-keys.ts';
import type { Storage } from '../unit-of-work.ts';

export interface HelloKeysOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly keys: SpeakerKeys;
}

/** A speaker and the key that it showed. */
export interface ShownKey extends SpeakerKey {
  readonly speakerId: string;
}

/** Registers the journal key of a first hello and notices another one later: the first holds, the other is recorded. */
export class HelloKeys {
  readonly #options: HelloKeysOptions;
  /** Strange keys already recorded, so that a speaker that reconnects every minute does not fill the audit log. */
  readonly #recorded = new Set<string>();

  constructor(options: HelloKeysOptions) {
    this.#options = options;
  }

  /** The speakers whose key is not the registered one. Needs the database only for keys that are new to us. */
  async register(shown: readonly ShownKey[]): Promise<ReadonlySet<string>> {
    const { keys, storage } = this.#options;
    const unknown = shown.filter(({ speakerId }) => keys.of(speakerId) === undefined);
    if (unknown.length > 0) {
      const registered = await storage.transaction(async (tx) => {
        const done: ShownKey[] = [];
        for (const key of unknown)
          if (await tx.speakers.registerKey(key.speakerId, key.keyId, key.publicKey)) done.push(key);
        return done;
      });
      for (const { speakerId, keyId, publicKey } of registered) keys.set(speakerId, { keyId, publicKey });
    }
    const strange = shown.filter(({ speakerId, publicKey }) => keys.of(speakerId)?.publicKey !== publicKey);
    for (const key of strange) await this.#record(key);
    return new Set(strange.map(({ speakerId }) => speakerId));
  }

  async #record({ speakerId, keyId }: ShownKey): Promise<void> {
    const { storage, clock, keys } = this.#options;
    const name = `${speakerId}/${keyId}`;
    if (this.#recorded.has(name)) return;
    const detail = JSON.stringify({ keyId, registered: keys.of(speakerId)?.keyId ?? null });
    const at = Math.floor(clock.now());
    await storage.transaction((tx) =>
      tx.audit.append({
        at,
        actor: speakerId,
        role: 'speaker',
        action: 'speaker.strange_key',
        subject: speakerId,
        detail,
      }),
    );
    this.#recorded.add(name);
  }
}
