import Type, { type Static } from 'typebox';
import { codec, IdSchema, InstantSchema, RevisionSchema } from '../schema.ts';
import { ScopeSchema } from './scope.ts';

/**
 * Stop everything here, or let it go again. A latch that is set blocks all sound of its scope, an emergency too unless its
 * order names the latch in `releases`. A released id never latches again, whatever comes later under it.
 */
export const LatchSchema = Type.Object({
  v: Type.Literal(1),
  id: IdSchema,
  scope: ScopeSchema,
  revision: RevisionSchema,
  state: Type.Union([Type.Literal('set'), Type.Literal('released')]),
  by: Type.String({ minLength: 1, maxLength: 128 }),
  reason: Type.String({ maxLength: 512 }),
  issuedAt: InstantSchema,
});
export type Latch = Static<typeof LatchSchema>;
export const latchCodec = codec('latch', LatchSchema, 1);
