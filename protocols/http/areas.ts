import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema } from '../schema.ts';
import { NameSchema, nullable, strict } from './common.ts';

/** One broadcasting window: local times "HH:MM" on some weekdays (1 Monday … 7 Sunday). Closes after it opens, on the same day. */
export const PolicyWindowSchema = strict({
  days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7 }),
  opens: Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' }),
  closes: Type.String({ pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$' }),
});

/** A commune's rules of broadcasting. */
export const PolicySchema = strict({
  windows: Type.Array(PolicyWindowSchema, { maxItems: 64 }),
  /** Longest session in minutes, repeats and pauses included; null: no limit. */
  sessionMinutes: nullable(Type.Integer({ minimum: 1, maximum: 1440 })),
  /** The paper behind it: "Quyết định 1387/QĐ-UBND". */
  legalBasis: Type.String({ maxLength: 512 }),
});
export type Policy = Static<typeof PolicySchema>;

export const AreaSchema = Type.Object({
  id: IdSchema,
  parentId: nullable(IdSchema),
  kind: Type.String(),
  name: Type.String(),
  /** IANA zone in force, inherited or own. */
  zone: Type.String(),
  ownZone: nullable(Type.String()),
  /** The policy in force, and the area that it comes from (null: the built-in one). */
  policy: PolicySchema,
  policyFrom: nullable(IdSchema),
  createdAt: InstantSchema,
  retiredAt: nullable(InstantSchema),
});
export type AreaView = Static<typeof AreaSchema>;
export const AreaListSchema = Type.Object({ areas: Type.Array(AreaSchema) });

export const AreaCreateSchema = strict({
  /** Chosen by the client, or made here. */
  id: Type.Optional(IdSchema),
  parentId: IdSchema,
  kind: Type.String({ minLength: 1, maxLength: 32 }),
  name: NameSchema,
  zone: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 64 }))),
});
export type AreaCreate = Static<typeof AreaCreateSchema>;

export const AreaChangeSchema = strict({
  kind: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
  name: Type.Optional(NameSchema),
  zone: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 64 }))),
  /** Null: the parent's again. */
  policy: Type.Optional(nullable(PolicySchema)),
});
export type AreaChange = Static<typeof AreaChangeSchema>;
