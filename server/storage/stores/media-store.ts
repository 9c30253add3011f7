import { DomainError } from '#protocols';
import type { MediaJob, MediaStore, Medium } from '../../domain/media/medium.ts';
import type { Access } from '../engine.ts';
import type { FastTable } from '../fast-path.ts';
import { inParts } from '../paging.ts';

type MediumRow = { readonly [Field in keyof Medium]: Medium[Field] };

const MEDIUM: FastTable<MediumRow> = {
  name: 'Medium',
  columns: {
    sha256: 'text',
    bytes: 'bigint',
    durationMs: 'double precision',
    integratedLufs: 'double precision',
    truePeakDb: 'double precision',
    peaks: 'text',
    chunkList: 'text',
    chunkListSha256: 'text',
    createdAt: 'double precision',
  },
  key: ['sha256'],
  onConflict: 'keep',
};

export class DatabaseMediaStore implements MediaStore {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async get(sha256: string): Promise<Medium | null> {
    const row = await this.#access.models.medium.findUnique({ where: { sha256 } });
    return row === null ? null : { ...row, bytes: Number(row.bytes) };
  }

  async describe(hashes: readonly string[]): ReturnType<MediaStore['describe']> {
    const rows = await inParts(hashes, (part) =>
      this.#access.models.medium.findMany({
        where: { sha256: { in: part } },
        select: { sha256: true, bytes: true, durationMs: true, chunkListSha256: true },
      }),
    );
    return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
  }

  async put(medium: Medium): Promise<void> {
    await this.#access.fast.write(MEDIUM, [medium]);
  }

  async insertJob(job: MediaJob): Promise<void> {
    await this.#access.models.mediaJob.create({ data: { ...job, sourceBytes: BigInt(job.sourceBytes) } });
  }

  async updateJob(job: MediaJob): Promise<void> {
    const { id, ...fields } = job;
    const { count } = await this.#access.models.mediaJob.updateMany({
      where: { id },
      data: { ...fields, sourceBytes: BigInt(job.sourceBytes) },
    });
    if (count === 0) throw new DomainError('request.not_found', { what: 'media job', id });
  }

  async job(id: string): Promise<MediaJob | null> {
    const row = await this.#access.models.mediaJob.findUnique({ where: { id } });
    return row === null ? null : { ...row, sourceBytes: Number(row.sourceBytes) };
  }

  async openJobs(): Promise<MediaJob[]> {
    const rows = await this.#access.models.mediaJob.findMany({
      where: { state: { in: ['queued', 'running'] } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map((row) => ({ ...row, sourceBytes: Number(row.sourceBytes) }));
  }
}
