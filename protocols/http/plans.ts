import Type, { type Static } from 'typebox';
import { ScopeSchema } from '../documents/scope.ts';
import { IdSchema, InstantSchema, RevisionSchema, Sha256Schema } from '../schema.ts';
import { nullable, strict } from './common.ts';
import { ReasonViewSchema } from './schedules.ts';

export const PlanParamsSchema = strict({ sha256: Sha256Schema });

export const PlanStateQuerySchema = strict({ area: IdSchema });

/** The plan heads of an area, of those above and below it, and who has them. */
export const PlanStateSchema = Type.Object({
  scopes: Type.Array(
    Type.Object({
      scope: ScopeSchema,
      revision: RevisionSchema,
      issuedAt: InstantSchema,
      validUntil: InstantSchema,
      documents: Type.Integer(),
      /** Loudspeakers of the area asked for that are to hold it. */
      speakers: Type.Integer(),
      /** Those that said that they hold all that they are to hold. */
      told: Type.Integer(),
      /** The first hundred of the others. */
      untold: Type.Array(IdSchema),
    }),
  ),
});
export type PlanState = Static<typeof PlanStateSchema>;

export const ReadinessQuerySchema = strict({
  area: IdSchema,
  /** By default now … the next 24 hours; at most 50 slots. */
  from: Type.Optional(InstantSchema),
  to: Type.Optional(InstantSchema),
});

/**
 * Why a loudspeaker would not sound. not_told: it does not hold the plan as it is now · audio_missing: not all bytes are there ·
 * data_budget: what is missing waits for tomorrow, the day's data are used up · offline: nothing heard since · output_fault · clock_untrusted · muted · maintenance · latched: everything is stopped there ·
 * outside_window: the rules that hold there do not allow it then · unsupported: it cannot do what the slot requires.
 */
export const UnreadyReasonSchema = Type.Union([
  Type.Literal('not_told'),
  Type.Literal('audio_missing'),
  Type.Literal('data_budget'),
  Type.Literal('offline'),
  Type.Literal('output_fault'),
  Type.Literal('clock_untrusted'),
  Type.Literal('muted'),
  Type.Literal('maintenance'),
  Type.Literal('latched'),
  Type.Literal('outside_window'),
  Type.Literal('unsupported'),
]);
export type UnreadyReason = Static<typeof UnreadyReasonSchema>;

/** "11 of 12 loudspeakers hold tomorrow 06:00". */
export const SlotReadinessSchema = Type.Object({
  broadcastId: IdSchema,
  sessionId: IdSchema,
  scheduleId: IdSchema,
  title: Type.String(),
  startsAt: InstantSchema,
  /** Why its broadcast, due a quarter of an hour before the start, could not be made; tried again. Null: nothing stands in its way. */
  notIssued: nullable(ReasonViewSchema),
  /** Loudspeakers meant, of the area asked for. */
  meant: Type.Integer(),
  /** Those that hold the plan and the audio, reached or not. */
  holding: Type.Integer(),
  /** Those of them that would sound as things are. */
  ready: Type.Integer(),
  /** The first hundred of the others, and why. */
  unready: Type.Array(
    Type.Object({
      speakerId: IdSchema,
      reasons: Type.Array(UnreadyReasonSchema),
      lastSeenAt: nullable(InstantSchema),
    }),
  ),
});
export type SlotReadiness = Static<typeof SlotReadinessSchema>;
export const SlotReadinessListSchema = Type.Object({
  slots: Type.Array(SlotReadinessSchema),
  /** There are more slots than fit into one answer: ask again from the start of the last one on. */
  truncated: Type.Boolean(),
  /** Whether the controller's own clock is in doubt: then nothing is planned. */
  clockDisputed: Type.Boolean(),
  /**
   * Why the rule of two persons for more than one commune does not hold as meant. none: no area is called a commune, so all of it counts as one · outside:
   * loudspeakers stand in these areas of the asker's, above which no area is called one. Null: the kinds of areas say which are communes.
   */
  communeDoubt: nullable(
    Type.Object({
      kind: Type.Union([Type.Literal('none'), Type.Literal('outside')]),
      areas: Type.Array(Type.Object({ areaId: IdSchema, name: Type.String() })),
    }),
  ),
});
export type CommuneDoubtView = Static<typeof SlotReadinessListSchema>['communeDoubt'];

export const ClockStateSchema = Type.Object({
  now: InstantSchema,
  disputed: Type.Boolean(),
  since: nullable(InstantSchema),
  /** How far the wall clock is from where it should be, where that is known. */
  offMs: nullable(Type.Number()),
});
