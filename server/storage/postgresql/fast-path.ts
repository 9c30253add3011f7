import type { Models } from '../client.ts';
import {
  type ColumnType,
  conflictClause,
  type FastPath,
  type FastRow,
  type FastTable,
  type FastValue,
  quoted,
  steps,
} from '../fast-path.ts';
import { allPages, PAGE_ROWS } from '../paging.ts';

/** Rows of one statement: larger ones save no time, and encoding them holds the event loop. */
const STATEMENT_ROWS = 500;

/** One statement for many rows, which travel as one JSON parameter. */
export class PostgresqlFastPath implements FastPath {
  readonly #models: () => Pick<Models, '$executeRawUnsafe' | '$queryRawUnsafe'>;

  constructor(models: () => Pick<Models, '$executeRawUnsafe' | '$queryRawUnsafe'>) {
    this.#models = models;
  }

  async write<Row extends FastRow>(table: FastTable<Row>, rows: readonly Row[]): Promise<void> {
    const columns = Object.keys(table.columns);
    const sql =
      `INSERT INTO "${table.name}" (${quoted(columns)}) SELECT ${quoted(columns)}` +
      ` FROM jsonb_to_recordset($1::jsonb) AS given(${definitions(table, columns)}) ${conflictClause(table)}`;
    // One statement may not touch a row twice.
    const distinct = table.onConflict === 'replace' ? lastOfEachKey(table, rows) : rows;
    for (const part of steps(distinct, STATEMENT_ROWS))
      await this.#models().$executeRawUnsafe(sql, JSON.stringify(part));
  }

  async lookup<Row extends FastRow>(
    table: FastTable<Row>,
    by: readonly (keyof Row & string)[],
    values: readonly (readonly FastValue[])[],
  ): Promise<Row[]> {
    const columns = Object.keys(table.columns);
    const selected = columns.map((column) => `found."${column}"`).join(', ');
    const sql =
      `SELECT ${selected} FROM jsonb_to_recordset($1::jsonb) AS given(${definitions(table, by)})` +
      ` JOIN "${table.name}" found ON ${by.map((column) => `found."${column}" = given."${column}"`).join(' AND ')}`;
    const found: Row[] = [];
    for (const part of steps(values, STATEMENT_ROWS)) {
      const keys = part.map((key) => Object.fromEntries(by.map((column, i) => [column, key[i]])));
      found.push(...(await this.#rows(table, sql, JSON.stringify(keys))));
    }
    return found;
  }

  range<Row extends FastRow, Item>(
    table: FastTable<Row>,
    by: keyof Row & string,
    [from, to]: readonly [from: number, to: number],
    toItem: (row: Row) => Item,
  ): Promise<Item[]> {
    const key = table.key[0] as keyof Row & string;
    const type = table.columns[by];
    const sql =
      `SELECT ${quoted(Object.keys(table.columns))} FROM "${table.name}"` +
      ` WHERE ("${by}", "${key}") > ($1::${type}, $2::text) AND "${by}" < $3::${type}` +
      ` ORDER BY "${by}", "${key}" LIMIT ${PAGE_ROWS}`;
    let place: readonly unknown[] = [from, ''];
    return allPages(async () => {
      const rows = await this.#rows(table, sql, ...place, to);
      const last = rows.at(-1);
      if (last !== undefined) place = [last[by], last[key]];
      return rows.map(toItem);
    });
  }

  async #rows<Row extends FastRow>(
    { columns }: FastTable<Row>,
    sql: string,
    ...values: readonly unknown[]
  ): Promise<Row[]> {
    const rows: Record<string, FastValue | bigint>[] = await this.#models().$queryRawUnsafe(sql, ...values);
    for (const row of rows)
      for (const column of Object.keys(columns))
        if (typeof row[column] === 'bigint') row[column] = Number(row[column]);
    return rows as Row[];
  }
}

function definitions<Row extends FastRow>(table: FastTable<Row>, columns: readonly string[]): string {
  const types: Readonly<Record<string, ColumnType>> = table.columns;
  return columns.map((column) => `"${column}" ${types[column]}`).join(', ');
}

function lastOfEachKey<Row extends FastRow>(table: FastTable<Row>, rows: readonly Row[]): Row[] {
  const byKey = new Map(rows.map((row) => [JSON.stringify(table.key.map((column) => row[column])), row]));
  return [...byKey.values()];
}
