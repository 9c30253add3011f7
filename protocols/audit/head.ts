import Type, { type Static } from 'typebox';
import { codec, IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';

/** A day as people write it: "2026-11-28". */
export const DayTextSchema = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' });

/**
 * What the controller signs of its audit log so that it can be kept outside: the newest entry, which covers all before it. `whole`: the
 * day was over when it was made; otherwise somebody asked for it during the day.
 */
export const AuditHeadSchema = Type.Object({
  v: Type.Literal(1),
  /** Counts the heads of a controller, from 1. */
  n: Type.Integer({ minimum: 1 }),
  areaId: IdSchema,
  day: DayTextSchema,
  zone: Type.String({ minLength: 1, maxLength: 64 }),
  whole: Type.Boolean(),
  seq: Type.Integer({ minimum: 1 }),
  hash: Sha256Schema,
  /** Entries since the head before. */
  count: Type.Integer({ minimum: 0 }),
  issuedAt: InstantSchema,
});
export type AuditHead = Static<typeof AuditHeadSchema>;
export const auditHeadCodec = codec('audit head', AuditHeadSchema, 1);

/** A hash in groups of four, eight to a line, so that two people can compare it on paper. */
export function grouped(hash: string): string[] {
  const groups = hash.match(/.{4}/g) ?? [];
  return [groups.slice(0, 8).join(' '), groups.slice(8).join(' ')];
}
