import Type, { type Static } from 'typebox';
import { VolumePeriodSchema } from '../documents/assignment.ts';
import { HealthSchema } from '../messages/health.ts';
import { IdSchema, InstantSchema, RevisionSchema, Sha256Schema } from '../schema.ts';
import { NameSchema, nullable, strict } from './common.ts';
import { CodeHoursSchema, EnrolmentCodeSchema } from './enrolments.ts';

const HoldViewSchema = Type.Object({
  by: Type.String(),
  reason: Type.String(),
  until: nullable(InstantSchema),
});

const LifecycleSchema = Type.Union([
  Type.Literal('enrolled'),
  Type.Literal('active'),
  Type.Literal('retired'),
  Type.Literal('blocked'),
]);

export const SpeakerStatusSchema = Type.Object({
  link: Type.Union([Type.Literal('online'), Type.Literal('offline'), Type.Literal('unknown')]),
  condition: Type.Union([Type.Literal('ok'), Type.Literal('degraded')]),
  output: Type.Union([
    Type.Literal('normal'),
    Type.Literal('muted'),
    Type.Literal('stopped'),
    Type.Literal('maintenance'),
  ]),
  lastSeenAt: nullable(InstantSchema),
  agentVersion: nullable(Type.String()),
  capabilities: Type.Array(Type.String()),
  /** Whether the speaker says that it holds the newest assignment. */
  assignmentHeld: Type.Boolean(),
  health: nullable(HealthSchema),
});

export const SpeakerSchema = Type.Object({
  id: IdSchema,
  areaId: IdSchema,
  name: Type.String(),
  lifecycle: LifecycleSchema,
  keyId: nullable(Type.String()),
  latitude: nullable(Type.Number()),
  longitude: nullable(Type.Number()),
  gainDb: Type.Number(),
  capDb: Type.Number(),
  /** Beside a school, a hospital or a place of worship: the policy's lower cap holds. */
  sensitive: Type.Boolean(),
  /** Parts of the day with a gain of their own instead of `gainDb`; the first that holds counts. */
  volumeProfile: Type.Array(VolumePeriodSchema),
  /** Audio that it may fetch ahead in one day, MB, for a SIM with an allowance; 0: no limit; null: as it is set at the loudspeaker. */
  dataBudgetMb: nullable(Type.Integer()),
  mute: nullable(HoldViewSchema),
  maintenance: nullable(HoldViewSchema),
  assignmentRevision: RevisionSchema,
  assignmentHash: nullable(Sha256Schema),
  createdAt: InstantSchema,
  /** Null: never heard of. */
  status: nullable(SpeakerStatusSchema),
});
export type SpeakerView = Static<typeof SpeakerSchema>;
export const SpeakerListSchema = Type.Object({
  speakers: Type.Array(SpeakerSchema),
  next: nullable(IdSchema),
});

export const SpeakerListQuerySchema = strict({
  area: Type.Optional(IdSchema),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 200 })),
  /** Last id of the page before; pages are in order of id. */
  after: Type.Optional(IdSchema),
});

const GainSchema = Type.Number({ minimum: -60, maximum: 20 });
const LatitudeSchema = nullable(Type.Number({ minimum: -90, maximum: 90 }));
const LongitudeSchema = nullable(Type.Number({ minimum: -180, maximum: 180 }));

/** "21:00" to "06:00" goes over midnight; the same minute twice is the whole day. */
const VolumeProfileSchema = Type.Array(strict(VolumePeriodSchema.properties), { maxItems: 24 });

const DataBudgetSchema = nullable(Type.Integer({ minimum: 0, maximum: 1_000_000 }));

export const SpeakerCreateSchema = strict({
  /** Chosen by the client ("loa-ap-1"), or made here. */
  id: Type.Optional(IdSchema),
  areaId: IdSchema,
  name: NameSchema,
  latitude: Type.Optional(LatitudeSchema),
  longitude: Type.Optional(LongitudeSchema),
  gainDb: Type.Optional(GainSchema),
  capDb: Type.Optional(GainSchema),
  sensitive: Type.Optional(Type.Boolean()),
  volumeProfile: Type.Optional(VolumeProfileSchema),
  dataBudgetMb: Type.Optional(DataBudgetSchema),
  /** How long its enrolment code is good, hours; 72 by default. */
  validHours: Type.Optional(CodeHoursSchema),
});
export type SpeakerCreate = Static<typeof SpeakerCreateSchema>;

/** The code is shown this once. */
export const SpeakerCreatedSchema = Type.Object({ speaker: SpeakerSchema, enrolment: EnrolmentCodeSchema });

/** Longest mute with an end; a longer one is left open on purpose, with `until: null`. */
export const MAX_MUTE_MS = 7 * 24 * 3_600_000;

const HoldReasonSchema = Type.String({ minLength: 1, maxLength: 512 });
const MuteRequestSchema = strict({
  reason: HoldReasonSchema,
  /** Its end, at most seven days from now; null: until somebody ends it. */
  until: nullable(InstantSchema),
});
const MaintenanceRequestSchema = strict({
  reason: HoldReasonSchema,
  until: Type.Optional(nullable(InstantSchema)),
});

export const SpeakerChangeSchema = strict({
  areaId: Type.Optional(IdSchema),
  name: Type.Optional(NameSchema),
  latitude: Type.Optional(LatitudeSchema),
  longitude: Type.Optional(LongitudeSchema),
  gainDb: Type.Optional(GainSchema),
  capDb: Type.Optional(GainSchema),
  sensitive: Type.Optional(Type.Boolean()),
  volumeProfile: Type.Optional(VolumeProfileSchema),
  dataBudgetMb: Type.Optional(DataBudgetSchema),
  /** Null: no longer muted. */
  mute: Type.Optional(nullable(MuteRequestSchema)),
  maintenance: Type.Optional(nullable(MaintenanceRequestSchema)),
});
export type SpeakerChange = Static<typeof SpeakerChangeSchema>;

/** A technician's test: a built-in tone, quiet, in working hours. Nothing else can be asked for. */
export const SpeakerTestSchema = strict({
  sound: Type.Optional(Type.Literal('test-tone')),
  /** 5 by default. */
  seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
});
export type SpeakerTest = Static<typeof SpeakerTestSchema>;

export const JournalQuerySchema = strict({
  /** The journal to export; the newest by default. */
  epoch: Type.Optional(IdSchema),
  from: Type.Optional(Type.Integer({ minimum: 1, default: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 2000, default: 1000 })),
});

/** What a third party needs to verify a journal without the controller. */
export const JournalExportSchema = Type.Object({
  speakerId: IdSchema,
  epoch: nullable(IdSchema),
  /** Exact lines as signed, in order. */
  rows: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      hash: Sha256Schema,
      line: Type.String(),
      flags: Type.Array(Type.String()),
      batchId: Type.String(),
    }),
  ),
  batches: Type.Array(
    Type.Object({
      id: Type.String(),
      keyId: Type.String(),
      headSeq: Type.Integer(),
      headHash: Sha256Schema,
      signature: Type.String(),
      receivedAt: InstantSchema,
    }),
  ),
  /** The speaker's public key (raw, base64url) by its name. */
  keys: Type.Record(Type.String(), Type.String()),
  /** Key statements of the controller, in order, for the orders that the lines refer to. */
  statements: Type.Array(Type.String()),
  /** Where to go on; null: no more. */
  next: nullable(Type.Integer()),
});
