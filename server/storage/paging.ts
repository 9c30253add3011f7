import { setImmediate as nextTurn } from 'node:timers/promises';

/** Rows of one read: a driver that answers synchronously holds the event loop for some milliseconds. */
export const PAGE_ROWS = 500;

/** Every row, page by page; `page` gives up to `PAGE_ROWS` of them after the given one, in the order of their keys. */
export async function allPages<Row>(page: (after: Row | undefined) => Promise<Row[]>): Promise<Row[]> {
  const all: Row[] = [];
  for (;;) {
    const rows = await page(all.at(-1));
    all.push(...rows);
    if (rows.length < PAGE_ROWS) return all;
    await nextTurn();
  }
}

/** Asks for many ids in parts: a statement takes a limited number of parameters. Each id is asked for once. */
export async function inParts<Row>(
  ids: readonly string[],
  ask: (part: string[]) => Promise<Row[]>,
): Promise<Row[]> {
  const distinct = [...new Set(ids)];
  const all: Row[] = [];
  for (let from = 0; from < distinct.length; from += PAGE_ROWS) {
    if (from > 0) await nextTurn();
    all.push(...(await ask(distinct.slice(from, from + PAGE_ROWS))));
  }
  return all;
}
