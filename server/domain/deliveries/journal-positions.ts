import type { StoredJournal } from '../speakers/speaker.ts';
import type { Stores } from '../unit-of-work.ts';

/** Up to where the journals are stored, in memory. One process owns the database, so what was read once stays true until we write. */
export class JournalPositions {
  /** By speaker: the epoch written last. */
  readonly #newest = new Map<string, StoredJournal | null>();

  /** What is held in memory of a speaker; undefined when nobody asked yet. */
  known(speakerId: string): StoredJournal | null | undefined {
    return this.#newest.get(speakerId);
  }

  /** After a commit. */
  set(speakerId: string, journal: StoredJournal): void {
    this.#newest.set(speakerId, journal);
  }

  /** Reads the newest positions of speakers that are not in memory. */
  async load(speakerIds: readonly string[], stores: Pick<Stores, 'speakers'>): Promise<void> {
    const missing = speakerIds.filter((id) => !this.#newest.has(id));
    if (missing.length === 0) return;
    const stored = await stores.speakers.journals(missing);
    for (const id of missing) if (!this.#newest.has(id)) this.#newest.set(id, stored.get(id) ?? null);
  }

  /** The position in one epoch, or null when nothing of it is stored. An epoch that is not the newest is looked up. */
  async of(
    speakerId: string,
    epoch: string,
    stores: Pick<Stores, 'speakers' | 'receipts'>,
  ): Promise<StoredJournal | null> {
    await this.load([speakerId], stores);
    const newest = this.#newest.get(speakerId) ?? null;
    if (newest === null || newest.epoch === epoch) return newest;
    const seq = await stores.receipts.lastSeq(speakerId, epoch);
    const hash = (await stores.receipts.entryHashes(speakerId, epoch, seq, seq)).get(seq);
    return hash === undefined ? null : { epoch, seq, hash };
  }
}
