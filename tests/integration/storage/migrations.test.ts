import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { type Provider, schemaDifference } from '../../../prisma/schema-engine.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { ownMigrations } from '../../../server/storage/migrations.ts';
import { migrateSqlite } from '../../../server/storage/sqlite/migrate.ts';
import { area, journalRow } from '../../contract/storage/samples.ts';
import { inRepo } from '../../helpers/repo-root.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { type DatabaseBeside, postgresqlBeside, sqliteBeside } from './database-beside.ts';

const open = (url: string) => openStorage({ url, clock: new SystemClock() });

async function startAndStop(url: string): Promise<void> {
  const storage = open(url);
  await storage.start();
  await storage.stop();
}

function migrate(provider: Provider, make: () => Promise<DatabaseBeside>): void {
  it('yield exactly the models', async () => {
    const { url, run } = await make();
    await startAndStop(url);
    const models = await readFile(inRepo(`prisma/generated/${provider}.prisma`), 'utf8');
    expect(await schemaDifference(provider, url, models)).toBe('');
    await run('ALTER TABLE "Area" ADD COLUMN "forgotten" TEXT');
    expect(await schemaDifference(provider, url, models)).toMatch(/ALTER TABLE "(new_)?Area"/);
  });

  it('are applied once, and kept over a restart', async () => {
    const { url } = await make();
    const place = area();
    const storage = open(url);
    await storage.start();
    await storage.transaction((tx) => tx.areas.insert(place));
    await storage.stop();
    await storage.start();
    expect(await storage.read.areas.all()).toEqual([place]);
    await storage.stop();
  });

  it('of a newer program are refused with what to do', async () => {
    const { url, run } = await make();
    await startAndStop(url);
    await run(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at") VALUES ('x', 'y', '9999_later', current_timestamp)`,
    );
    await expect(open(url).start()).rejects.toMatchObject({
      ...{ name: 'StorageStartError', reason: 'newer' },
      message: expect.stringMatching(/made by a newer version .*"9999_later".*: update the controller/),
    });
  });

  it('with another text than the applied one are refused', async () => {
    const { url, run } = await make();
    await startAndStop(url);
    await run(`UPDATE "_prisma_migrations" SET "checksum" = 'edited'`);
    await expect(open(url).start()).rejects.toMatchObject({ reason: 'changed' });
  });

  it('that fail leave the database as it was', async () => {
    const { url, run } = await make();
    await run('CREATE TABLE "StoredAnswer" ("foreign" INTEGER)');
    await expect(open(url).start()).rejects.toThrow(/StoredAnswer/);
    await run('DROP TABLE "StoredAnswer"');
    await startAndStop(url);
  });

  it('make journal and audit log append-only', async () => {
    const { url, run } = await make();
    const storage = open(url);
    await storage.start();
    const batch = {
      ...{
        id: 'bat_1',
        speakerId: 'spk_1',
        epoch: 'jnl_1',
        keyId: 'k',
        headSeq: 1,
        headHash: 'h',
        signature: 's',
      },
      receivedAt: 1,
    };
    await storage.transaction(async (tx) => {
      await tx.audit.append({
        at: 1,
        actor: 'a',
        role: 'r',
        action: 'area.change',
        subject: 's',
        detail: '{}',
      });
      const head = { n: 1, day: '2026-01-04', whole: true, seq: 1, hash: 'h', count: 1, issuedAt: 1 };
      await tx.auditHeads.insert({ ...head, document: 'd' });
      await tx.receipts.save({
        batches: [batch],
        rows: [journalRow('spk_1', 1)],
        deliveries: [],
        positions: [],
      });
    });
    await storage.stop();
    const columns = { AuditEntry: 'hash', AuditHead: 'hash', JournalRow: 'line', JournalBatch: 'signature' };
    for (const [table, column] of Object.entries(columns)) {
      await expect(run(`DELETE FROM "${table}"`)).rejects.toThrow(/append-only/);
      await expect(run(`UPDATE "${table}" SET "${column}" = 'x'`)).rejects.toThrow(/append-only/);
    }
  });
}

describe('migrations on SQLite', () => {
  migrate('sqlite', sqliteBeside);

  it('copy a file that holds data before they change it', async () => {
    const { url, run } = await sqliteBeside();
    const path = url.slice('file:'.length);
    await startAndStop(url);
    expect(existsSync(`${path}.before-0001_foundation`)).toBe(false);
    const own = await ownMigrations('sqlite');
    await run(`CREATE TABLE "Kept" ("note" TEXT); INSERT INTO "Kept" VALUES ('giữ lại')`);
    const next = { name: '9999_next', sql: 'DROP TABLE "Kept"', checksum: 'c' };
    expect(await migrateSqlite(path, [...own, next])).toEqual(['9999_next']);
    const copy = new BetterSqlite3(`${path}.before-9999_next`, { readonly: true });
    expect(copy.prepare('SELECT "note" FROM "Kept"').all()).toEqual([{ note: 'giữ lại' }]);
    copy.close();
    await expect(open(url).start()).rejects.toMatchObject({ reason: 'newer' });
  });
});

describeWith(['postgresql'], 'migrations on PostgreSQL', () => migrate('postgresql', postgresqlBeside));
