import Type, { type Static } from 'typebox';
import { CodeSchema, codec, IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';

/** What a journal entry tells. Readers keep and flag kinds that they do not know. */
export const JOURNAL_KINDS = [
  'boot',
  'time',
  'moved',
  'refused',
  'ready',
  'started',
  'finished',
  'interrupted',
  'failed',
  'missed',
  'cancelled',
  'latched',
  'released',
] as const;
export type JournalKind = (typeof JOURNAL_KINDS)[number];

/** Where sound goes. `null` makes none, and what it "plays" never counts as played. */
export const OutputKindSchema = Type.Union([
  Type.Literal('alsa'),
  Type.Literal('pulse'),
  Type.Literal('file'),
  Type.Literal('null'),
]);
export type OutputKind = Static<typeof OutputKindSchema>;

/** How much an entry proves: nothing sounded (`none`), or the loudspeaker says that it did (`reported`). */
export const EvidenceSchema = Type.Union([Type.Literal('none'), Type.Literal('reported')]);
export type Evidence = Static<typeof EvidenceSchema>;

/** One line of a speaker's journal. */
export const JournalEntrySchema = Type.Object({
  v: Type.Literal(1),
  /** Names this journal: a loudspeaker whose disk was replaced starts another. */
  epoch: IdSchema,
  /** From 1, without gaps. */
  seq: Type.Integer({ minimum: 1 }),
  /** SHA-256 of the line before; for the first, of `genesis(speakerId, epoch)`. */
  prev: Sha256Schema,
  /** When it happened, by the speaker's best knowledge. */
  at: InstantSchema,
  /** Bound of that knowledge in ms; null while time was not trusted. */
  clockErrorMs: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  kind: CodeSchema,
  orderId: Type.Optional(IdSchema),
  orderHash: Type.Optional(Sha256Schema),
  broadcastId: Type.Optional(IdSchema),
  contentSha256: Type.Optional(Sha256Schema),
  /** Attempt inside the delivery, from 1. */
  play: Type.Optional(Type.Integer({ minimum: 1 })),
  /**
   * With `missed`: only this repetition, from 1, will not sound, or what is left of it after an interruption; those before it did, and
   * others may.
   */
  repetition: Type.Optional(Type.Integer({ minimum: 1 })),
  /** An error code of the registry, or of a later version's. */
  code: Type.Optional(CodeSchema),
  plannedAt: Type.Optional(InstantSchema),
  /** Real instant of the first frame less the planned one, ms. */
  startErrorMs: Type.Optional(Type.Number()),
  /** Range of the content that sounded, ms from its start. */
  fromMs: Type.Optional(Type.Number({ minimum: 0 })),
  toMs: Type.Optional(Type.Number({ minimum: 0 })),
  /** How far `toMs` may be off, ms. */
  uncertaintyMs: Type.Optional(Type.Number({ minimum: 0 })),
  /** Content inside the range that was left out to catch up, because the output or the machine had stalled, ms. */
  skippedMs: Type.Optional(Type.Number({ minimum: 0 })),
  /** Of a relayed stream: how much of the range really came from the station, and how much was the fallback, ms. */
  relayedMs: Type.Optional(Type.Number({ minimum: 0 })),
  fallbackMs: Type.Optional(Type.Number({ minimum: 0 })),
  /** What sounded was an exercise. */
  drill: Type.Optional(Type.Literal(true)),
  latchId: Type.Optional(IdSchema),
  output: Type.Optional(OutputKindSchema),
  evidence: Type.Optional(EvidenceSchema),
  /** Level of what was written to the output, dBFS. */
  meanDb: Type.Optional(Type.Number()),
  peakDb: Type.Optional(Type.Number()),
  detail: Type.Optional(Type.String({ maxLength: 512 })),
});
export type JournalEntry = Static<typeof JournalEntrySchema>;
export const journalEntryCodec = codec('journal entry', JournalEntrySchema, 1);

/** What the caller says; the journal adds the rest. */
export type JournalFact = Omit<JournalEntry, 'v' | 'epoch' | 'seq' | 'prev' | 'kind'> & {
  readonly kind: JournalKind;
};
