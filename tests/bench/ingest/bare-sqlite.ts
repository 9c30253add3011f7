import Database from 'better-sqlite3';
import type { ReceiptSlice } from '../../../server/domain/deliveries/receipts.ts';
import { type BareDriver, DELIVERY_COLUMNS, JOURNAL_COLUMNS, quoted, UPSERT } from './bare-driver.ts';

/** better-sqlite3 alone on a migrated database: prepared statements in one transaction, WAL and FULL. */
export function bareSqlite(path: string): BareDriver {
  const database = new Database(path, { fileMustExist: true });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  const places = (columns: readonly string[]) => columns.map(() => '?').join(', ');
  const journal = database.prepare(
    `INSERT INTO "JournalRow" (${quoted(JOURNAL_COLUMNS)}) VALUES (${places(JOURNAL_COLUMNS)}) ON CONFLICT DO NOTHING`,
  );
  const delivery = database.prepare(
    `INSERT INTO "Delivery" (${quoted(DELIVERY_COLUMNS)}) VALUES (${places(DELIVERY_COLUMNS)}) ${UPSERT}`,
  );
  return {
    store: database.transaction(({ rows, deliveries }: ReceiptSlice) => {
      for (const row of rows)
        journal.run(
          ...[row.speakerId, row.epoch, row.seq, row.hash, row.line],
          ...[row.kind, row.broadcastId, row.at, '', row.batchId],
        );
      for (const { broadcastId, speakerId, view, updatedAt } of deliveries)
        delivery.run(broadcastId, speakerId, view.state, '', view.plays.length, updatedAt);
    }),
    close: () => void database.close(),
  };
}
