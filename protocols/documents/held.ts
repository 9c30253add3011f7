import Type, { type Static } from 'typebox';
import { sha256 } from '../ids.ts';
import { RevisionSchema, Sha256Schema } from '../schema.ts';
import { type Scope, ScopeSchema, scopeKey } from './scope.ts';

/** A plan head or latch that a speaker holds, as it says in its hello. `hash` is that of the signed text. */
export const HeldScopedSchema = Type.Object({
  kind: Type.Union([Type.Literal('plan'), Type.Literal('latch')]),
  scope: ScopeSchema,
  revision: RevisionSchema,
  hash: Sha256Schema,
});
export type HeldScoped = Static<typeof HeldScopedSchema>;

/**
 * One hash for all plan heads and latches: what a heartbeat says, and what the controller compares with what it has published for that
 * speaker. Order does not matter. Both ends leave out what was never issued; a released latch and an empty plan head count.
 */
export function heldHash(
  documents: Iterable<{ readonly kind: 'plan' | 'latch'; readonly scope: Scope; readonly hash: string }>,
): string {
  const lines = [...documents].map(({ kind, scope, hash }) => `${kind} ${scopeKey(scope)} ${hash}`);
  return sha256(['loa-held/1', ...lines.sort()].join('\n'));
}
