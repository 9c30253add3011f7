import type { Static } from 'typebox';
import type { StatementsSchema } from '#protocols';
import { call } from './client.ts';

interface Statement {
  readonly roots?: readonly string[];
}

/** The root key in force (raw, base64url): what a sheet names so that evidence can be checked against it later. Null: none is told. */
export async function readRootKey(): Promise<string | null> {
  const { statements } = await call<Static<typeof StatementsSchema>>('GET', 'keys/statements');
  const payload = statements.at(-1)?.split('.')[1];
  if (payload === undefined) return null;
  const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (one) =>
    one.charCodeAt(0),
  );
  return (JSON.parse(new TextDecoder().decode(bytes)) as Statement).roots?.[0] ?? null;
}
