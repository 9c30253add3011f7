/** One entry of the registry: the HTTP status a transport gives it and a sentence with `{named}` places. */
export interface ErrorEntry {
  readonly status: number;
  readonly message: string;
}

export type ErrorTable = Readonly<Record<string, ErrorEntry>>;

/** A table of errors, its codes kept as literal types. */
export function errorTable<const Table extends ErrorTable>(table: Table): Table {
  return table;
}

export type ErrorParams = Readonly<Record<string, string | number | boolean | null>>;

/** Puts the values into the message's places. A place without a value keeps its name, so nothing goes unseen. */
export function fillMessage(message: string, params: ErrorParams): string {
  return message.replace(/\{(\w+)\}/g, (place, name: string) => String(params[name] ?? place));
}
