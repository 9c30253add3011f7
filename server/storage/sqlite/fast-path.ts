import type { Database, Statement } from 'better-sqlite3';
import {
  type ColumnType,
  conflictClause,
  type FastPath,
  type FastRow,
  type FastTable,
  type FastValue,
  type Fields,
  quoted,
  steps,
} from '../fast-path.ts';
import { allPages, PAGE_ROWS } from '../paging.ts';
import type { Breath } from './breath.ts';

/**
 * Prepared statements on the connection that Prisma's adapter opened, thus inside the transaction that is open there.
 * Measured against one statement with all rows in a JSON parameter: 1.5 times as fast driver against driver, 2 times
 * through Prisma's raw queries.
 */
export class SqliteFastPath implements FastPath {
  readonly #database: () => Database;
  readonly #breath: Breath;
  readonly #prepared = new Map<string, Statement>();
  #preparedFor: Database | undefined;

  /** `database` gives the open connection, or throws. */
  constructor(database: () => Database, breath: Breath) {
    this.#database = database;
    this.#breath = breath;
  }

  async write<Row extends FastRow>(table: FastTable<Row>, rows: readonly Row[]): Promise<void> {
    const columns = Object.keys(table.columns);
    const places = columns.map(() => '?').join(', ');
    const sql = `INSERT INTO "${table.name}" (${quoted(columns)}) VALUES (${places}) ${conflictClause(table)}`;
    for (const part of steps(rows)) {
      await this.#breath.take();
      const statement = this.#prepare(sql);
      for (const row of part as readonly Fields[]) statement.run(columns.map((column) => bound(row[column])));
    }
  }

  async lookup<Row extends FastRow>(
    table: FastTable<Row>,
    by: readonly (keyof Row & string)[],
    values: readonly (readonly FastValue[])[],
  ): Promise<Row[]> {
    const types: Readonly<Record<string, ColumnType>> = table.columns;
    const columns = Object.keys(types);
    const condition = by.map((column) => `"${column}" = ?`).join(' AND ');
    const sql = `SELECT ${quoted(columns)} FROM "${table.name}" WHERE ${condition}`;
    const found: Row[] = [];
    for (const part of steps(values)) {
      await this.#breath.take();
      const statement = this.#prepare(sql);
      for (const key of part) found.push(...readBack(table, statement.all(key.map(bound))));
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
    const sql =
      `SELECT ${quoted(Object.keys(table.columns))} FROM "${table.name}"` +
      ` WHERE ("${by}", "${key}") > (?, ?) AND "${by}" < ? ORDER BY "${by}", "${key}" LIMIT ${PAGE_ROWS}`;
    let place: readonly unknown[] = [from, ''];
    return allPages(async () => {
      await this.#breath.take();
      const rows = readBack(table, this.#prepare(sql).all(...place, to));
      const last = rows.at(-1);
      if (last !== undefined) place = [last[by], last[key]];
      return rows.map(toItem);
    });
  }

  #prepare(sql: string): Statement {
    const database = this.#database();
    if (database !== this.#preparedFor) this.#prepared.clear();
    this.#preparedFor = database;
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      // The adapter reads integers as bigint; ours are all below 2 ** 53.
      statement = database.prepare(sql).safeIntegers(false);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

function readBack<Row extends FastRow>({ columns }: FastTable<Row>, rows: readonly unknown[]): Row[] {
  const types: Readonly<Record<string, ColumnType>> = columns;
  const booleans = Object.keys(types).filter((column) => types[column] === 'boolean');
  for (const row of rows as Record<string, FastValue>[])
    for (const column of booleans) row[column] = row[column] === 1;
  return rows as Row[];
}

/** SQLite has no boolean of its own. */
function bound(value: FastValue | undefined): string | number | null {
  return typeof value === 'boolean' ? Number(value) : (value ?? null);
}
