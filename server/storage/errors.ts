/**
 * Why storage could not be opened. `owned`: another controller uses this database · `newer`: a newer program made
 * it · `changed`: a migration that was applied is not the one of this program · `busy`: held by a foreign process ·
 * `unusable`: the URL or the database does not allow it.
 */
export type StorageStartReason = 'owned' | 'newer' | 'changed' | 'busy' | 'unusable';

/** The controller cannot start on this database. The message is one line that says the cure. */
export class StorageStartError extends Error {
  readonly reason: StorageStartReason;

  constructor(reason: StorageStartReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageStartError';
    this.reason = reason;
  }
}

/** Two acts under one idempotency key at once: the later one runs again and finds the answer of the first. */
export class LostRace extends Error {
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`another transaction stored an answer under "${key}" first`, options);
    this.name = 'LostRace';
    this.key = key;
  }
}

/** This process does not own the database just now: another controller may, so nothing is written until it is certain again. */
export class NotOwner extends Error {
  constructor() {
    super('the database is not owned by this controller at the moment');
    this.name = 'NotOwner';
  }
}

/** What a failing driver or Prisma attaches to its errors, as far as it is read here. */
interface DatabaseFailure extends DriverFailure {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: DriverFailure } };
}

interface DriverFailure {
  readonly kind?: unknown;
  /** The database's own code. */
  readonly originalCode?: unknown;
}

/** PostgreSQL's lock_not_available: a statement waited for `lock_timeout`. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Whether the whole transaction may simply be run again, because the database let nothing of it in: SQLite's lock was
 * held by another process, the database is not ours just now, or PostgreSQL had it wait too long for a lock or chose it as the victim of a conflict.
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof NotOwner) return true;
  const { kind, originalCode } = driverFailure(error);
  if (kind === 'SocketTimeout' || kind === 'TransactionWriteConflict') return true;
  if (originalCode === LOCK_NOT_AVAILABLE) return true;
  const code = failureOf(error).code;
  return code === 'P2034' || (typeof code === 'string' && code.startsWith('SQLITE_BUSY'));
}

/** SQLITE_FULL, and what PostgreSQL says when its disk is full. */
const FULL: ReadonlySet<unknown> = new Set(['SQLITE_FULL', '53100']);

/** Whether there was no room for what was written: the transaction left nothing behind. */
export function isDiskFull(error: unknown): boolean {
  const { originalCode } = driverFailure(error);
  return FULL.has(originalCode) || FULL.has(failureOf(error).code);
}

/** Whether a unique key was there already. */
export function isUniqueViolation(error: unknown): boolean {
  return failureOf(error).code === 'P2002' || driverFailure(error).kind === 'UniqueConstraintViolation';
}

function failureOf(error: unknown): DatabaseFailure {
  return typeof error === 'object' && error !== null ? error : {};
}

/** The driver adapter's own words, whether Prisma wrapped them or not. */
function driverFailure(error: unknown): DriverFailure {
  const { cause, meta } = failureOf(error);
  return meta?.driverAdapterError?.cause ?? failureOf(cause);
}
