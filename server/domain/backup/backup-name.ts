import type { Instant } from '#kit';

/** What a backup's file name says. */
export interface BackupName {
  readonly name: string;
  readonly areaId: string;
  /** When the snapshot was taken, to the second. */
  readonly at: Instant;
  /** Number of the sheet whose passphrase opens it; 0: a passphrase shown on the terminal once. */
  readonly sheet: number;
}

const PATTERN =
  /^loa-lang_([a-z0-9][a-z0-9_-]{0,63})_(\d{4})-(\d\d)-(\d\d)_(\d\d)-(\d\d)-(\d\d)Z_phieu-(\d{1,6})\.tar$/;

/** "loa-lang_tan-an_2026-01-31_19-30-00Z_phieu-2.tar": whose, when (UTC), and which sheet opens it. */
export function backupName(areaId: string, at: Instant, sheet: number): string {
  const [day, time] = new Date(at).toISOString().split('T') as [string, string];
  return `loa-lang_${areaId}_${day}_${time.slice(0, 8).replaceAll(':', '-')}Z_phieu-${sheet}.tar`;
}

/** Null for a file that is no backup of ours. */
export function readBackupName(name: string): BackupName | null {
  const match = PATTERN.exec(name);
  if (match === null) return null;
  const [, areaId = '', year, month, day, hour, minute, second, sheet] = match;
  const at = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return { name, areaId, at, sheet: Number(sheet) };
}
