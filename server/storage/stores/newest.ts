import type { Access } from '../engine.ts';

/** Where a list goes on: the last item of the page before. */
interface Position {
  readonly id: string;
  readonly createdAt: number;
}

/**
 * Ids of the newest records of some areas, newest first. The areas travel as one parameter, however many they are.
 * `after` null: from the newest on.
 */
export async function newestIds(
  { models, provider }: Access,
  table: 'Announcement' | 'Broadcast',
  areaIds: readonly string[],
  limit: number,
  after: Position | null,
): Promise<string[]> {
  const place = (n: number) => (provider === 'sqlite' ? '?' : `$${n}`);
  const areas =
    provider === 'sqlite'
      ? `SELECT value FROM json_each(${place(1)})`
      : `SELECT jsonb_array_elements_text(${place(1)}::jsonb)`;
  const older =
    after === null
      ? ''
      : `AND ("createdAt" < ${place(3)} OR ("createdAt" = ${place(4)} AND "id" < ${place(5)}))`;
  const sql = `SELECT "id" FROM "${table}" WHERE "areaId" IN (${areas}) ${older} ORDER BY "createdAt" DESC, "id" DESC LIMIT ${place(2)}`;
  const position = after === null ? [] : [after.createdAt, after.createdAt, after.id];
  // SQLite's places have no numbers: the limit is written last there.
  const values =
    provider === 'sqlite'
      ? [JSON.stringify(areaIds), ...position, limit]
      : [JSON.stringify(areaIds), limit, ...position];
  const rows: { readonly id: string }[] = await models.$queryRawUnsafe(sql, ...values);
  return rows.map(({ id }) => id);
}

/**
 * Ids of the announcements that are meant for one of these areas (of its station, or named in `forAreas`), newest first: those that may wait for somebody there, or
 * the approved ones. The areas travel as one parameter, however many they are.
 */
export async function meantIds(
  { models, provider }: Access,
  which: 'waiting' | 'approved',
  areaIds: readonly string[],
): Promise<string[]> {
  const sqlite = provider === 'sqlite';
  const areas = sqlite
    ? 'WITH asked(id) AS (SELECT value FROM json_each(?))'
    : 'WITH asked(id) AS (SELECT jsonb_array_elements_text($1::jsonb))';
  const named = sqlite
    ? 'SELECT value FROM json_each(a."forAreas")'
    : 'SELECT jsonb_array_elements_text(a."forAreas"::jsonb)';
  // What is approved for somewhere may wait elsewhere only where it says for whom it is meant, or its area became part of another.
  const merged = `EXISTS (SELECT 1 FROM "Area" m WHERE m."id" = a."areaId" AND m."mergedInto" IS NOT NULL)`;
  const state =
    which === 'approved'
      ? `a."state" = 'approved'`
      : `(a."state" = 'submitted' OR (a."state" = 'approved' AND (a."forAreas" <> '[]' OR ${merged})))`;
  const sql = `${areas} SELECT a."id" FROM "Announcement" a WHERE ${state} AND (a."areaId" IN (SELECT id FROM asked) OR EXISTS (${named} INTERSECT SELECT id FROM asked)) ORDER BY a."createdAt" DESC, a."id" DESC`;
  const rows: { readonly id: string }[] = await models.$queryRawUnsafe(sql, JSON.stringify(areaIds));
  return rows.map(({ id }) => id);
}

/** Puts records into the order of their ids. */
export function inOrder<Row extends { readonly id: string }>(
  ids: readonly string[],
  rows: readonly Row[],
): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
