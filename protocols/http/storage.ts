import Type, { type Static } from 'typebox';
import { InstantSchema } from '../schema.ts';
import { nullable, strict } from './common.ts';

const Bytes = Type.Integer({ minimum: 0 });

/** How long is kept what need not be kept for ever. Journals, receipts and the audit log are. */
export const RetentionSettingsSchema = strict({
  /** Health reports, days: all of a week, then one an hour, after two months one a day; those that name a problem are never thinned. */
  healthDays: Type.Integer({ minimum: 30, maximum: 3_660 }),
  /** Prepared audio that no announcement names any more, days; null: for ever. */
  unusedAudioDays: nullable(Type.Integer({ minimum: 30, maximum: 3_660 })),
});
export type RetentionSettings = Static<typeof RetentionSettingsSchema>;

/** What the controller keeps on its disk, and how much room is left. */
export const StorageUseSchema = Type.Object({
  countedAt: InstantSchema,
  disk: Type.Object({ totalBytes: Bytes, freeBytes: Bytes, fileSystem: Type.String() }),
  /** low: fewer than a tenth, or than 1 GB, are free · full: receipts have no place any more. */
  state: Type.Enum(['ok', 'low', 'full']),
  databaseBytes: Bytes,
  media: Type.Object({
    files: Type.Integer(),
    bytes: Bytes,
    /** Of these, what no announcement names now: receipts may still name it. */
    unusedFiles: Type.Integer(),
    unusedBytes: Bytes,
  }),
  /** Backups in the data folder's own destination. */
  backupBytes: Bytes,
  /** What restores moved aside. */
  replacedBytes: Bytes,
  retention: RetentionSettingsSchema,
  /** Rows; journal and audit log are never deleted. */
  rows: Type.Object({ health: Type.Integer(), journal: Type.Integer(), audit: Type.Integer() }),
});
export type StorageUse = Static<typeof StorageUseSchema>;
