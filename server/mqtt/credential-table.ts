import { createHash, timingSafeEqual } from 'node:crypto';
import type { SpeakerLifecycle } from '#protocols';
import type { AreaTree } from '../domain/areas/area.ts';
import type { SpeakerAccess } from '../domain/speakers/assignment.ts';
import type { SpeakerCredential } from '../domain/speakers/speaker.ts';

/** What became of a name and a secret. */
export type CredentialCheck = 'ok' | 'credentials' | 'blocked';

interface Entry {
  readonly secretHash: Buffer;
  readonly lifecycle: SpeakerLifecycle;
  /** Ancestry, widest first; one array for all speakers of an area. */
  readonly areas: readonly string[];
}

/** Compared against when the name is unknown, so that the answer takes as long. */
const NOBODY = Buffer.alloc(32);
const NO_AREAS: readonly string[] = [];

/**
 * Who may connect and where each speaker lies, in memory: a mass reconnect and every forwarded message ask it.
 * Filled at start and kept up to date after each commit that changes a speaker or the territory.
 */
export class CredentialTable implements SpeakerAccess {
  readonly #entries = new Map<string, Entry>();
  readonly #ancestries = new Map<string, readonly string[]>();
  readonly #revokeListeners = new Set<(speakerId: string) => void>();

  /** Replaces everything. Speakers whose area is unknown lie nowhere and may still talk on their own topics. */
  load(credentials: readonly SpeakerCredential[], tree: AreaTree): void {
    this.#entries.clear();
    this.#ancestries.clear();
    for (const credential of credentials)
      this.put(credential, tree.has(credential.areaId) ? tree.ancestry(credential.areaId) : NO_AREAS);
  }

  /** Enters or changes one speaker. A new secret, a block or a retirement disconnects it at once. */
  put(credential: SpeakerCredential, areas: readonly string[]): void {
    const before = this.#entries.get(credential.speakerId);
    const entry: Entry = {
      secretHash: Buffer.from(credential.secretHash, 'hex'),
      lifecycle: credential.lifecycle,
      areas: this.#shared(areas),
    };
    this.#entries.set(credential.speakerId, entry);
    if (before === undefined) return;
    if (!mayEnter(entry.lifecycle) || !before.secretHash.equals(entry.secretHash))
      this.#revoke(credential.speakerId);
  }

  /** Forgets one speaker and disconnects it at once. */
  remove(speakerId: string): void {
    if (this.#entries.delete(speakerId)) this.#revoke(speakerId);
  }

  /** Compares in constant time, with the same work for a name that does not exist. */
  check(speakerId: string, secret: Uint8Array): CredentialCheck {
    const entry = this.#entries.get(speakerId);
    const expected = entry?.secretHash.length === 32 ? entry.secretHash : NOBODY;
    const same = timingSafeEqual(createHash('sha256').update(secret).digest(), expected);
    if (entry === undefined || !same) return 'credentials';
    return mayEnter(entry.lifecycle) ? 'ok' : 'blocked';
  }

  /** Whether a speaker may be connected now, whatever its secret. */
  admits(speakerId: string): boolean {
    const entry = this.#entries.get(speakerId);
    return entry !== undefined && mayEnter(entry.lifecycle);
  }

  /** Ancestry from the widest area to the speaker's own; empty for whom nobody knows. */
  areasOf(speakerId: string): readonly string[] {
    return this.#entries.get(speakerId)?.areas ?? NO_AREAS;
  }

  /** Calls `listener` with each speaker whose connection must end now. */
  onRevoked(listener: (speakerId: string) => void): () => void {
    this.#revokeListeners.add(listener);
    return () => void this.#revokeListeners.delete(listener);
  }

  #revoke(speakerId: string): void {
    for (const listener of this.#revokeListeners) listener(speakerId);
  }

  #shared(areas: readonly string[]): readonly string[] {
    const name = areas.join('/');
    const known = this.#ancestries.get(name);
    if (known !== undefined) return known;
    this.#ancestries.set(name, areas);
    return areas;
  }
}

function mayEnter(lifecycle: SpeakerLifecycle): boolean {
  return lifecycle === 'enrolled' || lifecycle === 'active';
}
