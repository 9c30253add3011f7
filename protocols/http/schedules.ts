import Type, { type Static } from 'typebox';
import { PrioritySchema } from '../documents/order.ts';
import { LocalDaySchema, OccurrenceChangeSchema, RecurrenceSchema } from '../schedule/rule.ts';
import { CodeSchema, IdSchema, InstantSchema } from '../schema.ts';
import { TargetRequestSchema } from './broadcasts.ts';
import { AreaNeedsSchema, NameSchema, nullable, strict } from './common.ts';

export const ReasonSchema = Type.String({ minLength: 1, maxLength: 512 });

const ProgrammeItemSchema = strict({
  announcementId: IdSchema,
  /** Silence after it. */
  gapMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000, default: 1_000 })),
  repeat: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, default: 1 })),
});

export const ProgrammeCreateSchema = strict({
  areaId: IdSchema,
  title: NameSchema,
  items: Type.Array(ProgrammeItemSchema, { minItems: 1, maxItems: 50 }),
  /** Sound before the first item; null: none. */
  chime: Type.Optional(nullable(IdSchema)),
});
export type ProgrammeCreate = Static<typeof ProgrammeCreateSchema>;
export const ProgrammeChangeSchema = Type.Partial(Type.Omit(ProgrammeCreateSchema, ['areaId']), {
  additionalProperties: false,
});
export type ProgrammeChange = Static<typeof ProgrammeChangeSchema>;

export const ProgrammeSchema = Type.Object({
  id: IdSchema,
  areaId: IdSchema,
  title: Type.String(),
  items: Type.Array(Type.Object({ announcementId: IdSchema, gapMs: Type.Integer(), repeat: Type.Integer() })),
  chime: nullable(IdSchema),
  createdBy: Type.String(),
  createdAt: Type.Number(),
  updatedAt: Type.Number(),
  retiredAt: nullable(Type.Number()),
});
export type ProgrammeView = Static<typeof ProgrammeSchema>;

/** What a schedule airs. */
export const ScheduleContentSchema = Type.Union([
  strict({ kind: Type.Literal('programme'), programmeId: IdSchema }),
  strict({ kind: Type.Literal('announcement'), announcementId: IdSchema }),
]);
export type ScheduleContent = Static<typeof ScheduleContentSchema>;

/**
 * When it may begin. instant: at its instant, late by at most `latenessMs` · after: right after what is playing, up to the end of its
 * window · wait: after what is playing, but at most so many minutes late.
 */
export const ScheduleStartSchema = Type.Union([
  strict({
    mode: Type.Literal('instant'),
    latenessMs: Type.Integer({ minimum: 0, maximum: 86_400_000 }),
  }),
  strict({ mode: Type.Literal('after') }),
  strict({ mode: Type.Literal('wait'), minutes: Type.Integer({ minimum: 1, maximum: 720 }) }),
]);
export type ScheduleStart = Static<typeof ScheduleStartSchema>;

/** Lateness limit where a schedule names none. */
export const DEFAULT_LATENESS_MS = 5 * 60_000;

const fields = {
  title: Type.Optional(NameSchema),
  content: ScheduleContentSchema,
  targets: TargetRequestSchema,
  recurrence: RecurrenceSchema,
  fromDay: Type.Optional(nullable(LocalDaySchema)),
  untilDay: Type.Optional(nullable(LocalDaySchema)),
  start: Type.Optional(ScheduleStartSchema),
  /** By default the announcement's, or the highest of the programme's. */
  priority: Type.Optional(Type.Union([Type.Literal('normal'), Type.Literal('priority')])),
  overlap: Type.Optional(Type.Union([Type.Literal('queue'), Type.Literal('duck')])),
  afterInterruption: Type.Optional(
    Type.Union([Type.Literal('resume'), Type.Literal('drop'), Type.Literal('reschedule')]),
  ),
  gainDb: Type.Optional(Type.Number({ minimum: -60, maximum: 20 })),
  makeGood: Type.Optional(Type.Union([Type.Literal('off'), Type.Literal('propose'), Type.Literal('auto')])),
  /** Leave to sound outside the windows; needs "broadcast:override". */
  windowOverride: Type.Optional(nullable(strict({ reason: ReasonSchema }))),
  /** An announcement that sounds at its start where nothing of a session is approved, once that is approved itself; null: silence. */
  fallbackId: Type.Optional(nullable(IdSchema)),
};
export const ScheduleCreateSchema = strict({ areaId: IdSchema, ...fields });
export type ScheduleCreate = Static<typeof ScheduleCreateSchema>;

/**
 * Which occurrences a change is for. all: the whole series from now on · following: from `originalAt` on; the series is split there ·
 * one: only the occurrence at `originalAt`.
 */
export const ChangeSpanSchema = Type.Union([
  strict({ kind: Type.Literal('all') }),
  strict({ kind: Type.Literal('following'), originalAt: InstantSchema }),
  strict({ kind: Type.Literal('one'), originalAt: InstantSchema }),
]);
export type ChangeSpan = Static<typeof ChangeSpanSchema>;
export const ScheduleChangeSchema = strict({
  span: ChangeSpanSchema,
  change: Type.Partial(strict(fields), { additionalProperties: false }),
});
export type ScheduleChangeRequest = Static<typeof ScheduleChangeSchema>;

export const ScheduleSchema = Type.Object({
  id: IdSchema,
  seriesId: IdSchema,
  areaId: IdSchema,
  title: Type.String(),
  priority: PrioritySchema,
  content: ScheduleContentSchema,
  targets: Type.Object({
    areas: Type.Array(IdSchema),
    speakers: Type.Array(IdSchema),
    excludeAreas: Type.Array(IdSchema),
    excludeSpeakers: Type.Array(IdSchema),
  }),
  rule: Type.Object({
    recurrence: RecurrenceSchema,
    fromDay: nullable(LocalDaySchema),
    untilDay: nullable(LocalDaySchema),
    fromInstant: nullable(InstantSchema),
    beforeInstant: nullable(InstantSchema),
    changes: Type.Array(OccurrenceChangeSchema),
    /** By whose clocks it reads; left out: by those of its area. */
    zone: Type.Optional(Type.String()),
  }),
  start: ScheduleStartSchema,
  overlap: Type.String(),
  afterInterruption: Type.String(),
  gainDb: Type.Number(),
  makeGood: Type.String(),
  windowOverride: nullable(Type.Object({ by: Type.String(), reason: Type.String() })),
  /** The announcement that airs where nothing of a session is approved; null: silence. */
  fallbackId: nullable(IdSchema),
  /** The occurrence that it plays once more. */
  againOf: nullable(Type.Object({ seriesId: IdSchema, originalAt: InstantSchema })),
  pausedAt: nullable(Type.Number()),
  pausedBy: nullable(Type.String()),
  deletedAt: nullable(Type.Number()),
  createdBy: Type.String(),
  createdAt: Type.Number(),
  updatedAt: Type.Number(),
});
export type ScheduleView = Static<typeof ScheduleSchema>;
export const ScheduleListSchema = Type.Object({ schedules: Type.Array(ScheduleSchema) });
export const ScheduleChangedSchema = Type.Object({
  /** The parts of the series in force. */
  schedules: Type.Array(ScheduleSchema),
  /**
   * Changes of single occurrences that there are no more, by their instant: with other hours a skip skips nothing. Whoever still wants them makes
   * them again.
   */
  dropped: Type.Array(OccurrenceChangeSchema),
});
export type ScheduleChanged = Static<typeof ScheduleChangedSchema>;
export const ProgrammeListSchema = Type.Object({ programmes: Type.Array(ProgrammeSchema) });

/** skip: leave one out · move: postpone one · again: play one again at another instant, as its own occurrence. */
export const OccurrenceActSchema = Type.Union([
  strict({ kind: Type.Literal('skip'), originalAt: InstantSchema, reason: ReasonSchema }),
  strict({
    kind: Type.Literal('move'),
    originalAt: InstantSchema,
    startsAt: InstantSchema,
    reason: ReasonSchema,
  }),
  strict({
    kind: Type.Literal('again'),
    originalAt: InstantSchema,
    startsAt: InstantSchema,
    reason: ReasonSchema,
  }),
]);
export type OccurrenceAct = Static<typeof OccurrenceActSchema>;

/** One occurrence of a schedule. */
export const OccurrenceNameSchema = strict({ scheduleId: IdSchema, originalAt: InstantSchema });
export type OccurrenceName = Static<typeof OccurrenceNameSchema>;

export const AreaQuerySchema = strict({ area: Type.Optional(IdSchema) });

/** Longest range that one request may ask for. */
export const MAX_RANGE_DAYS = 62;
export const RangeQuerySchema = strict({ from: InstantSchema, to: InstantSchema });

/** Why something does not sound, or not as planned. */
export const ReasonViewSchema = Type.Object({
  code: CodeSchema,
  message: Type.String(),
  params: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
});
export type ReasonView = Static<typeof ReasonViewSchema>;

/**
 * planned: at least one item goes into the plans · withheld: none does, each says why · skipped: left out by a person · over: its time has
 * passed, each item says what became of it.
 */
const OccurrenceStateSchema = Type.Union([
  Type.Literal('planned'),
  Type.Literal('withheld'),
  Type.Literal('skipped'),
  Type.Literal('over'),
]);

export const OccurrenceSchema = Type.Object({
  scheduleId: IdSchema,
  seriesId: IdSchema,
  sessionId: IdSchema,
  /** Its name for ever. */
  originalAt: InstantSchema,
  startsAt: InstantSchema,
  /** First instant of silence after it, if nothing delays it. */
  endsAt: InstantSchema,
  day: LocalDaySchema,
  state: OccurrenceStateSchema,
  change: nullable(OccurrenceChangeSchema),
  items: Type.Array(
    Type.Object({
      broadcastId: IdSchema,
      announcementId: nullable(IdSchema),
      title: Type.String(),
      position: Type.Integer(),
      startsAt: InstantSchema,
      airTimeMs: nullable(Type.Number()),
      withheld: nullable(ReasonViewSchema),
      /** Where nobody approved it: there it does not sound. */
      notApproved: AreaNeedsSchema,
      /** It is the fallback, and sounds where this one is not approved. */
      insteadOf: nullable(IdSchema),
      broadcast: nullable(Type.Object({ id: IdSchema, state: Type.String() })),
    }),
  ),
});
export type OccurrenceView = Static<typeof OccurrenceSchema>;
export const OccurrenceListSchema = Type.Object({ occurrences: Type.Array(OccurrenceSchema) });

/** One side of a conflict. */
export const ConflictPartySchema = Type.Object({
  scheduleId: nullable(IdSchema),
  originalAt: nullable(InstantSchema),
  /** Null: the whole session. */
  broadcastId: nullable(IdSchema),
  title: Type.String(),
  startsAt: InstantSchema,
});
export type ConflictParty = Static<typeof ConflictPartySchema>;

const ConflictSchema = Type.Object({
  kind: Type.Union([Type.Literal('equal'), Type.Literal('priority')]),
  /** Two priority items: a person says which is first (POST /collisions/decide). Unanswered, both are aired in the order of their orders. */
  needsDecision: Type.Boolean(),
  a: ConflictPartySchema,
  b: ConflictPartySchema,
  from: InstantSchema,
  to: InstantSchema,
});
export type ConflictView = Static<typeof ConflictSchema>;

/** What a schedule would do if it were saved. */
export const SchedulePreviewSchema = Type.Object({
  title: Type.String(),
  priority: PrioritySchema,
  occurrences: Type.Array(
    Type.Object({
      originalAt: InstantSchema,
      startsAt: InstantSchema,
      endsAt: InstantSchema,
      day: LocalDaySchema,
      /** Why it would be refused at this hour. */
      refused: nullable(ReasonViewSchema),
    }),
  ),
  /** `a` is of the schedule that is not saved yet: it has no id. */
  conflicts: Type.Array(ConflictSchema),
  /** What of it would not sound as things are, and where: nobody approved it there yet. */
  notApproved: Type.Array(
    Type.Object({ announcementId: IdSchema, title: Type.String(), areas: AreaNeedsSchema }),
  ),
});
export type SchedulePreview = Static<typeof SchedulePreviewSchema>;

export const CalendarQuerySchema = strict({
  /** One of these two. */
  area: Type.Optional(IdSchema),
  speaker: Type.Optional(IdSchema),
  from: InstantSchema,
  to: InstantSchema,
});

const CalendarReasonSchema = Type.Object({
  ...ReasonViewSchema.properties,
  /** The item that is in its way. */
  other: nullable(IdSchema),
});

/** What loudspeakers will play, and why and why not. */
export const CalendarSchema = Type.Object({
  from: InstantSchema,
  to: InstantSchema,
  /** Each planned item once; classes name them by broadcast id. */
  items: Type.Array(
    Type.Object({
      broadcastId: IdSchema,
      announcementId: nullable(IdSchema),
      scheduleId: nullable(IdSchema),
      seriesId: nullable(IdSchema),
      sessionId: nullable(IdSchema),
      originalAt: nullable(InstantSchema),
      position: Type.Integer(),
      title: Type.String(),
      priority: PrioritySchema,
      startsAt: InstantSchema,
      latestStartAt: InstantSchema,
      endsAt: InstantSchema,
      /** Where it was asked for and nobody approved it: there it does not sound. */
      notApproved: AreaNeedsSchema,
      /** It is the fallback, and sounds where this one is not approved. */
      insteadOf: nullable(IdSchema),
    }),
  ),
  withheld: Type.Array(
    Type.Object({
      broadcastId: IdSchema,
      announcementId: nullable(IdSchema),
      scheduleId: IdSchema,
      originalAt: InstantSchema,
      position: Type.Integer(),
      title: Type.String(),
      startsAt: InstantSchema,
      reason: ReasonViewSchema,
      notApproved: AreaNeedsSchema,
    }),
  ),
  /** Loudspeakers at which the same happens; without any in the area one class without names. */
  classes: Type.Array(
    Type.Object({
      speakerIds: Type.Array(IdSchema),
      items: Type.Array(
        Type.Object({
          broadcastId: IdSchema,
          ranges: Type.Array(
            Type.Object({
              startedAt: Type.Number(),
              endedAt: Type.Number(),
              repetition: Type.Integer(),
              fromMs: Type.Number(),
              over: Type.Boolean(),
            }),
          ),
          /** Null: it never sounds. */
          lateMs: nullable(Type.Number()),
          heldBackBy: nullable(CalendarReasonSchema),
          /** Why it does not sound, or not to its end. */
          reason: nullable(CalendarReasonSchema),
        }),
      ),
    }),
  ),
  conflicts: Type.Array(Type.Object({ ...ConflictSchema.properties, speakerIds: Type.Array(IdSchema) })),
  /** Loudspeakers that do not hold the plan as it is now. */
  notTold: Type.Array(IdSchema),
});
export type CalendarView = Static<typeof CalendarSchema>;

export const LunarQuerySchema = strict({ from: LocalDaySchema, to: LocalDaySchema });
export const LunarListSchema = Type.Object({
  days: Type.Array(
    Type.Object({
      day: LocalDaySchema,
      lunar: Type.Object({
        year: Type.Integer(),
        month: Type.Integer(),
        leap: Type.Boolean(),
        day: Type.Integer(),
      }),
      holidays: Type.Array(
        Type.Object({
          id: IdSchema,
          name: Type.String(),
          /** chuc-mung: congratulation · tri-an: remembrance, never "chúc mừng" · chung: neither. */
          tone: Type.String(),
          paid: Type.Boolean(),
          major: Type.Boolean(),
        }),
      ),
    }),
  ),
});
