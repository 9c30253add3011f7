import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema } from '../schema.ts';
import { EmailSchema } from './accounts.ts';
import { nullable, strict } from './common.ts';

export const OwnSessionSchema = Type.Object({
  id: IdSchema,
  kind: Type.Enum(['browser', 'phone']),
  /** The one that asks. */
  current: Type.Boolean(),
  userAgent: Type.String(),
  address: Type.String(),
  createdAt: InstantSchema,
  lastSeenAt: InstantSchema,
  expiresAt: InstantSchema,
  pairedBy: nullable(Type.String()),
});
export type OwnSession = Static<typeof OwnSessionSchema>;
export const OwnSessionListSchema = Type.Object({ sessions: Type.Array(OwnSessionSchema) });
export const EndedSchema = Type.Object({ ended: Type.Integer() });

export const PasswordChangeSchema = strict({
  current: Type.String({ minLength: 1, maxLength: 1024 }),
  password: Type.String({ minLength: 1, maxLength: 1024 }),
});

/** Null: none any more. */
export const EmailChangeSchema = strict({ email: nullable(EmailSchema) });

export const CodeRequestSchema = strict({ code: Type.String({ minLength: 6, maxLength: 32 }) });
/** What an authenticator app takes: as base 32, as an address, and as a picture of that. */
export const TotpSetupSchema = Type.Object({ secret: Type.String(), uri: Type.String(), qr: Type.String() });
export const RecoveryCodesSchema = Type.Object({ recoveryCodes: Type.Array(Type.String()) });
