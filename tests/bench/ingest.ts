import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresCluster } from '../helpers/postgres-cluster.ts';
import { available } from '../helpers/requirements.ts';
import { barePostgresql } from './ingest/bare-postgresql.ts';
import { bareSqlite } from './ingest/bare-sqlite.ts';
import { endToEnd } from './ingest/end-to-end.ts';
import { type StoringFigures, storing } from './ingest/storing.ts';
import { numberOption } from './statistics.ts';

/**
 * Storing receipts and health beside the bare driver (the same tables, 200 receipts in a transaction, every commit on
 * disk), and end to end: signed journal batches of light speakers over MQTT into the running controller, until the last
 * acknowledgement. `--receipts` sets how many a round stores, `--storage-only` leaves the controller out.
 */
export async function ingest(args: readonly string[]): Promise<object> {
  const count = numberOption(args, 'receipts', 20_000);
  const folder = await mkdtemp(join(tmpdir(), 'loa-ingest-'));
  try {
    const stored = await storing({
      ours: `file:${join(folder, 'ours.db')}`,
      bare: `file:${join(folder, 'bare.db')}`,
      openBare: (url) => bareSqlite(url.slice('file:'.length)),
      count,
    });
    const postgresql = available('postgresql') ? await onPostgresql(count) : null;
    const whole = args.includes('--storage-only') ? {} : await endToEnd(folder);
    return { bench: 'ingest', sqlite: { ...stored, ...whole }, postgresql };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onPostgresql(count: number): Promise<StoringFigures> {
  // A folder of its own: it belongs to another user.
  const folder = await mkdtemp(join(tmpdir(), 'loa-ingest-postgresql-'));
  const cluster = new PostgresCluster(folder, { durable: true });
  try {
    await cluster.start();
    return await storing({
      ours: await cluster.createDatabase('ours'),
      bare: await cluster.createDatabase('bare'),
      openBare: barePostgresql,
      count,
    });
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
