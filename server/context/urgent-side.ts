import { join } from 'node:path';
import type { Acts } from '../domain/audit/acts.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { PendingActs } from '../domain/urgent/pending-acts.ts';
import type { UrgentEntry } from '../domain/urgent/urgent-act.ts';
import { UrgentActs } from '../domain/urgent/urgent-acts.ts';
import { UrgentCancels, type UrgentCancelsOptions } from '../domain/urgent/urgent-cancels.ts';
import { UrgentFile } from '../domain/urgent/urgent-file.ts';
import type { UrgentReads } from '../domain/urgent/urgent-reads.ts';
import {
  UrgentSpeakerChanges,
  type UrgentSpeakerChangesOptions,
} from '../domain/urgent/urgent-speaker-changes.ts';
import type { Logger } from '../logger.ts';

/** Some hundreds of acts: more are not done while the database is held. */
const FILE_BYTES = 4 * 1024 * 1024;

export interface UrgentSideOptions
  extends Omit<UrgentCancelsOptions, 'read' | 'pending' | 'speakers'>,
    Omit<UrgentSpeakerChangesOptions, 'read' | 'pending' | 'speakers'> {
  readonly dataFolder: string;
  readonly log: Logger;
  readonly storage: Storage & { readonly owned: boolean; readonly urgentReads: UrgentReads };
  readonly acts: Acts;
  readonly pending: PendingActs;
  readonly speakerIndex: UrgentCancelsOptions['speakers'];
  readonly speakers: UrgentSpeakerChangesOptions['speakers'];
}

export type UrgentSide = ReturnType<typeof buildUrgentSide>;

/** Acts that do not wait for the database, joined but not started: the file first, then the acts. */
export function buildUrgentSide(options: UrgentSideOptions) {
  const { dataFolder, log, storage, acts, pending, clock, speakerIndex } = options;
  const file = new UrgentFile<UrgentEntry>({
    path: join(dataFolder, 'urgent.bin'),
    magic: 'loa-urgent/1',
    bytes: FILE_BYTES,
    overflow: 'refuse',
    onDamaged: (keptAs) => log.error({ keptAs }, 'the file of urgent acts was damaged and is made anew'),
  });
  const read = storage.urgentReads;
  const cancels = new UrgentCancels({ ...options, read, speakers: speakerIndex });
  const speakerChanges = new UrgentSpeakerChanges({ ...options, read });
  const urgent = new UrgentActs({
    ...{ acts, storage, pending, cancels, speakerChanges, clock },
    log: file,
    onError: (error) => log.error({ err: error, part: 'urgent acts' }, 'a part failed'),
  });
  return { file, cancels, speakerChanges, urgent };
}
