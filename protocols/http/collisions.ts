import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema } from '../schema.ts';
import { BroadcastSchema } from './broadcasts.ts';
import { nullable, strict } from './common.ts';
import { ConflictPartySchema, OccurrenceNameSchema, ReasonSchema, ScheduleSchema } from './schedules.ts';

/** An occurrence of a schedule, or what was ordered by itself. */
const DecidedSchema = Type.Union([OccurrenceNameSchema, strict({ broadcastId: IdSchema })]);
export type Decided = Static<typeof DecidedSchema>;

/** Which of two priority items comes first where both want a loudspeaker; the second is put right after it. */
export const DecisionSchema = strict({
  first: DecidedSchema,
  second: DecidedSchema,
  reason: Type.Optional(ReasonSchema),
});
export type Decision = Static<typeof DecisionSchema>;

/** What was put off: the parts in force of its schedule's series, or the broadcast. */
export const DecisionResultSchema = Type.Object({
  schedules: Type.Array(ScheduleSchema),
  broadcast: nullable(BroadcastSchema),
});

/** What nobody has decided yet, by the start of the overlap. Unanswered, `first` comes first. */
export const UndecidedListSchema = Type.Object({
  undecided: Type.Array(
    Type.Object({
      first: ConflictPartySchema,
      second: ConflictPartySchema,
      from: InstantSchema,
      to: InstantSchema,
      /** Those in the asker's areas. */
      speakerIds: Type.Array(IdSchema),
      /** Where those lie. */
      areaIds: Type.Array(IdSchema),
      /** All that both are for. */
      speakers: Type.Integer(),
    }),
  ),
});
export type UndecidedList = Static<typeof UndecidedListSchema>;
