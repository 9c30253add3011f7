import { type Scope, scopeKey, scopesOf } from '#protocols';
import type { StoredLatch } from './latch.ts';

/** Every latch in memory: by id, and the newest of each scope, which is the one that counts there. */
export class LatchBook {
  readonly #byId = new Map<string, StoredLatch>();
  readonly #newest = new Map<string, StoredLatch>();

  /** Takes a latch in unless a newer revision of it is known; whether it was taken. */
  put(latch: StoredLatch): boolean {
    if ((this.#byId.get(latch.id)?.revision ?? -1) >= latch.revision) return false;
    this.#byId.set(latch.id, latch);
    const newest = this.#newest.get(latch.scope);
    if (newest === undefined || newest.revision < latch.revision) this.#newest.set(latch.scope, latch);
    return true;
  }

  get(id: string): StoredLatch | undefined {
    return this.#byId.get(id);
  }

  /** By the time at which they were set, newest first. */
  all(): StoredLatch[] {
    return [...this.#byId.values()].sort((a, b) => b.setAt - a.setAt || b.revision - a.revision);
  }

  /** The latch that counts in a scope, set or released. */
  newestOf(scope: Scope): StoredLatch | undefined {
    return this.#newest.get(scopeKey(scope));
  }

  /** The newest latch of each scope of a speaker: what it has to hold. */
  forSpeaker(speakerId: string, ancestry: readonly string[]): StoredLatch[] {
    return scopesOf(speakerId, ancestry).flatMap((scope) => this.newestOf(scope) ?? []);
  }

  /** The latches that silence a speaker. */
  holding(speakerId: string, ancestry: readonly string[]): StoredLatch[] {
    return this.forSpeaker(speakerId, ancestry).filter(({ state }) => state === 'set');
  }

  /** Whether anything is stopped anywhere: most of the time nothing is. */
  get quiet(): boolean {
    for (const { state } of this.#newest.values()) if (state === 'set') return false;
    return true;
  }

  /** The latches that are set. */
  set(): StoredLatch[] {
    return [...this.#newest.values()].filter(({ state }) => state === 'set');
  }
}
