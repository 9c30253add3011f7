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
    if (row === null) return null;
    const { unusedSince: _, ...medium } = row;
    return { ...medium, bytes: Number(row.bytes) };
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
    // Somebody brought it in once more: it is not about to be deleted.
    const { sha256 } = medium;
    await this.#access.models.medium.updateMany({
      where: { sha256, unusedSince: { not: null } },
      data: { unusedSince: null },
    });
  }

  async markUnused(now: number): Promise<void> {
    const { medium } = this.#access.models;
    await medium.updateMany({
      where: { announcements: { none: {} }, unusedSince: null },
      data: { unusedSince: now },
    });
    await medium.updateMany({
      where: { announcements: { some: {} }, unusedSince: { not: null } },
      data: { unusedSince: null },
    });
  }

  async removeUnused(before: number): Promise<string[]> {
    const rows = await this.#access.models.medium.findMany({
      where: { announcements: { none: {} }, unusedSince: { lt: before } },
      select: { sha256: true, chunkListSha256: true },
      orderBy: { sha256: 'asc' },
      take: 100,
    });
    const hashes = rows.map(({ sha256 }) => sha256);
    await this.#access.models.medium.deleteMany({ where: { sha256: { in: hashes } } });
    return rows.flatMap(({ sha256, chunkListSha256 }) => [sha256, chunkListSha256]);
  }

  async hashes(): Promise<string[]> {
    const rows = await this.#access.models.medium.findMany({
      select: { sha256: true, chunkListSha256: true },
    });
    return rows.flatMap(({ sha256, chunkListSha256 }) => [sha256, chunkListSha256]);
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

  async areasOf(sha256: string): Promise<string[]> {
    const rows = await this.#access.models.mediaJob.findMany({
      where: { sha256 },
      select: { areaId: true },
      distinct: ['areaId'],
    });
    return rows.map(({ areaId }) => areaId);
  }

  async openJobs(): Promise<MediaJob[]> {
    const rows = await this.#access.models.mediaJob.findMany({
      where: { state: { in: ['queued', 'running'] } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map((row) => ({ ...row, sourceBytes: Number(row.sourceBytes) }));
  }
}
