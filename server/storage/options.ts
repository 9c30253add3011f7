import type { Clock } from '#kit';

/** What storage says of itself. A pino logger fits. */
export interface StorageLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface StorageOptions {
  /** `file:/path/loa.db` for SQLite, `postgresql://…` for PostgreSQL. */
  readonly url: string;
  readonly clock: Clock;
  readonly log?: StorageLog;
  /** How long a transaction may wait in all while another process holds the database; 15 s by default. */
  readonly busyLimitMs?: number;
}

/** 15 s: longer than a backup by a foreign program, shorter than a client's patience. */
export const DEFAULT_BUSY_LIMIT_MS = 15_000;

export const SILENT_LOG: StorageLog = { info: () => {}, warn: () => {}, error: () => {} };
