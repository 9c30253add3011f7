import { join } from 'node:path';
import type { Clock } from '#kit';
import { type Binaries, ContentStore, locateBinaries, PreparationQueue } from '#media';
import type { ServerConfig } from '../config/index.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { LiveEvents } from '../domain/events/live-events.ts';
import { MediaJobs } from '../domain/media/media-jobs.ts';
import { UploadFolder } from '../domain/media/upload-folder.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { Logger } from '../logger.ts';

export interface MediaSideOptions {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
  readonly events: LiveEvents;
  readonly areas: AreaDirectory;
}

export type MediaSide = Awaited<ReturnType<typeof buildMediaSide>>;

/** Audio in, deliverable files out: joined but not started. Throws `media.decoder_missing`. */
export async function buildMediaSide({ config, clock, log, storage, events, areas }: MediaSideOptions) {
  const onError = (what: string, error: unknown) => log.error({ err: error, part: what }, 'a part failed');
  const binaries = await findBinaries(config);
  const content = new ContentStore({ folder: join(config.dataFolder, 'media') });
  const limits = { maxBytes: config.uploadLimitBytes, maxDurationMs: config.audioLimitMs };
  const queue = new PreparationQueue({ binaries, store: content, clock, limits, onError });
  const uploads = new UploadFolder({
    folder: join(config.dataFolder, 'uploads'),
    maxBytes: config.uploadLimitBytes,
  });
  const jobs = new MediaJobs({ storage, areas, queue, uploads, events, clock, onError });
  return { binaries, content, queue, jobs };
}

async function findBinaries({ ffmpeg, ffprobe }: ServerConfig): Promise<Binaries> {
  if (ffmpeg === null || ffprobe === null) return locateBinaries();
  return { ffmpeg, ffprobe, bundled: false, warning: null };
}
