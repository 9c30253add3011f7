import type { Clock } from '#kit';
import { rulesRange } from '../policies/local-rules.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';

/** What the assignments of all loudspeakers were last made with. */
const MARK = 'assignments.made_with';
/** Assignments looked at in one transaction. */
const SLICE = 100;

export interface CommonStateOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  /** As the configuration has them now: further addresses, and from where streams may come. */
  readonly endpoints: readonly string[];
  readonly streams: readonly string[];
  readonly speakerIds: () => readonly string[];
  readonly assignments: { refresh(tx: Transaction, speakerIds: readonly string[]): Promise<void> };
}

/**
 * Makes all assignments anew where something changed that no record of a loudspeaker holds: the configuration, or the year up to which their
 * rules reach. It marks in the database when that is done, so a cut leads to doing it again.
 */
export class CommonState {
  readonly #options: CommonStateOptions;

  constructor(options: CommonStateOptions) {
    this.#options = options;
  }

  /** Asks for the mark, and does the rest where it is another. */
  async bringUpToDate(): Promise<void> {
    const { storage, clock, endpoints, streams, speakerIds, assignments } = this.#options;
    const { until } = rulesRange(clock.now());
    const mark = JSON.stringify([endpoints, streams, until]);
    if ((await storage.read.settings.get(MARK)) === mark) return;
    const ids = speakerIds();
    for (let at = 0; at < ids.length; at += SLICE)
      await storage.transaction((tx) => assignments.refresh(tx, ids.slice(at, at + SLICE)));
    await storage.transaction((tx) => tx.settings.put(MARK, mark, clock.now()));
  }
}
