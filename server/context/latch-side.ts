import { join } from 'node:path';
import type { Clock } from '#kit';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { SpeakerIndex } from '../domain/broadcasts/resolve-targets.ts';
import type { LiveEvents } from '../domain/events/live-events.ts';
import type { KeyService } from '../domain/keys/key-service.ts';
import { LatchFile } from '../domain/latches/latch-file.ts';
import { LatchService } from '../domain/latches/latch-service.ts';
import type { Told } from '../domain/latches/latch-view.ts';
import { type NextSessions, ReminderService } from '../domain/latches/reminders.ts';
import type { HeldDocuments } from '../domain/plans/held-documents.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { Logger } from '../logger.ts';
import type { SpeakerSide } from './speaker-side.ts';

export interface LatchSideOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
  readonly events: LiveEvents;
  readonly keys: KeyService;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly speakerSide: Pick<SpeakerSide, 'gateway' | 'presence'>;
  /** Stops are documents that loudspeakers hold. */
  readonly documents: HeldDocuments;
  readonly sessions: NextSessions;
}

export type LatchSide = ReturnType<typeof buildLatchSide>;

/** Stops and what reminds of them, joined but not started: the file first, then the stops, then the reminders. */
export function buildLatchSide(options: LatchSideOptions) {
  const { dataFolder, clock, log, storage, events, keys, areas, speakers, speakerSide, documents, sessions } =
    options;
  const onError = (error: unknown) => log.error({ err: error, part: 'latches' }, 'a part failed');
  const file = new LatchFile({
    path: join(dataFolder, 'latches.bin'),
    onDamaged: (keptAs) => log.error({ keptAs }, 'the file of stops was damaged and is made anew'),
  });
  const latches = new LatchService({
    ...{ storage, clock, keys, areas, speakers, events, onError },
    log: file,
    publisher: speakerSide.gateway,
  });
  const reminders = new ReminderService({
    ...{ latches, sessions, clock, events, onError },
    read: storage.read,
  });
  const told: Told = (speakerId) => {
    const areaId = speakers.get(speakerId)?.areaId;
    const ancestry = areaId === undefined || !areas.tree.has(areaId) ? [] : areas.tree.ancestry(areaId);
    return speakerSide.presence.statusOf(speakerId)?.heldHash === documents.expectedHash(speakerId, ancestry);
  };
  documents.register(latches);
  return { file, latches, reminders, told };
}
