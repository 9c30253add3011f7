import Type, { type Static } from 'typebox';
import { CaSchema, codec, IdSchema, PublicKeySchema, Sha256Schema } from './schema.ts';

/** An HTTP address without trailing slash. */
export const AddressSchema = Type.String({ pattern: '^https?://[!-~]{1,500}$' });
/** 256 random bits, base64url. */
export const SecretSchema = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });

/** The number of a loudspeaker's last connection; 0: there was none. */
export const LastSessionSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** The newest key statement at an enrolment, by number and hash of its text: the loudspeaker believes none that ends before it. */
export const StatementMarkSchema = Type.Object({ n: Type.Integer({ minimum: 1 }), sha256: Sha256Schema });
export type StatementMark = Static<typeof StatementMarkSchema>;

/**
 * What a loudspeaker has from its enrolment, as it lies on its disk: who it is, its MQTT secret (the controller keeps only the SHA-256),
 * the root keys it pins, and where the controller is. A secret: mode 0600.
 */
export const ProvisioningSchema = Type.Object({
  v: Type.Literal(1),
  speakerId: IdSchema,
  secret: SecretSchema,
  rootKeys: Type.Array(PublicKeySchema, { minItems: 1, maxItems: 8 }),
  /** HTTP address of the controller, without trailing slash; MQTT over WebSocket is at `/mqtt` below it. */
  url: AddressSchema,
  /** Certificates of the controller's own authority, pinned; none: those of the system count. */
  ca: Type.Optional(CaSchema),
  /** Number of the last connection before the enrolment: the next ones are higher, also with a clock that begins in 1970. */
  sessionEpoch: Type.Optional(LastSessionSchema),
  /** Left out: enrolled with an earlier version, or moved here from another controller. */
  statement: Type.Optional(StatementMarkSchema),
});
export type Provisioning = Static<typeof ProvisioningSchema>;
export const provisioningCodec = codec('provisioning', ProvisioningSchema, 1);
