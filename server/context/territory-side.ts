import type { Clock } from '#kit';
import type { ServerConfig } from '../config/index.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import { AreaMover, type AreaMoverOptions } from '../domain/areas/area-mover.ts';
import { AreaService, type AreaServiceOptions } from '../domain/areas/area-service.ts';
import type { HolidayTable } from '../domain/calendar/holiday.ts';
import { KeyRotation } from '../domain/keys/key-rotation.ts';
import type { KeyService } from '../domain/keys/key-service.ts';
import type { LatchService } from '../domain/latches/latch-service.ts';
import type { AssignmentService } from '../domain/speakers/assignment.ts';
import { CommonState } from '../domain/speakers/common-state.ts';
import type { Speaker } from '../domain/speakers/speaker.ts';
import type { SpeakerDirectory } from '../domain/speakers/speaker-directory.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { Logger } from '../logger.ts';

export interface TerritorySideOptions {
  readonly config: Pick<ServerConfig, 'moreUrls' | 'streamAllow'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
  readonly keys: KeyService;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerDirectory;
  readonly holidays: { readonly table: HolidayTable };
  readonly assignments: AssignmentService;
  readonly latches: LatchService;
  readonly planning: { changed(): void };
  readonly onSaved: (speaker: Speaker) => void;
  readonly follow: AreaMoverOptions['follow'];
  readonly onEntered: AreaServiceOptions['onEntered'];
}

/** Where everything lies, and which key it is signed with: what makes many assignments new at once. */
export function buildTerritorySide(options: TerritorySideOptions) {
  const { clock, log, storage, keys, speakers, holidays, assignments, latches, planning, onSaved } = options;
  const speakerIds = () => Array.from(speakers.all(), ({ speakerId }) => speakerId);
  const commonState = new CommonState({
    ...{ storage, clock, speakerIds, assignments },
    ...{ endpoints: options.config.moreUrls, streams: options.config.streamAllow },
  });
  const rotation = new KeyRotation({
    ...{ keys, storage, clock, assignments, latches, planning, areas: options.areas, speakerIds },
    onError: (error) => log.error({ err: error, part: 'key rotation' }, 'a part failed'),
  });
  const onTerritory = (areaIds: ReadonlySet<string>) => {
    assignments.refreshSoon(Array.from(speakers.inAreas(areaIds), ({ speakerId }) => speakerId));
    planning.changed();
  };
  const shared = { directory: options.areas, clock, holidays };
  const areas = new AreaService({ ...shared, onRulesChanged: onTerritory, onEntered: options.onEntered });
  const areaMoves = new AreaMover({
    ...{ ...shared, view: (area, tree) => areas.view(area, tree), onSpeakerMoved: onSaved },
    isStopped: (id) => latches.book.newestOf({ kind: 'area', id })?.state === 'set',
    onMoved: onTerritory,
    follow: options.follow,
  });
  return { rotation, commonState, areas, areaMoves };
}
