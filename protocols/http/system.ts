import Type from 'typebox';
import { NonceSchema } from '../documents/time-reply.ts';
import { InstantSchema } from '../schema.ts';
import { strict } from './common.ts';

export const StatementsQuerySchema = strict({
  /** Number of the last statement held. */
  after: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
});
/** Compact JWS of each key statement after that number, in order. */
export const StatementsSchema = Type.Object({ statements: Type.Array(Type.String()) });

/** Compact JWS of each document that moves loudspeakers to another controller and is not over, oldest first. */
export const RehomesSchema = Type.Object({ rehomes: Type.Array(Type.String()) });

export const TimeQuerySchema = strict({ nonce: NonceSchema });

export const AliveQuerySchema = strict({ nonce: Type.Optional(NonceSchema) });
export const AliveSchema = Type.Object({
  alive: Type.Literal(true),
  version: Type.String(),
  /** Answer to the nonce, which tells one process from another; to itself alone. */
  self: Type.Optional(Type.String()),
});

export const ReadySchema = Type.Object({
  ready: Type.Boolean(),
  checks: Type.Record(Type.String(), Type.Object({ ok: Type.Boolean(), detail: Type.String() })),
});

export const WhoAmISchema = Type.Object({
  name: Type.String(),
  grants: Type.Array(
    Type.Object({
      role: Type.String(),
      areas: Type.Array(Type.String()),
      permissions: Type.Array(Type.String()),
    }),
  ),
  now: InstantSchema,
});
