/**
 * Runs once, in the process that starts the test workers: chooses the seed of the property tests, and holds the
 * throw-away PostgreSQL that is started when the first test asks for a database.
 */
import { randomInt } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { PostgresHost } from './postgres-host.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Seed of fast-check; LOA_TEST_SEED sets it. */
    seed: number;
    /** Path of the socket on which a worker asks for PostgreSQL. */
    postgresSocket: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('seed', seed());
  const postgres = new PostgresHost();
  await postgres.start();
  project.provide('postgresSocket', postgres.socketPath);
  return () => postgres.stop();
}

function seed(): number {
  const text = process.env['LOA_TEST_SEED'];
  if (text === undefined || text === '') return randomInt(2 ** 31);
  const value = Number(text);
  if (!Number.isInteger(value)) throw new Error(`LOA_TEST_SEED must be a whole number, not "${text}"`);
  return value;
}
