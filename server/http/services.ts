import type { Clock } from '#kit';
import type { TokenBook } from '../domain/accounts/token-book.ts';
import type { AnnouncementService } from '../domain/announcements/announcement-service.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { AreaService } from '../domain/areas/area-service.ts';
import type { Acts } from '../domain/audit/acts.ts';
import type { BroadcastService } from '../domain/broadcasts/broadcast-service.ts';
import type { SpeakerIndex } from '../domain/broadcasts/resolve-targets.ts';
import type { EventHub } from '../domain/events/event-hub.ts';
import type { MediaJobs } from '../domain/media/media-jobs.ts';
import type { SpeakerService } from '../domain/speakers/speaker-service.ts';
import type { Stores } from '../domain/unit-of-work.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';
import type { StatementSource, TimeSource } from './speaker-sources.ts';

/** Where prepared files lie. */
export interface ContentFiles {
  /** Throws `media.not_stored`. */
  open(sha256: string): Promise<{ readonly path: string; readonly bytes: number }>;
}

/** Whether a loudspeaker is who it says. */
export interface SpeakerSecrets {
  check(speakerId: string, secret: Uint8Array): 'ok' | 'credentials' | 'blocked';
}

/** What the HTTP API is made of. Routes know these, and nothing of how they are put together. */
export interface ApiServices {
  readonly version: string;
  readonly clock: Clock;
  readonly tokens: Pick<TokenBook, 'find'>;
  readonly speakerSecrets: SpeakerSecrets;
  readonly acts: Acts;
  readonly read: Stores;
  readonly areaDirectory: AreaDirectory;
  readonly areas: AreaService;
  readonly speakerIndex: SpeakerIndex;
  readonly speakers: SpeakerService;
  readonly mediaJobs: MediaJobs;
  readonly content: ContentFiles;
  readonly announcements: AnnouncementService;
  readonly broadcasts: BroadcastService;
  readonly events: EventHub;
  readonly statements: StatementSource;
  readonly time: TimeSource;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly uploadLimitBytes: number;
}
