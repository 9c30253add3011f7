import { rename } from 'node:fs/promises';

/** Node's code of a failed system call ("ENOENT", "ENOSPC" …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The result, or `otherwise` where the file does not exist. */
export async function ifMissing<Result, Otherwise>(
  work: Promise<Result>,
  otherwise: Otherwise,
): Promise<Result | Otherwise> {
  try {
    return await work;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return otherwise;
    throw error;
  }
}

/** Whether an error says that there is no room left: the disk's, or the quota's. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

/** Puts a file that cannot be used out of the way, kept for whoever looks into it. */
export async function quarantine(path: string, now: number): Promise<void> {
  await ifMissing(rename(path, `${path}.${Math.floor(now)}.corrupt`), undefined);
}
