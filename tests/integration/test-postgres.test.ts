import pg from 'pg';
import { expect, it } from 'vitest';
import { freshPostgresDatabase } from '../helpers/postgres.ts';
import { describeWith } from '../helpers/requirements.ts';

describeWith(['postgresql'], 'the PostgreSQL of the tests', () => {
  it('gives each caller an empty database of its own', async () => {
    const urls = await Promise.all([freshPostgresDatabase(), freshPostgresDatabase()]);
    expect(urls[0]).not.toBe(urls[1]);
    for (const connectionString of urls) {
      const client = new pg.Client({ connectionString });
      await client.connect();
      await client.query('CREATE TABLE only_here (id int)');
      const { rows } = await client.query('SELECT count(*)::int AS n FROM only_here');
      await client.end();
      expect(rows).toEqual([{ n: 0 }]);
    }
  });
});
