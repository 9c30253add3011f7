import Type, { type Static } from 'typebox';
import { DayTextSchema } from '../audit/head.ts';
import { IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';
import { CapacitySchema, nullable, strict } from './common.ts';

/** One entry of the audit log. `detail`, `before` and `after` are JSON in the exact bytes that the hash covers. */
export const AuditEntrySchema = Type.Object({
  seq: Type.Integer(),
  at: Type.Number(),
  actor: Type.String(),
  role: Type.String(),
  action: Type.String(),
  subject: Type.String(),
  detail: Type.String(),
  /** Network address from which it was asked. */
  origin: nullable(Type.String()),
  before: nullable(Type.String()),
  after: nullable(Type.String()),
  areaId: nullable(Type.String()),
  previousHash: Sha256Schema,
  hash: Sha256Schema,
});

/** The same for people's eyes. */
const ShownEntrySchema = Type.Object({
  ...AuditEntrySchema.properties,
  /** The name as it is now of the person who acted; of anything else, the actor as it stands in the entry. */
  actorName: Type.String(),
  /** In which capacity a leader decided, as `detail` says. */
  as: nullable(CapacitySchema),
});
export type AuditEntryView = Static<typeof ShownEntrySchema>;
export const AuditListSchema = Type.Object({ entries: Type.Array(ShownEntrySchema) });

const filter = {
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  action: Type.Optional(Type.String({ pattern: '^[a-z_]+(\\.[a-z_]+)?$', maxLength: 64 })),
  subject: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  /** With all areas below it. */
  area: Type.Optional(IdSchema),
  from: Type.Optional(InstantSchema),
  to: Type.Optional(InstantSchema),
  /** True: only refused requests; false: none of them. */
  refused: Type.Optional(Type.Boolean()),
};

/** A signed head of the log; `document` is the JWS to keep outside. */
export const AuditHeadViewSchema = Type.Object({
  n: Type.Integer(),
  day: DayTextSchema,
  /** Made after the day was over; false: during it, because somebody asked. */
  whole: Type.Boolean(),
  seq: Type.Integer(),
  hash: Sha256Schema,
  /** Entries since the head before. */
  count: Type.Integer(),
  issuedAt: InstantSchema,
  document: Type.String(),
});
export type AuditHeadView = Static<typeof AuditHeadViewSchema>;

export const AuditHeadListSchema = Type.Object({
  /** Newest first. */
  heads: Type.Array(AuditHeadViewSchema),
  /** Places outside that the operator named, and how far each has come. */
  outside: Type.Array(
    Type.Object({
      name: Type.Union([Type.Literal('folder'), Type.Literal('mail')]),
      /** Number of the last head that got there; 0: none. */
      sent: Type.Integer(),
      failedAt: nullable(InstantSchema),
      error: nullable(Type.String()),
    }),
  ),
});

export const AuditHeadQuerySchema = strict({
  before: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 400, default: 31 })),
});
export const AuditHeadParamsSchema = strict({ n: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }) });
export const AuditHeadSheetQuerySchema = strict({
  format: Type.Optional(Type.Union([Type.Literal('html'), Type.Literal('text')])),
});

/** Newest first; `before` is the number of the last entry of the page before. */
export const AuditQuerySchema = strict({
  ...filter,
  before: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
});

/** Oldest first, all of them. */
export const AuditExportQuerySchema = strict({
  ...filter,
  format: Type.Union([Type.Literal('csv'), Type.Literal('json')]),
});
