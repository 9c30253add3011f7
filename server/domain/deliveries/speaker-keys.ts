import type { Storage } from '../unit-of-work.ts';

/** The journal-signing key of a speaker. */
export interface SpeakerKey {
  readonly keyId: string;
  /** Raw, base64url. */
  readonly publicKey: string;
}

/** The registered journal keys in memory: each batch and each hello asks. */
export class SpeakerKeys {
  readonly #keys = new Map<string, SpeakerKey>();

  /** Replaces everything by what is stored. */
  async load(storage: Storage): Promise<void> {
    const speakers = await storage.read.speakers.list();
    this.#keys.clear();
    for (const { id, keyId, publicKey } of speakers)
      if (keyId !== null && publicKey !== null) this.#keys.set(id, { keyId, publicKey });
  }

  of(speakerId: string): SpeakerKey | undefined {
    return this.#keys.get(speakerId);
  }

  /** A speaker's keys by their names, as third parties want them. */
  named(speakerId: string): Readonly<Record<string, string>> {
    const key = this.#keys.get(speakerId);
    return key === undefined ? {} : { [key.keyId]: key.publicKey };
  }

  set(speakerId: string, key: SpeakerKey): void {
    this.#keys.set(speakerId, key);
  }

  /** After a speaker was provisioned anew and its key is to be registered again at the next hello. */
  forget(speakerId: string): void {
    this.#keys.delete(speakerId);
  }
}
