import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema } from '../schema.ts';
import { NameSchema, nullable, strict } from './common.ts';

/** What a person logs in with: lower-case letters, digits, and . _ - between them; never changed and never used again. */
export const AccountNameSchema = Type.String({ pattern: '^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$' });
export const AccountParamsSchema = Type.Object({ name: AccountNameSchema });

/**
 * One mail address: the well-kept format without its quoted names and address literals, which take blanks and line ends; 64 characters before the
 * "@" and 254 in all (RFC 5321).
 */
export const EmailSchema = Type.String({
  format: 'email',
  maxLength: 254,
  pattern: '^[^"\\s@]{1,64}@[A-Za-z0-9.-]+$',
});

/** A role in areas, from an instant on and until (not including) another; null: without such an end. A deputy's has both. */
const GrantFields = {
  role: Type.String({ minLength: 1, maxLength: 32 }),
  areas: Type.Array(IdSchema, { minItems: 1, maxItems: 64, uniqueItems: true }),
};
export const GrantRequestSchema = strict({
  ...GrantFields,
  from: Type.Optional(nullable(InstantSchema)),
  until: Type.Optional(nullable(InstantSchema)),
});
export type GrantRequest = Static<typeof GrantRequestSchema>;

export const AccountSchema = Type.Object({
  name: AccountNameSchema,
  displayName: Type.String(),
  /** Where notices are mailed to. */
  email: nullable(Type.String()),
  grants: Type.Array(
    Type.Object({
      ...GrantFields,
      from: nullable(InstantSchema),
      until: nullable(InstantSchema),
      inForce: Type.Boolean(),
    }),
  ),
  hasPassword: Type.Boolean(),
  totp: Type.Boolean(),
  passkeys: Type.Integer(),
  createdAt: InstantSchema,
  createdBy: Type.String(),
  deactivatedAt: nullable(InstantSchema),
  lastSeenAt: nullable(InstantSchema),
  /** Whether who asks may deactivate it or give it a link. */
  manageable: Type.Boolean(),
});
export type AccountView = Static<typeof AccountSchema>;
export const AccountListSchema = Type.Object({ accounts: Type.Array(AccountSchema) });
export const AccountListQuerySchema = strict({
  area: Type.Optional(IdSchema),
  deactivated: Type.Optional(Type.Boolean({ default: false })),
});

const GrantsSchema = Type.Array(GrantRequestSchema, { minItems: 1, maxItems: 64 });

export const AccountCreateSchema = strict({
  name: AccountNameSchema,
  displayName: NameSchema,
  email: Type.Optional(nullable(EmailSchema)),
  grants: GrantsSchema,
});
export type AccountCreate = Static<typeof AccountCreateSchema>;

export const AccountChangeSchema = strict({
  displayName: Type.Optional(NameSchema),
  email: Type.Optional(nullable(EmailSchema)),
  grants: Type.Optional(GrantsSchema),
  /** The grants that whoever chose the new ones had before him: where they are others by now, nothing is changed. */
  grantsBefore: Type.Optional(Type.Array(GrantRequestSchema, { maxItems: 64 })),
});
export type AccountChange = Static<typeof AccountChangeSchema>;

const ReasonSchema = Type.String({ minLength: 1, maxLength: 512 });
export const AccountReasonSchema = strict({ reason: ReasonSchema });
export const AccountResetSchema = strict({
  reason: ReasonSchema,
  /** The phone with the codes is lost, or a stranger set a factor up: removes passkeys and TOTP too (by a reset, when its link is used). */
  forgetSecondFactors: Type.Optional(Type.Boolean({ default: false })),
});

/** A link that works once. The address and its picture are shown this once. */
export const LinkSchema = Type.Object({
  id: IdSchema,
  kind: Type.Enum(['invitation', 'reset', 'pairing']),
  url: Type.String(),
  /** SVG of the QR code. */
  qr: Type.String(),
  expiresAt: InstantSchema,
  /** Whether it signs in without a password. */
  direct: Type.Boolean(),
});
export type LinkView = Static<typeof LinkSchema>;
export const AccountCreatedSchema = Type.Object({ account: AccountSchema, link: LinkSchema });
export const PairingParamsSchema = Type.Object({ name: AccountNameSchema, id: IdSchema });
export const PairingStateSchema = Type.Object({
  id: IdSchema,
  /** Whose phone it is for, as people call that person. */
  person: Type.String(),
  state: Type.Enum(['waiting', 'used', 'expired']),
  expiresAt: InstantSchema,
});
