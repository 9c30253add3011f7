import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Marked } from '../../domain/announcements/announcement.ts';
import { namedAreas } from '../../domain/announcements/announcement-marks.ts';
import type { MarkKind, OpenMark } from '../../domain/announcements/mark.ts';
import type { Access } from '../engine.ts';
import { type FastTable, writeEach } from '../fast-path.ts';
import { inParts } from '../paging.ts';

type MarkRow = {
  readonly announcementId: string;
  readonly areaId: string;
  readonly kind: string;
  readonly at: number;
};

interface Mark {
  readonly areaId: string;
  readonly kind: MarkKind;
  /** When it was heard. */
  readonly at?: number;
}

const MARK: FastTable<MarkRow> = {
  name: 'AnnouncementMark',
  columns: { announcementId: 'text', areaId: 'text', kind: 'text', at: 'double precision' },
  key: ['announcementId', 'areaId', 'kind'],
  onConflict: 'keep',
};

const OPEN: readonly MarkKind[] = ['asked', 'parted', 'heard', 'unknown'];

/** Where a list goes on. */
export interface Position {
  readonly id: string;
  readonly createdAt: number;
}

/** The whole of the marks of one announcement, in place of those that it has. */
export async function replaceMarks(
  { models, fast }: Access,
  announcement: Marked['announcement'],
  open: readonly OpenMark[] | undefined,
): Promise<void> {
  const { id, state } = announcement;
  await models.announcementMark.deleteMany({ where: { announcementId: id } });
  if (state !== 'submitted' && state !== 'approved') return;
  const named = namedAreas(announcement);
  await writeEach(fast, MARK, named, (areaId) => rowOf(announcement, { areaId, kind: state }));
  const marks: readonly Mark[] = open ?? named.map((areaId) => ({ areaId, kind: 'unknown' }));
  await writeEach(fast, MARK, marks, (mark) => rowOf(announcement, mark));
}

/** What says where they wait, anew. */
export async function replaceOpenMarks({ models, fast }: Access, made: readonly Marked[]): Promise<void> {
  const ids = made.map(({ announcement }) => announcement.id);
  await inParts(ids, async (part) => {
    await models.announcementMark.deleteMany({
      where: { announcementId: { in: part }, kind: { in: [...OPEN] } },
    });
    return [];
  });
  const marks = made.flatMap(({ announcement, open }) => open.map((mark) => ({ announcement, mark })));
  await writeEach(fast, MARK, marks, ({ announcement, mark }) => rowOf(announcement, mark));
}

function rowOf(
  { id: announcementId, createdAt }: Marked['announcement'],
  { areaId, kind, at = createdAt }: Mark,
): MarkRow {
  return { announcementId, areaId, kind, at };
}

/** Ids of announcements with one of these marks, each once. The marks travel as one parameter, however many they are. */
export async function markedIds({ models, provider }: Access, marks: readonly Sought[]): Promise<string[]> {
  const sql =
    provider === 'sqlite'
      ? `SELECT DISTINCT m."announcementId" AS "id" FROM json_each(?) s CROSS JOIN "AnnouncementMark" m
          ON m."kind" = json_extract(s.value, '$[0]') AND m."areaId" = json_extract(s.value, '$[1]')`
      : `SELECT DISTINCT m."announcementId" AS "id" FROM jsonb_array_elements($1::jsonb) s JOIN "AnnouncementMark" m
          ON m."kind" = s->>0 AND m."areaId" = s->>1`;
  const rows: { readonly id: string }[] = await models.$queryRawUnsafe(sql, JSON.stringify(marks));
  return rows.map(({ id }) => id);
}

/** A kind of mark in an area. */
export type Sought = readonly [kind: MarkKind, areaId: string];

/** Entries of the index that one statement reads where it holds the event loop: a few milliseconds. */
const MOST_ENTRIES = 2_500;

interface MarkedPage {
  readonly order: 'ASC' | 'DESC';
  readonly limit: number;
  readonly after: Position | null;
}

/**
 * The same for one page of a list, in its order; `after` null: from the beginning. Of each mark that is sought no more entries of the index are read than the
 * page is long, however many there are.
 */
export async function markedPage(
  access: Access,
  marks: readonly Sought[],
  page: MarkedPage,
): Promise<string[]> {
  const { order, limit } = page;
  // PostgreSQL works elsewhere, and sorts text in its own way.
  const size = access.provider === 'sqlite' ? Math.max(1, Math.floor(MOST_ENTRIES / limit)) : marks.length;
  const found: Entry[] = [];
  for (let from = 0; from < marks.length; from += size) {
    if (from > 0) await nextTurn();
    found.push(...(await partOfPage(access, marks.slice(from, from + size), page)));
  }
  if (marks.length > size) {
    const sign = order === 'ASC' ? 1 : -1;
    found.sort((a, b) => sign * (a.at - b.at || (a.id < b.id ? -1 : 1)));
  }
  return [...new Set(found.map(({ id }) => id))].slice(0, limit);
}

interface Entry {
  readonly id: string;
  readonly at: number;
}

async function partOfPage(
  { models, provider }: Access,
  marks: readonly Sought[],
  { order, limit, after }: MarkedPage,
): Promise<Entry[]> {
  const sqlite = provider === 'sqlite';
  const place = (n: number) => (sqlite ? '?' : `$${n}`);
  const later = order === 'ASC' ? '>' : '<';
  const beyond = after === null ? '' : `AND (x."at", x."announcementId") ${later} (${place(3)}, ${place(4)})`;
  const page = `ORDER BY x."at" ${order}, x."announcementId" ${order} LIMIT ${place(2)}`;
  const each = sqlite
    ? `FROM json_each(${place(1)}) s CROSS JOIN "AnnouncementMark" m ON m.rowid IN (SELECT x.rowid FROM "AnnouncementMark" x
        WHERE x."kind" = json_extract(s.value, '$[0]') AND x."areaId" = json_extract(s.value, '$[1]') ${beyond} ${page})`
    : `FROM jsonb_array_elements(${place(1)}::jsonb) s CROSS JOIN LATERAL (SELECT x."announcementId", x."at" FROM "AnnouncementMark" x
        WHERE x."kind" = s->>0 AND x."areaId" = s->>1 ${beyond} ${page}) m`;
  // Where it was heard in several areas at several instants, the one that comes first in this order is its own.
  const at = order === 'ASC' ? 'MIN' : 'MAX';
  const sql = `SELECT m."announcementId" AS "id", ${at}(m."at") AS "at" ${each} GROUP BY m."announcementId" ORDER BY "at" ${order}, "id" ${order} LIMIT ${place(2)}`;
  const position = after === null ? [] : [after.createdAt, after.id];
  const sought = JSON.stringify(marks);
  // SQLite's places have no numbers: each is written where it stands.
  const values = sqlite ? [sought, ...position, limit, limit] : [sought, limit, ...position];
  return models.$queryRawUnsafe<Entry[]>(sql, ...values);
}
