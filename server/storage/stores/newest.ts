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

/** Puts records into the order of their ids. */
export function inOrder<Row extends { readonly id: string }>(
  ids: readonly string[],
  rows: readonly Row[],
): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
