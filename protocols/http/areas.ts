import Type, { type Static } from 'typebox';
import { PolicySchema } from '../policy/policy.ts';
import { IdSchema, InstantSchema } from '../schema.ts';
import { NameSchema, nullable, strict } from './common.ts';

/**
 * What an area is to the rule of two persons: a commune; inside one; above communes; outside of those that there are below the same widest area;
 * or a part of a whole in which nothing is called a commune, and which counts as one.
 */
const AreaLevelSchema = Type.Enum(['commune', 'inside', 'above', 'outside', 'whole']);

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
  /** The area that took it in, where it was merged. */
  mergedInto: nullable(IdSchema),
  level: AreaLevelSchema,
  /** Whose station speaks here: its commune's; above communes its own; where nothing is called a commune the widest area's. */
  station: Type.Object({ areaId: IdSchema, kind: Type.String(), name: Type.String() }),
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

export const AreaKindQuerySchema = strict({ kind: Type.String({ minLength: 1, maxLength: 32 }) });
/** `communes`: how many there are in it, itself included. */
const AreaPlaceSchema = Type.Object({ level: AreaLevelSchema, communes: Type.Integer() });
/** What another kind would change of the rule of two persons. */
export const AreaKindEffectSchema = Type.Object({ before: AreaPlaceSchema, after: AreaPlaceSchema });
export type AreaKindEffect = Static<typeof AreaKindEffectSchema>;

export const AreaMoveSchema = strict({ parentId: IdSchema });
export const AreaMergeSchema = strict({ into: IdSchema });

/** Where a rule comes from: an area's own policy, or (null) what holds where nobody said anything. */
const RuleSourceSchema = Type.Object({ areaId: nullable(IdSchema), areaName: nullable(Type.String()) });

/** The rules that hold in an area, nothing left out, and where each comes from. */
export const EffectivePolicySchema = Type.Object({
  areaId: IdSchema,
  zone: Type.String(),
  zoneFrom: RuleSourceSchema,
  policy: Type.Required(PolicySchema),
  from: Type.Object({
    windows: RuleSourceSchema,
    sessionMinutes: RuleSourceSchema,
    sessionsPerDay: RuleSourceSchema,
    night: RuleSourceSchema,
    sensitive: RuleSourceSchema,
    testing: RuleSourceSchema,
    legalBasis: RuleSourceSchema,
  }),
});
export type EffectivePolicy = Static<typeof EffectivePolicySchema>;
