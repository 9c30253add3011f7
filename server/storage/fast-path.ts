/**
 * The path for what comes in thousands a second: receipts, health, status. Each table states its columns once; the
 * providers make of it what they are fastest with. Everything else goes through Prisma's models.
 */

/** Column types, as PostgreSQL names them; an enum by its own name. SQLite needs only to know numbers and booleans. */
export type ColumnType = 'text' | 'bigint' | 'integer' | 'double precision' | 'boolean' | `"${string}"`;

export type FastValue = string | number | boolean | null;
/** A row as its store knows it; every field is a `FastValue`. */
export type FastRow = object;
/** The same row as the providers see it. */
export type Fields = Readonly<Record<string, FastValue>>;

export interface FastTable<Row extends FastRow> {
  readonly name: string;
  readonly columns: { readonly [Column in keyof Row]: ColumnType };
  readonly key: readonly (keyof Row & string)[];
  /** What happens to a row whose key is there: `keep` the old one, or `replace` it … */
  readonly onConflict: 'keep' | 'replace';
  /** … only where this SQL holds; the new row is `excluded`, the old one goes by the table's name. */
  readonly replaceWhere?: string;
}

/** Reads and writes of many rows at once. */
export interface FastPath {
  /** Stores rows; of two with one key in `rows` the later counts where rows are replaced. In slices of the event loop. */
  write<Row extends FastRow>(table: FastTable<Row>, rows: readonly Row[]): Promise<void>;
  /** The rows with these values in the columns `by` (a beginning of the key), in no promised order. */
  lookup<Row extends FastRow>(
    table: FastTable<Row>,
    by: readonly (keyof Row & string)[],
    values: readonly (readonly FastValue[])[],
  ): Promise<Row[]>;
  /**
   * Every row whose column `by` lies in [from, to), by it and then by the table's key, which is a single text; each turned into an item in
   * the step that reads it.
   */
  range<Row extends FastRow, Item>(
    table: FastTable<Row>,
    by: keyof Row & string,
    [from, to]: readonly [from: number, to: number],
    toItem: (row: Row) => Item,
  ): Promise<Item[]>;
}

/** Rows of one step: a few milliseconds of the event loop. */
export const STEP_ROWS = 250;

export function steps<Item>(items: readonly Item[], size = STEP_ROWS): (readonly Item[])[] {
  if (items.length <= size) return items.length === 0 ? [] : [items];
  const parts: (readonly Item[])[] = [];
  for (let from = 0; from < items.length; from += size) parts.push(items.slice(from, from + size));
  return parts;
}

/** Writes many items, each turned into its row only in the step that writes it: encoding takes time too. */
export async function writeEach<Item, Row extends FastRow>(
  fast: FastPath,
  table: FastTable<Row>,
  items: readonly Item[],
  toRow: (item: Item) => Row,
): Promise<void> {
  for (const part of steps(items)) await fast.write(table, part.map(toRow));
}

export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** The clause that decides between the old row and the new. */
export function conflictClause<Row extends FastRow>(table: FastTable<Row>): string {
  if (table.onConflict === 'keep') return 'ON CONFLICT DO NOTHING';
  const keys: readonly string[] = table.key;
  const changed = Object.keys(table.columns).filter((column) => !keys.includes(column));
  const assignments = changed.map((column) => `"${column}" = excluded."${column}"`).join(', ');
  const where = table.replaceWhere === undefined ? '' : ` WHERE ${table.replaceWhere}`;
  return `ON CONFLICT (${quoted(table.key)}) DO UPDATE SET ${assignments}${where}`;
}
