import Type, { type Static } from 'typebox';
import { InstantSchema } from '../schema.ts';
import { NameSchema, nullable, strict } from './common.ts';

const Base64UrlSchema = Type.String({ pattern: '^[A-Za-z0-9_-]*={0,2}$', maxLength: 16_384 });
/** Bytes of the W3C's JSON forms that are not read are taken and left alone: browsers add fields. */
const Extra = Type.Record(Type.String({ maxLength: 64 }), Type.Unknown());

const Credential = {
  id: Base64UrlSchema,
  rawId: Base64UrlSchema,
  type: Type.Literal('public-key'),
  authenticatorAttachment: Type.Optional(Type.Union([Type.String({ maxLength: 32 }), Type.Null()])),
  clientExtensionResults: Extra,
};

/** `RegistrationResponseJSON` of WebAuthn level 3. */
export const PasskeyAttestationSchema = Type.Object({
  ...Credential,
  response: Type.Object({
    clientDataJSON: Base64UrlSchema,
    attestationObject: Base64UrlSchema,
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 16 })),
  }),
});
export type PasskeyAttestation = Static<typeof PasskeyAttestationSchema>;

/** `AuthenticationResponseJSON` of WebAuthn level 3. */
export const PasskeyAssertionSchema = Type.Object({
  ...Credential,
  response: Type.Object({
    clientDataJSON: Base64UrlSchema,
    authenticatorData: Base64UrlSchema,
    signature: Base64UrlSchema,
    userHandle: Type.Optional(nullable(Base64UrlSchema)),
  }),
});
export type PasskeyAssertion = Static<typeof PasskeyAssertionSchema>;

/** What `navigator.credentials` is given, in the W3C's JSON form. */
export const PasskeyOptionsSchema = Type.Object({ publicKey: Type.Record(Type.String(), Type.Unknown()) });

export const PasskeyRegisterSchema = strict({ name: NameSchema, response: PasskeyAttestationSchema });
export const PasskeyLoginSchema = strict({ response: PasskeyAssertionSchema });

export const PasskeySchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: InstantSchema,
  lastUsedAt: nullable(InstantSchema),
});
export type PasskeyView = Static<typeof PasskeySchema>;
export const PasskeyListSchema = Type.Object({ passkeys: Type.Array(PasskeySchema) });
