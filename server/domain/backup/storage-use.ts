import type { Clock, Instant } from '#kit';
import type { RetentionSettings, StorageUse } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { changes, record } from '../audit/record.ts';
import { readRetention, writeRetention } from '../retention/retention-settings.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';

/** What is counted; the rest follows from it. */
export type CountedUse = Omit<StorageUse, 'countedAt' | 'state' | 'retention'>;

/** Counting reads every row and folder: for so long its result is good enough. */
const FRESH_MS = 5 * 60_000;
const LOW_BYTES = 1024 ** 3;
/** Below this the controller says that it is not ready: receipts need a place. */
const FULL_BYTES = 100 * 1024 * 1024;

export interface StorageUseOptions {
  readonly count: () => Promise<CountedUse>;
  readonly read: Pick<Stores, 'settings'>;
  readonly clock: Clock;
  readonly areas: AreaDirectory;
  /** Of the whole controller. */
  readonly areaId: () => string;
}

/** How much room the controller takes, for administrators of its widest area. */
export class StorageUseService {
  readonly #options: StorageUseOptions;
  #last: { readonly countedAt: Instant; readonly use: Promise<CountedUse> } | undefined;

  constructor(options: StorageUseOptions) {
    this.#options = options;
  }

  /** At most five minutes old. Throws `request.forbidden`. */
  async read(actor: Actor): Promise<StorageUse> {
    const { areas, areaId, clock, count, read } = this.#options;
    authorize(actor, 'backup:read', areaId(), areas.tree);
    const now = Math.floor(clock.now());
    const known = this.#last;
    const fresh = known !== undefined && Math.abs(now - known.countedAt) < FRESH_MS;
    const last = fresh ? known : { countedAt: now, use: count() };
    this.#last = last;
    try {
      const use = await last.use;
      const retention = await readRetention(read);
      return { ...use, retention, countedAt: last.countedAt, state: roomState(use.disk) };
    } catch (error) {
      this.#last = undefined;
      throw error;
    }
  }

  /** How long what need not be kept for ever is kept from now on. Throws `request.forbidden`. */
  async configure(tx: Transaction, actor: Actor, settings: RetentionSettings): Promise<void> {
    const { areas, areaId, clock } = this.#options;
    authorize(actor, 'backup:write', areaId(), areas.tree);
    const before = await readRetention(tx);
    const now = clock.now();
    await writeRetention(tx, settings, now);
    const changed = changes(before, settings, ['healthDays', 'unusedAudioDays']);
    await record(tx, now, actor, 'storage.retention', areaId(), {}, { areaId: areaId(), ...changed });
  }
}

/** Whether there is room enough on a disk. */
export function roomState({
  freeBytes,
  totalBytes,
}: {
  freeBytes: number;
  totalBytes: number;
}): StorageUse['state'] {
  if (freeBytes < FULL_BYTES) return 'full';
  return freeBytes < LOW_BYTES || freeBytes < totalBytes / 10 ? 'low' : 'ok';
}
