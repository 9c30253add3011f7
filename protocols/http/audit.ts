import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';
import { nullable, strict } from './common.ts';

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
export type AuditEntryView = Static<typeof AuditEntrySchema>;
export const AuditListSchema = Type.Object({ entries: Type.Array(AuditEntrySchema) });

const filter = {
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  action: Type.Optional(Type.String({ pattern: '^[a-z_]+\\.[a-z_]+$', maxLength: 64 })),
  subject: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  /** With all areas below it. */
  area: Type.Optional(IdSchema),
  from: Type.Optional(InstantSchema),
  to: Type.Optional(InstantSchema),
  /** True: only refused requests; false: none of them. */
  refused: Type.Optional(Type.Boolean()),
};

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
