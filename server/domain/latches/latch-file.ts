import { UrgentFile, type UrgentFileOptions } from '../urgent/urgent-file.ts';
import type { LatchLog, LatchRecord } from './latch.ts';

export const LATCH_FILE_BYTES = 1024 * 1024;
export const LATCH_FILE_MAGIC = 'loa-latches/1';

/** Stops and releases on the disk. When too many are in force, the oldest are left to the database. */
export class LatchFile extends UrgentFile<LatchRecord> implements LatchLog {
  constructor(options: Pick<UrgentFileOptions, 'path' | 'onDamaged'>) {
    super({ ...options, magic: LATCH_FILE_MAGIC, bytes: LATCH_FILE_BYTES, overflow: 'forget' });
  }
}
