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

/** What a failing driver or Prisma attaches to its errors, as far as it is read here. */
interface DatabaseFailure {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: { readonly kind?: unknown } } };
}

/**
 * Whether the whole transaction may simply be run again, because the database let nothing of it in: SQLite's lock was
 * held by another process, or PostgreSQL chose it as the victim of a conflict.
 */
export function isRetryable(error: unknown): boolean {
  const kind = driverKind(error);
  if (kind === 'SocketTimeout' || kind === 'TransactionWriteConflict') return true;
  const code = failureOf(error).code;
  return code === 'P2034' || (typeof code === 'string' && code.startsWith('SQLITE_BUSY'));
}

/** Whether a unique key was there already. */
export function isUniqueViolation(error: unknown): boolean {
  return failureOf(error).code === 'P2002' || driverKind(error) === 'UniqueConstraintViolation';
}

/** Whether the record to be changed does not exist. */
export function isMissingRecord(error: unknown): boolean {
  return failureOf(error).code === 'P2025';
}

function failureOf(error: unknown): DatabaseFailure {
  return typeof error === 'object' && error !== null ? error : {};
}

/** The driver adapter's own word for the failure, whether Prisma wrapped it or not. */
function driverKind(error: unknown): unknown {
  const { cause, meta } = failureOf(error);
  const direct = failureOf(cause) as { readonly kind?: unknown };
  return meta?.driverAdapterError?.cause?.kind ?? direct.kind;
}
