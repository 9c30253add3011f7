import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { SystemClock } from '#kit';
import { type DatabaseStorage, openStorage } from '../../../server/storage/index.ts';
import { freshPostgresDatabase } from '../../helpers/postgres.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Everything below runs on both providers. `storage()` is one started database for the whole group: tests use ids of their own. */
export function onBothDatabases(name: string, define: (storage: () => DatabaseStorage) => void): void {
  describe(`${name} on SQLite`, () =>
    define(started(async () => `file:${join(tempDir('storage'), 'loa.db')}`)));
  describeWith(['postgresql'], `${name} on PostgreSQL`, () => define(started(freshPostgresDatabase)));
}

function started(url: () => Promise<string>): () => DatabaseStorage {
  let storage: DatabaseStorage | undefined;
  beforeAll(async () => {
    storage = openStorage({ url: await url(), clock: new SystemClock() });
    await storage.start();
  });
  afterAll(() => storage?.stop());
  return () => {
    if (storage === undefined) throw new Error('the database is not open yet');
    return storage;
  };
}
