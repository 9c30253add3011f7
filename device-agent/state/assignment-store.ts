import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Exclusive, writeFileAtomic } from '#kit';
import { type Assignment, assignmentCodec, DomainError, type KeyRing, verifyDocument } from '#protocols';
import type { Log } from '../log.ts';
import { ifMissing, quarantine } from './files.ts';

/** An assignment with the exact text that was signed. */
export interface HeldAssignment {
  readonly document: string;
  readonly hash: string;
  readonly assignment: Assignment;
}

/** The signed desired state of this loudspeaker, on disk as the exact text. */
export class AssignmentStore {
  readonly #path: string;
  readonly #speakerId: string;
  readonly #log: Log;
  readonly #one = new Exclusive();
  #held: HeldAssignment | null = null;

  constructor(options: { readonly folder: string; readonly speakerId: string; readonly log: Log }) {
    this.#path = join(options.folder, 'assignment.jws');
    this.#speakerId = options.speakerId;
    this.#log = options.log;
  }

  get held(): HeldAssignment | null {
    return this.#held;
  }

  /** Reads and proves what is on disk; what cannot be proved is put aside and asked for again. */
  async load(keys: KeyRing, now: number): Promise<void> {
    const document = await ifMissing(readFile(this.#path, 'latin1'), undefined);
    if (document === undefined) return;
    try {
      this.#held = await this.#verified(document, keys);
    } catch (error) {
      this.#log.warn('the stored assignment cannot be used and is put aside', { error });
      await quarantine(this.#path, now);
    }
  }

  /**
   * Takes a newer assignment, durably unless the disk refuses. Returns what was held before, or undefined when the same document came
   * again. Throws what `verifyDocument` throws, `order.not_for_us`, or `document.stale_revision`.
   */
  accept(document: string, keys: KeyRing): Promise<{ readonly before: HeldAssignment | null } | undefined> {
    // One at a time: two copies that come together are one, and the newest is the one that stays on the disk.
    return this.#one.run(() => this.#accept(document, keys));
  }

  async #accept(document: string, keys: KeyRing): Promise<{ before: HeldAssignment | null } | undefined> {
    const next = await this.#verified(document, keys);
    const before = this.#held;
    if (before !== null) {
      if (next.hash === before.hash) return undefined;
      if (next.assignment.revision <= before.assignment.revision)
        throw new DomainError('document.stale_revision', {
          document: 'assignment',
          revision: next.assignment.revision,
          held: before.assignment.revision,
        });
    }
    this.#held = next;
    await writeFileAtomic(this.#path, document).catch((error) =>
      // It holds at once, a mute above all; after a restart the controller finds that we hold an older one.
      this.#log.error('an assignment could not be stored', { error }),
    );
    return { before };
  }

  async #verified(document: string, keys: KeyRing): Promise<HeldAssignment> {
    const { payload, hash } = await verifyDocument('assignment', document, keys);
    const assignment = assignmentCodec.parse(payload);
    if (assignment.speakerId !== this.#speakerId)
      throw new DomainError('order.not_for_us', {
        orderId: assignment.speakerId,
        speakerId: this.#speakerId,
      });
    return { document, hash, assignment };
  }
}
