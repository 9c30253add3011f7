import { randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { inject } from 'vitest';
import type { PostgresAnswer } from './postgres-host.ts';

/**
 * A fresh, empty database on a throw-away PostgreSQL that is started with the first call of a test run and stopped
 * at its end. Returns its connection URL. Only inside `describeWith(['postgresql'], …)`: it rejects where
 * PostgreSQL is not installed.
 */
export async function freshPostgresDatabase(): Promise<string> {
  const answer = JSON.parse(await text(createConnection(inject('postgresSocket')))) as PostgresAnswer;
  if ('error' in answer) throw new Error(answer.error);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: answer.url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(answer.url);
  url.pathname = `/${name}`;
  return url.href;
}
