import Type, { type Static } from 'typebox';
import { CaSchema, codec, IdSchema, PublicKeySchema } from './schema.ts';

/**
 * What a loudspeaker is given once, when it is entered: who it is, its MQTT secret (256 random bits, base64url; the controller
 * keeps only the SHA-256), the root key it pins, and where the controller is. A secret: mode 0600.
 */
export const ProvisioningSchema = Type.Object({
  v: Type.Literal(1),
  speakerId: IdSchema,
  secret: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
  rootKeys: Type.Array(PublicKeySchema, { minItems: 1, maxItems: 8 }),
  /** HTTP address of the controller, without trailing slash; MQTT over WebSocket is at `/mqtt` below it. */
  url: Type.String({ pattern: '^https?://[!-~]{1,500}$' }),
  /** Authority (PEM) of the controller's certificate, and the only one that is believed; left out where public authorities know it. */
  ca: Type.Optional(CaSchema),
});
export type Provisioning = Static<typeof ProvisioningSchema>;
export const provisioningCodec = codec('provisioning', ProvisioningSchema, 1);
