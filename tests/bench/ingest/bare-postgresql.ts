import pg from 'pg';
import { type BareDriver, DELIVERY_COLUMNS, JOURNAL_COLUMNS, quoted, UPSERT } from './bare-driver.ts';

const JOURNAL =
  `INSERT INTO "JournalRow" (${quoted(JOURNAL_COLUMNS)}) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[],` +
  ' $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::text[], $10::text[]) ON CONFLICT DO NOTHING';
const DELIVERY =
  `INSERT INTO "Delivery" (${quoted(DELIVERY_COLUMNS)}) SELECT * FROM unnest($1::text[], $2::text[],` +
  ` $3::"DeliveryState"[], $4::text[], $5::boolean[], $6::float8[]) ${UPSERT}`;

/** `pg` alone on a migrated database: one prepared statement for all rows of a table, in one transaction. */
export async function barePostgresql(url: string): Promise<BareDriver> {
  const client = new pg.Client({ connectionString: url, options: '-c synchronous_commit=on' });
  await client.connect();
  return {
    async store({ rows, deliveries }) {
      await client.query('BEGIN');
      await client.query({
        name: 'journal',
        text: JOURNAL,
        values: [
          ...[rows.map((row) => row.speakerId), rows.map((row) => row.epoch), rows.map((row) => row.seq)],
          ...[rows.map((row) => row.hash), rows.map((row) => row.line), rows.map((row) => row.kind)],
          ...[rows.map((row) => row.broadcastId), rows.map((row) => row.at), rows.map(() => '')],
          rows.map((row) => row.batchId),
        ],
      });
      await client.query({
        name: 'delivery',
        text: DELIVERY,
        values: [
          ...[deliveries.map((one) => one.broadcastId), deliveries.map((one) => one.speakerId)],
          ...[deliveries.map((one) => one.view.state), deliveries.map(() => '')],
          ...[deliveries.map((one) => one.view.plays.length > 0), deliveries.map((one) => one.updatedAt)],
        ],
      });
      await client.query('COMMIT');
    },
    close: () => client.end(),
  };
}
