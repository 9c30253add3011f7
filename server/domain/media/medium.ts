/** A deliverable file in the store, by content. Never changes. */
export interface Medium {
  readonly sha256: string;
  readonly bytes: number;
  readonly durationMs: number;
  readonly integratedLufs: number;
  readonly truePeakDb: number;
  /** Waveform for the eye, JSON as media's preparation gives it. */
  readonly peaks: string;
  /** Exact JSON bytes of the chunk list, and their SHA-256. */
  readonly chunkList: string;
  readonly chunkListSha256: string;
  readonly createdAt: number;
}

export type MediaJobState = 'queued' | 'running' | 'ready' | 'failed' | 'cancelled';

/** One upload on its way to a medium. */
export interface MediaJob {
  readonly id: string;
  readonly areaId: string;
  readonly state: MediaJobState;
  readonly stage: string;
  /** 0 to 1. */
  readonly progress: number;
  readonly sourceName: string;
  readonly sourceBytes: number;
  /** The medium, when ready. */
  readonly sha256: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** The medium that an announcement names; null: none, or it is not stored. */
export async function mediumOf(
  { media }: { readonly media: Pick<MediaStore, 'get'> },
  { mediaSha256 }: { readonly mediaSha256: string | null },
): Promise<Medium | null> {
  return mediaSha256 === null ? null : media.get(mediaSha256);
}

export interface MediaStore {
  get(sha256: string): Promise<Medium | null>;
  /** What orders say of those of these that are stored, without waveforms and chunk lists. */
  describe(
    hashes: readonly string[],
  ): Promise<Pick<Medium, 'sha256' | 'bytes' | 'durationMs' | 'chunkListSha256'>[]>;
  /** Inserts, or does nothing when these bytes are known already. */
  put(medium: Medium): Promise<void>;
  /** Notes since when no announcement names a medium, and that one is named again. */
  markUnused(now: number): Promise<void>;
  /** Deletes the records of what no announcement has named since before an instant, a hundred at most; their hashes and those of their chunk lists. */
  removeUnused(before: number): Promise<string[]>;
  /** The hashes of all media and of their chunk lists. */
  hashes(): Promise<string[]>;
  insertJob(job: MediaJob): Promise<void>;
  updateJob(job: MediaJob): Promise<void>;
  job(id: string): Promise<MediaJob | null>;
  /** The areas for which a medium was prepared, each once. */
  areasOf(sha256: string): Promise<string[]>;
  /** Jobs that were not ended when the process went: they are queued again or failed at start. */
  openJobs(): Promise<MediaJob[]>;
}
