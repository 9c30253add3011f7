import Type, { type Static } from 'typebox';
import { codec, InstantSchema } from '#protocols';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { keepOldAddress } from './known-address.ts';

/** The mark that a restore leaves in the data folder for the next start. */
export const RestoredSchema = Type.Object({
  v: Type.Literal(1),
  /** When the backup's snapshot was taken. */
  backupAt: InstantSchema,
  restoredAt: InstantSchema,
  /** Name of the file. */
  file: Type.String(),
  sha256: Type.String(),
  /** Folder into which what was there before was moved; null: the place was empty. */
  replaced: Type.Union([Type.String(), Type.Null()]),
});
export type Restored = Static<typeof RestoredSchema>;

export const restoredCodec = codec('restore mark', RestoredSchema, 1);

/** Name of the mark's file in the data folder. */
export const RESTORED_MARK = 'restored.json';

/** Where the mark lies. */
export interface RestoredMark {
  read(): Promise<Restored | null>;
  remove(): Promise<void>;
}

/**
 * What a part does to its own data when that comes out of a backup, in the transaction that writes the restore down: sessions end,
 * one-time codes are void. It must be such that running it again changes nothing.
 */
export type AfterRestore = (tx: Transaction, restored: Restored) => Promise<void>;

const SETTING = 'backup.restored';

/** At the start, before anything is sent: makes of restored data what may be worked with. Says what was restored, once. */
export async function adoptRestored(
  mark: RestoredMark,
  storage: Storage,
  hooks: readonly AfterRestore[],
): Promise<Restored | null> {
  const restored = await mark.read();
  if (restored === null) return null;
  const id = `${restored.sha256} ${restored.restoredAt}`;
  await storage.transaction(async (tx) => {
    // A cut between the commit and the removal of the mark.
    if ((await tx.settings.get(SETTING)) === id) return;
    for (const hook of hooks) await hook(tx, restored);
    await keepOldAddress(tx, restored);
    await tx.settings.put(SETTING, id, restored.restoredAt);
    const { backupAt, file, sha256, replaced } = restored;
    await tx.audit.append({
      at: restored.restoredAt,
      actor: 'controller',
      role: 'system',
      action: 'backup.restored',
      subject: file,
      detail: JSON.stringify({ backupAt, sha256, replaced }),
    });
  });
  await mark.remove();
  return restored;
}
