import Type, { type Static } from 'typebox';
import { LocalRulesSchema } from '../policy/local-rules.ts';
import { codec, IdSchema, InstantSchema, RevisionSchema } from '../schema.ts';

/** An order by a person that holds until it is taken back or ends by itself. */
const HoldSchema = Type.Object({
  by: Type.String({ minLength: 1, maxLength: 128 }),
  reason: Type.String({ maxLength: 512 }),
  until: Type.Union([InstantSchema, Type.Null()]),
});
export type Hold = Static<typeof HoldSchema>;

const LocalMinuteSchema = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' });

/** A part of every day, in local time, and its gain. */
export const VolumePeriodSchema = Type.Object({
  from: LocalMinuteSchema,
  to: LocalMinuteSchema,
  gainDb: Type.Number({ minimum: -60, maximum: 20 }),
});
export type VolumePeriod = Static<typeof VolumePeriodSchema>;

/** The signed desired state of one speaker. Held on its disk, applied before any order, kept over a reboot. */
export const AssignmentSchema = Type.Object({
  v: Type.Literal(1),
  speakerId: IdSchema,
  revision: RevisionSchema,
  /** Ancestry, from the widest area to the speaker's own. */
  areas: Type.Array(IdSchema, { minItems: 1, maxItems: 16 }),
  /** IANA zone, for display on the loudspeaker only: instants are computed by the controller. */
  zone: Type.String({ minLength: 1, maxLength: 64 }),
  volume: Type.Object({
    gainDb: Type.Number({ minimum: -60, maximum: 20 }),
    /** The sum of all gains is cut to this. */
    capDb: Type.Number({ minimum: -60, maximum: 20 }),
    /** Parts of the day with a gain of their own instead of `gainDb`; the first that holds counts. May go over midnight. */
    profile: Type.Array(VolumePeriodSchema, { maxItems: 24 }),
  }),
  /** The policy in force where it stands, for the loudspeaker to keep by itself. */
  rules: LocalRulesSchema,
  /** A quiet hour (a funeral): nothing sounds but an emergency. */
  mute: Type.Union([HoldSchema, Type.Null()]),
  /** Somebody works at the horns: nothing sounds, an emergency neither; it is told as missed. */
  maintenance: Type.Union([HoldSchema, Type.Null()]),
  /** Audio that may be fetched ahead in one day, MB; 0: no limit; left out: as it is set at the loudspeaker. */
  dataBudgetMb: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  /** Further addresses of the controller; they add to the enrolled one and never replace it. */
  endpoints: Type.Array(Type.String({ pattern: '^(https?|wss?|mqtts?)://[!-~]{1,500}$' }), { maxItems: 8 }),
  /**
   * Hosts, addresses and networks outside the public Internet from which a relayed stream may come (see `StreamRules`); left out: none. It travels signed, so that
   * neither a station nor its name server can lead a loudspeaker into the network that it stands in.
   */
  streams: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 64 })),
  issuedAt: InstantSchema,
});
export type Assignment = Static<typeof AssignmentSchema>;
export const assignmentCodec = codec('assignment', AssignmentSchema, 1);

/** Whether a hold is in force at an instant. */
export function holds(hold: Hold | null, now: number): boolean {
  return hold !== null && (hold.until === null || now < hold.until);
}

/** When those of these holds end that are in force at an instant and say so. */
export function holdEnds(all: readonly (Hold | null)[], now: number): number[] {
  return all.flatMap((hold) =>
    hold !== null && holds(hold, now) && hold.until !== null ? [hold.until] : [],
  );
}

/**
 * The next revision of a desired state: max(wall clock, last + 1, highest seen). A controller restored from a
 * backup is thereby ahead of what its speakers hold. `highestSeen` counts only where the document itself came with it, signed by our key.
 */
export function nextRevision(now: number, last: number, highestSeen: number): number {
  return Math.max(Math.floor(now), last + 1, highestSeen + 1);
}
