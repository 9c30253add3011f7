import Type, { type Static } from 'typebox';
import { CodeSchema, codec, IdSchema, Sha256Schema } from '../schema.ts';
import { SessionEpochSchema } from './speaker.ts';

/** What the controller has stored of a journal; the speaker sends what comes after it. Null: nothing of this epoch. */
const JournalKeptSchema = Type.Object({
  epoch: IdSchema,
  seq: Type.Integer({ minimum: 0 }),
  hash: Sha256Schema,
});

/** Answer to a hello: from where to send the journal, and what else the controller wants to see. */
export const WelcomeSchema = Type.Object({
  v: Type.Literal(1),
  /** The hello's, so that a late welcome of an older connection is ignored. */
  sessionEpoch: SessionEpochSchema,
  journal: Type.Union([JournalKeptSchema, Type.Null()]),
  /** `assignment`, `held`: say hello again with the document(s), which have a higher revision than we know. */
  want: Type.Array(CodeSchema, { maxItems: 8 }),
});
export type Welcome = Static<typeof WelcomeSchema>;
export const welcomeCodec = codec('welcome', WelcomeSchema, 1);

/**
 * Everything of this journal up to `seq` is committed. With a `code` the batch was not taken, and sending goes on
 * from the position given. A null hash says that the position itself is unknown here (epoch never seen).
 */
export const JournalAckSchema = Type.Object({
  v: Type.Literal(1),
  epoch: IdSchema,
  seq: Type.Integer({ minimum: 0 }),
  hash: Type.Union([Sha256Schema, Type.Null()]),
  code: Type.Optional(CodeSchema),
});
export type JournalAck = Static<typeof JournalAckSchema>;
export const journalAckCodec = codec('journal acknowledgement', JournalAckSchema, 1);
