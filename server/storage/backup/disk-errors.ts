import { firstLineOf } from '#kit';
import { DomainError, isDomainError } from '#protocols';

/** Whether an error is what the system says of a disk or a file on it (`EIO`, `EACCES` …), SQLite's words for the same included. A missing file is not. */
export function isOfDisk(error: unknown): boolean {
  const code = codeOf(error);
  return (/^E[A-Z0-9]+$/.test(code) && code !== 'ENOENT') || code.startsWith('SQLITE_IOERR');
}

/** What reading or writing in a folder threw, in words for people where it is the disk's: no room, or what the system says. Anything else as it is. */
export function asDiskError(error: unknown, folder: string): unknown {
  if (isDomainError(error)) return error;
  if (['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(codeOf(error)))
    return new DomainError('backup.place_full', { folder }, { cause: error });
  if (!isOfDisk(error)) return error;
  const path = error instanceof Error && 'path' in error ? String(error.path) : folder;
  return new DomainError(
    'backup.disk_failed',
    { folder: path, reason: firstLineOf(error).slice(0, 300) },
    { cause: error },
  );
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
