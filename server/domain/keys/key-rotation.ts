import type { Clock } from '#kit';
import type { KeysView } from '#protocols';
import { type Actor, authorizeEverywhere } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { record } from '../audit/record.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import type { KeyService } from './key-service.ts';

/** The operational key that everything in force was last signed with. */
const MARK = 'keys.signed_with';

export interface KeyRotationOptions {
  readonly keys: KeyService;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly areas: AreaDirectory;
  readonly assignments: { refreshSoon(speakerIds: readonly string[]): void };
  readonly latches: { signAgain(): Promise<void> };
  readonly planning: { changed(): void };
  readonly speakerIds: () => readonly string[];
  readonly onError: (error: unknown) => void;
}

/**
 * Changes the operational key while loudspeakers are in use: whatever is in force is signed again at once, because nobody recognises the old signatures any more.
 * A rotation by the terminal, or one that was cut off, is noticed at the next start.
 */
export class KeyRotation {
  readonly #options: KeyRotationOptions;

  constructor(options: KeyRotationOptions) {
    this.#options = options;
  }

  /** Throws `request.forbidden`. */
  async show(actor: Actor): Promise<KeysView> {
    const { keys, areas } = this.#options;
    authorizeEverywhere(actor, 'key:write', areas.tree);
    const { statementNumber: statement, keyId, rootKeys } = keys;
    return { statement, keyId, rootKeys: [...rootKeys], rootInVault: await keys.hasRoot() };
  }

  /**
   * Replaces the operational key. A transaction may be run again: `once` is of one request, and keeps it at one rotation. Throws `request.forbidden`,
   * `key.root_missing`.
   */
  async rotate(tx: Transaction, actor: Actor, once: { before?: string }): Promise<KeysView> {
    const { keys, clock, areas, onError } = this.#options;
    authorizeEverywhere(actor, 'key:write', areas.tree);
    if (once.before === undefined) {
      const before = keys.keyId;
      await keys.rotate();
      once.before = before;
    }
    const { keyId, statementNumber } = keys;
    const changed = { before: { keyId: once.before }, after: { keyId } };
    await record(tx, clock.now(), actor, 'keys.rotate', keyId, { statement: statementNumber }, changed);
    tx.afterCommit(() => void this.signAgain().catch(onError));
    return this.show(actor);
  }

  /** Signs what is in force again where it was signed with another key than the one in use. */
  async signAgain(): Promise<void> {
    const { storage, keys, clock } = this.#options;
    if ((await storage.read.settings.get(MARK)) === keys.keyId) return;
    await this.#signAll();
    await storage.transaction((tx) => tx.settings.put(MARK, keys.keyId, clock.now()));
  }

  async #signAll(): Promise<void> {
    const { assignments, latches, planning, speakerIds } = this.#options;
    assignments.refreshSoon(speakerIds());
    planning.changed();
    await latches.signAgain();
  }
}
