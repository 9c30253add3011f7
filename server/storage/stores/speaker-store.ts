import { DomainError, type Health, type Hold } from '#protocols';
import type {
  Speaker,
  SpeakerCredential,
  SpeakerCredentials,
  SpeakerFilter,
  SpeakerStatus,
  SpeakerStore,
  StoredJournal,
} from '../../domain/speakers/speaker.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { type FastPath, writeEach } from '../fast-path.ts';
import { allPages, inParts, PAGE_ROWS } from '../paging.ts';
import { fromJson, fromJsonOrNull, toJsonOrNull } from './json.ts';
import { HEALTH, POSITION, STATUS, toStatus, toStatusRow } from './speaker-tables.ts';

type SpeakerRow = NonNullable<Awaited<ReturnType<Models['speaker']['findUnique']>>>;

/** Whose record has a mute or maintenance. */
const HELD = { OR: [{ mute: { not: null } }, { maintenance: { not: null } }] };

const CREDENTIAL_FIELDS = { id: true, secretHash: true, lifecycle: true, areaId: true } as const;

export class DatabaseSpeakerStore implements SpeakerStore {
  readonly #models: Models;
  readonly #fast: FastPath;

  constructor({ models, fast }: Access) {
    this.#models = models;
    this.#fast = fast;
  }

  /** In the order of their ids. */
  async list(filter: SpeakerFilter = {}): Promise<Speaker[]> {
    const { areaIds, ids, held } = filter;
    if (held === true) return (await this.#pages(undefined, HELD)).map(toSpeaker);
    if (ids !== undefined) {
      const rows = await inParts(ids, (part) =>
        this.#models.speaker.findMany({ where: { id: { in: part } } }),
      );
      const wanted = areaIds === undefined ? undefined : new Set(areaIds);
      return byId(rows.filter(({ areaId }) => wanted?.has(areaId) ?? true)).map(toSpeaker);
    }
    if (areaIds === undefined) return (await this.#pages(undefined)).map(toSpeaker);
    return byId(await inParts(areaIds, (part) => this.#pages(part))).map(toSpeaker);
  }

  async get(id: string): Promise<Speaker | null> {
    const row = await this.#models.speaker.findUnique({ where: { id } });
    return row === null ? null : toSpeaker(row);
  }

  async insert(speaker: Speaker): Promise<void> {
    await this.#models.speaker.create({ data: toRow(speaker) });
  }

  async update(speaker: Speaker): Promise<void> {
    const { id, ...fields } = toRow(speaker);
    const { count } = await this.#models.speaker.updateMany({ where: { id }, data: fields });
    if (count === 0) throw new DomainError('request.not_found', { what: 'speaker', id });
  }

  async credentials(): Promise<SpeakerCredential[]> {
    const rows = await allPages<Pick<SpeakerRow, keyof typeof CREDENTIAL_FIELDS>>((after) =>
      this.#models.speaker.findMany({
        where: { id: { gt: after?.id ?? '' } },
        orderBy: { id: 'asc' },
        take: PAGE_ROWS,
        select: CREDENTIAL_FIELDS,
      }),
    );
    return rows.map(({ id, ...rest }) => ({ speakerId: id, ...rest }));
  }

  async enrol(speakerId: string, credentials: SpeakerCredentials): Promise<boolean> {
    const { count } = await this.#models.speaker.updateMany({
      where: { id: speakerId, lifecycle: { in: ['enrolled', 'active'] } },
      data: credentials,
    });
    return count === 1;
  }

  async activate(speakerId: string): Promise<void> {
    await this.#models.speaker.updateMany({
      where: { id: speakerId, lifecycle: 'enrolled' },
      data: { lifecycle: 'active' },
    });
  }

  async statuses(filter: SpeakerFilter = {}): Promise<SpeakerStatus[]> {
    if (filter.ids === undefined && filter.areaIds === undefined) {
      return allPages(async (after: SpeakerStatus | undefined) => {
        const rows = await this.#models.speakerStatus.findMany({
          where: { speakerId: { gt: after?.speakerId ?? '' } },
          orderBy: { speakerId: 'asc' },
          take: PAGE_ROWS,
        });
        return rows.map(toStatus);
      });
    }
    const ids = filter.areaIds === undefined ? (filter.ids ?? []) : await this.#idsWithin(filter);
    const found = await inParts(ids, async (part) => {
      const rows = await this.#fast.lookup(
        STATUS,
        ['speakerId'],
        part.map((id) => [id]),
      );
      return rows.map(toStatus);
    });
    return found.sort((a, b) => (a.speakerId < b.speakerId ? -1 : 1));
  }

  async saveStatuses(statuses: readonly SpeakerStatus[]): Promise<void> {
    const newest = new Map<string, SpeakerStatus>();
    for (const status of statuses) {
      const before = newest.get(status.speakerId);
      if (before === undefined || status.sessionEpoch >= before.sessionEpoch)
        newest.set(status.speakerId, status);
    }
    await writeEach(this.#fast, STATUS, [...newest.values()], toStatusRow);
  }

  async forgetLinks(): Promise<void> {
    const online = await allPages((after: { readonly speakerId: string } | undefined) =>
      this.#models.speakerStatus.findMany({
        where: { link: 'online', speakerId: { gt: after?.speakerId ?? '' } },
        orderBy: { speakerId: 'asc' },
        take: PAGE_ROWS,
        select: { speakerId: true },
      }),
    );
    await inParts(
      online.map(({ speakerId }) => speakerId),
      async (part) => {
        await this.#models.speakerStatus.updateMany({
          where: { speakerId: { in: part } },
          data: { link: 'unknown' },
        });
        return [];
      },
    );
  }

  async saveHealth(
    reports: readonly { readonly speakerId: string; readonly health: Health }[],
  ): Promise<void> {
    await writeEach(this.#fast, HEALTH, reports, ({ speakerId, health }) => ({
      ...{ speakerId, at: health.at, report: JSON.stringify(health) },
    }));
  }

  async leavePlace(speakerId: string, areaId: string, until: number): Promise<void> {
    const known = await this.#models.speakerPlace.updateMany({ where: { speakerId, until }, data: {} });
    // Moved twice in one instant: it lay in the first one.
    if (known.count === 0) await this.#models.speakerPlace.create({ data: { speakerId, areaId, until } });
  }

  async placesAt(speakerIds: readonly string[], at: number): Promise<Map<string, string>> {
    const rows = await inParts(speakerIds, (part) =>
      this.#models.speakerPlace.findMany({
        where: { speakerId: { in: part }, until: { gt: at } },
        orderBy: { until: 'desc' },
      }),
    );
    // The earliest that is later than the instant comes last, and counts.
    return new Map(rows.map(({ speakerId, areaId }) => [speakerId, areaId]));
  }

  async pruneHealth(before: number, most = PAGE_ROWS): Promise<number> {
    const last = await this.#models.healthReport.findFirst({
      where: { at: { lt: before } },
      orderBy: { at: 'asc' },
      skip: most - 1,
      select: { at: true },
    });
    const at = last === null ? { lt: before } : { lte: last.at };
    const { count } = await this.#models.healthReport.deleteMany({ where: { at } });
    return count;
  }

  async oldestHealthAt(): Promise<number | null> {
    const first = await this.#models.healthReport.findFirst({ orderBy: { at: 'asc' }, select: { at: true } });
    return first?.at ?? null;
  }

  async thinHealth({ bucket, from, to }: Parameters<SpeakerStore['thinHealth']>[0]): Promise<void> {
    // Of each loudspeaker the first of the bucket stays, and whatever names a problem.
    await this.#models.$executeRaw`DELETE FROM "HealthReport" WHERE "at" >= ${from} AND "at" < ${to}
      AND "report" LIKE '%"problems":[]%' AND EXISTS (SELECT 1 FROM "HealthReport" AS "earlier"
        WHERE "earlier"."speakerId" = "HealthReport"."speakerId" AND "earlier"."at" >= ${bucket}
        AND "earlier"."at" < "HealthReport"."at")`;
  }

  async journals(speakerIds: readonly string[]): Promise<Map<string, StoredJournal>> {
    const rows = await this.#fast.lookup(
      POSITION,
      ['speakerId'],
      [...new Set(speakerIds)].map((id) => [id]),
    );
    return new Map(rows.map(({ speakerId, epoch, seq, hash }) => [speakerId, { epoch, seq, hash }]));
  }

  #pages(areaIds: string[] | undefined, where: Partial<typeof HELD> = {}): Promise<SpeakerRow[]> {
    return allPages((after: SpeakerRow | undefined) =>
      this.#models.speaker.findMany({
        where: { id: { gt: after?.id ?? '' }, ...(areaIds && { areaId: { in: areaIds } }), ...where },
        orderBy: { id: 'asc' },
        take: PAGE_ROWS,
      }),
    );
  }

  async #idsWithin({ areaIds = [], ids }: SpeakerFilter): Promise<string[]> {
    const rows = await inParts(areaIds, (part) =>
      this.#models.speaker.findMany({ where: { areaId: { in: part } }, select: { id: true } }),
    );
    const wanted = ids === undefined ? undefined : new Set(ids);
    return rows.map(({ id }) => id).filter((id) => wanted?.has(id) ?? true);
  }
}

function byId(rows: SpeakerRow[]): SpeakerRow[] {
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function toRow(speaker: Speaker): SpeakerRow {
  return {
    ...speaker,
    volumeProfile: JSON.stringify(speaker.volumeProfile),
    mute: toJsonOrNull(speaker.mute),
    maintenance: toJsonOrNull(speaker.maintenance),
    assignmentRevision: BigInt(speaker.assignmentRevision),
  };
}

function toSpeaker(row: SpeakerRow): Speaker {
  return {
    ...row,
    volumeProfile: fromJson<Speaker['volumeProfile']>(row.volumeProfile),
    mute: fromJsonOrNull<Hold>(row.mute),
    maintenance: fromJsonOrNull<Hold>(row.maintenance),
    assignmentRevision: Number(row.assignmentRevision),
  };
}
