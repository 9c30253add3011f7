import Type, { type Static } from 'typebox';
import { LastSessionSchema, SecretSchema, StatementMarkSchema } from '../provisioning.ts';
import { CaSchema, codec, IdSchema, InstantSchema, PublicKeySchema } from '../schema.ts';
import { nullable, strict } from './common.ts';

/** How long a code is good where nobody says, and at most. */
export const DEFAULT_CODE_HOURS = 72;
const MAX_CODE_HOURS = 30 * 24;

/** 32 bytes in base64url: a nonce of the loudspeaker's, a proof, a raw key. */
const Bytes32Schema = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
const Base64urlSchema = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength });

/** A loudspeaker begins: who it says it is, the key that it made. Nothing here is secret. */
export const EnrolmentBeginSchema = strict({
  v: Type.Literal(1),
  speakerId: IdSchema,
  speakerPublicKey: PublicKeySchema,
  speakerNonce: Bytes32Schema,
});
export type EnrolmentBegin = Static<typeof EnrolmentBeginSchema>;

/** What the controller wants to be believed, with its proof of the code (see `transcript`, part "controller"). */
export const EnrolmentBegunSchema = Type.Object({
  v: Type.Literal(1),
  controllerNonce: Base64urlSchema(256),
  rootKeys: Type.Array(PublicKeySchema, { minItems: 1, maxItems: 8 }),
  ca: Type.Optional(CaSchema),
  proof: Bytes32Schema,
});
export type EnrolmentBegun = Static<typeof EnrolmentBegunSchema>;
export const enrolmentBegunCodec = codec('enrolment answer', EnrolmentBegunSchema, 1);

/** The loudspeaker's proof of the code (part "speaker", with its exchange key) and its signature over the same. */
export const EnrolmentFinishSchema = strict({
  v: Type.Literal(1),
  speakerId: IdSchema,
  speakerPublicKey: PublicKeySchema,
  speakerNonce: Bytes32Schema,
  controllerNonce: Base64urlSchema(256),
  /** X25519, of this exchange alone. */
  speakerExchangeKey: Bytes32Schema,
  proof: Bytes32Schema,
  /** Ed25519, 64 bytes in base64url. */
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
});
export type EnrolmentFinish = Static<typeof EnrolmentFinishSchema>;

/** The sealed grant, with the controller's proof (part "secret", with both exchange keys and the sealed text). */
export const EnrolmentFinishedSchema = Type.Object({
  v: Type.Literal(1),
  controllerExchangeKey: Bytes32Schema,
  sealed: Base64urlSchema(4096),
  proof: Bytes32Schema,
});
export type EnrolmentFinished = Static<typeof EnrolmentFinishedSchema>;
export const enrolmentFinishedCodec = codec('enrolment answer', EnrolmentFinishedSchema, 1);

/**
 * What is sealed: the MQTT secret, the number after which the connections of this loudspeaker are to be counted, and the key statement before
 * which it is to believe none.
 */
export const EnrolmentGrantSchema = Type.Object({
  v: Type.Literal(1),
  secret: SecretSchema,
  sessionEpoch: LastSessionSchema,
  statement: Type.Optional(StatementMarkSchema),
});
export type EnrolmentGrant = Static<typeof EnrolmentGrantSchema>;
export const enrolmentGrantCodec = codec('enrolment grant', EnrolmentGrantSchema, 1);

export const CodeHoursSchema = Type.Integer({ minimum: 1, maximum: MAX_CODE_HOURS });

export const EnrolmentRequestSchema = strict({
  /** How long the code is good, hours; 72 by default. */
  validHours: Type.Optional(CodeHoursSchema),
});

/** A code, shown this once: only what is needed to verify a proof of it is kept. */
export const EnrolmentCodeSchema = Type.Object({
  /** In groups, as people read it: "XXXX-XXXX-XXXX-XXXX-XXXX". */
  code: Type.String(),
  /** Address, loudspeaker and code in one text: what the QR code says. */
  uri: Type.String(),
  /** The QR code as a picture (SVG). */
  qrSvg: Type.String(),
  expiresAt: InstantSchema,
});
export type EnrolmentCode = Static<typeof EnrolmentCodeSchema>;

/** A loudspeaker's newest code, without the code. */
export const EnrolmentViewSchema = Type.Object({
  state: Type.Union([
    Type.Literal('pending'),
    Type.Literal('used'),
    Type.Literal('expired'),
    Type.Literal('void'),
  ]),
  createdBy: Type.String(),
  createdAt: InstantSchema,
  expiresAt: InstantSchema,
  wrongTries: Type.Integer(),
  usedAt: nullable(InstantSchema),
  /** When the loudspeaker first connected with what it was given. */
  acknowledgedAt: nullable(InstantSchema),
  /** Why it is void: replaced, withdrawn, blocked, retired, restored. */
  voidReason: nullable(Type.String()),
});
export type EnrolmentView = Static<typeof EnrolmentViewSchema>;
export const EnrolmentStateSchema = Type.Object({ enrolment: nullable(EnrolmentViewSchema) });
