import type { SpeakerKey } from '../enrolment/enrolment.ts';
import type { Storage } from '../unit-of-work.ts';

/** The journal keys in force, in memory: each batch and each hello asks. */
export class SpeakerKeys {
  readonly #keys = new Map<string, SpeakerKey>();
  /** Enrolled, and not heard of since. */
  readonly #fresh = new Set<string>();

  /** Replaces everything by what is stored. */
  async load(storage: Storage): Promise<void> {
    const speakers = await storage.read.speakers.list();
    const fresh = await storage.read.enrolments.unacknowledged();
    this.#keys.clear();
    this.#fresh.clear();
    for (const { id, keyId, publicKey } of speakers)
      if (keyId !== null && publicKey !== null) this.#keys.set(id, { keyId, publicKey });
    for (const speakerId of fresh) this.#fresh.add(speakerId);
  }

  of(speakerId: string): SpeakerKey | undefined {
    return this.#keys.get(speakerId);
  }

  /** A speaker has enrolled: this key counts from now on, and no other. */
  enrolled(speakerId: string, { keyId, publicKey }: SpeakerKey): void {
    this.#keys.set(speakerId, { keyId, publicKey });
    this.#fresh.add(speakerId);
  }

  /** Whether it has enrolled and not connected since, as far as was told by `connected`. */
  isFresh(speakerId: string): boolean {
    return this.#fresh.has(speakerId);
  }

  connected(speakerId: string): void {
    this.#fresh.delete(speakerId);
  }
}
