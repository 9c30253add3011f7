import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema } from '../schema.ts';
import { nullable, strict } from './common.ts';

const MachineGrantSchema = strict({
  role: Type.String({ minLength: 1, maxLength: 32 }),
  areas: Type.Array(IdSchema, { minItems: 1, maxItems: 64, uniqueItems: true }),
});
const ScopeSchema = Type.Array(Type.String({ maxLength: 64 }), {
  minItems: 1,
  maxItems: 64,
  uniqueItems: true,
});

export const TokenCreateSchema = strict({
  /** Of the machine: never used for another one. */
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' }),
  grants: Type.Array(MachineGrantSchema, { minItems: 1, maxItems: 16 }),
  /** Permissions that it is narrowed to. */
  scope: ScopeSchema,
  /** At most a year ahead. */
  expiresAt: InstantSchema,
});
export type TokenCreate = Static<typeof TokenCreateSchema>;

export const TokenSchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  grants: Type.Array(Type.Object({ role: Type.String(), areas: Type.Array(IdSchema) })),
  scope: Type.Array(Type.String()),
  expiresAt: InstantSchema,
  createdAt: InstantSchema,
  createdBy: Type.String(),
  /** That person's name as it is now. */
  createdByName: Type.String(),
  lastUsedAt: nullable(InstantSchema),
  revokedAt: nullable(InstantSchema),
});
export type TokenView = Static<typeof TokenSchema>;
export const TokenListSchema = Type.Object({ tokens: Type.Array(TokenSchema) });
/** The secret is shown this once. */
export const TokenCreatedSchema = Type.Object({ token: TokenSchema, secret: Type.String() });
