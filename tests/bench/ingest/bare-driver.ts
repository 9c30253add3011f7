import type { ReceiptSlice } from '../../../server/domain/deliveries/receipts.ts';

/** A database driver with nothing of ours above it. */
export interface BareDriver {
  /** One transaction: a journal row and a delivery upsert for each receipt, as few statements and as little else as can be. */
  store(slice: ReceiptSlice): void | Promise<void>;
  close(): void | Promise<void>;
}

/** Essential columns, in the tables of the migrated database itself: the same keys and indexes as ours. */
export const JOURNAL_COLUMNS = [
  ...['speakerId', 'epoch', 'seq', 'hash', 'line'],
  ...['kind', 'broadcastId', 'at', 'flags', 'batchId'],
] as const;
export const DELIVERY_COLUMNS = [
  'broadcastId',
  'speakerId',
  'state',
  'flags',
  'played',
  'updatedAt',
] as const;

export const UPSERT =
  'ON CONFLICT ("broadcastId", "speakerId") DO UPDATE SET "state" = excluded."state", "flags" = excluded."flags",' +
  ' "played" = excluded."played", "updatedAt" = excluded."updatedAt"';

export const quoted = (columns: readonly string[]): string => columns.map((name) => `"${name}"`).join(', ');
