import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import { CodeSchema, IdSchema } from '../schema.ts';

/** Path below which the API of this version lies. */
export const API_ROOT = '/api/v1';

/** A request body or query: what is not named is refused, so that a misspelt field does not go unseen. */
export function strict<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

export function nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

/** Values of a refusal, by their names in its sentence. */
export const ErrorParamsSchema = Type.Record(
  Type.String(),
  Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
);

/** An error that an answer tells of: what went wrong before, elsewhere. */
export const ToldErrorSchema = Type.Object({
  code: Type.String(),
  message: Type.String(),
  params: ErrorParamsSchema,
});
export type ToldError = Static<typeof ToldErrorSchema>;

/** Body of every answer from 400 on. `code` is of the error registry and never changes its meaning. */
export const ErrorBodySchema = Type.Object({
  error: Type.Object({
    code: CodeSchema,
    message: Type.String(),
    params: ErrorParamsSchema,
    requestId: Type.String(),
  }),
});
export type ErrorBody = Static<typeof ErrorBodySchema>;

/** Header of every request that acts; the same key when the same request is sent again. */
export const IDEMPOTENCY_HEADER = 'idempotency-key';
export const IdempotencyHeadersSchema = Type.Object({
  [IDEMPOTENCY_HEADER]: Type.Optional(
    Type.String({
      description: '8 to 128 visible characters, new for each act, the same one when it is tried again',
    }),
  ),
});

/** What an `Idempotency-Key` looks like. */
export const IDEMPOTENCY_KEY_PATTERN = /^[!-~]{8,128}$/;

export const IdParamsSchema = Type.Object({ id: IdSchema });

/** Newest first; `before` is the last id of the page before. */
export const PageQuerySchema = strict({
  area: Type.Optional(IdSchema),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  before: Type.Optional(IdSchema),
});

/** A name for people: at least one character that is not a space, no control characters. */
export const NameSchema = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: '^[^\\x00-\\x1f]*\\S[^\\x00-\\x1f]*$',
});

/** In which capacity a leader spoke: as the chairman, or as his deputy for him ("KT. CHỦ TỊCH"). Null where it is used: as neither, or it was not noted. */
export const CapacitySchema = Type.Union([Type.Literal('chairman'), Type.Literal('deputy')]);
export type Capacity = Static<typeof CapacitySchema>;

/** Areas in which something is not approved, and who answers there: those of the nearest level that has anybody. */
export const AreaNeedsSchema = Type.Array(
  Type.Object({
    areaId: IdSchema,
    /** As people say it: "xã Tân An". */
    name: Type.String(),
    approvers: Type.Array(Type.Object({ name: Type.String(), displayName: Type.String() })),
  }),
);
export type AreaNeeds = Static<typeof AreaNeedsSchema>;

/** A session lasts `minutes`, where a leave for its series covers no longer one than `limit`. */
export const SessionTooLongSchema = Type.Object({ minutes: Type.Integer(), limit: Type.Integer() });
export type SessionTooLong = Static<typeof SessionTooLongSchema>;
