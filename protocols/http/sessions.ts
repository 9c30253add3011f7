import Type, { type Static } from 'typebox';
import { InstantSchema } from '../schema.ts';
import { AccountNameSchema } from './accounts.ts';
import { NameSchema, nullable, strict, ToldErrorSchema } from './common.ts';
import { PasskeyAssertionSchema } from './passkeys.ts';

/** The secret of a link or of the first setup: what stands behind the # of its address. */
export const LinkSecretSchema = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
/** Any text: a wrong one is answered like any other wrong one, and its length says nothing. */
const PasswordSchema = Type.String({ minLength: 1, maxLength: 1024 });
const CodeSchema = Type.String({ minLength: 6, maxLength: 32 });

export const SetupStateSchema = Type.Object({
  needed: Type.Boolean(),
  /** Whether the controller's address is one at which browsers take passkeys. */
  passkeys: Type.Boolean(),
  /** The widest area, whose station this is: what stands above the first page that anybody sees. */
  station: Type.Object({ kind: Type.String(), name: Type.String() }),
  /** What undid the restore that this start had to end; told only while setup is needed. Its link of before is void. */
  undone: nullable(ToldErrorSchema),
});
export type SetupState = Static<typeof SetupStateSchema>;
export const SetupSchema = strict({
  secret: LinkSecretSchema,
  name: AccountNameSchema,
  displayName: NameSchema,
  password: PasswordSchema,
});
export type SetupRequest = Static<typeof SetupSchema>;

export const LoginSchema = strict({
  name: Type.String({ minLength: 1, maxLength: 128 }),
  password: PasswordSchema,
  /** Of the authenticator app, or a recovery code. */
  code: Type.Optional(CodeSchema),
});
export type LoginRequest = Static<typeof LoginSchema>;

export const LinkOpenSchema = strict({ secret: LinkSecretSchema });
export const LinkOpenedSchema = Type.Object({
  kind: Type.Enum(['invitation', 'reset', 'pairing']),
  account: Type.Object({ name: AccountNameSchema, displayName: Type.String() }),
  /** `password`: a new one is chosen; `proof`: the own password or a passkey; `nothing`: it signs in. */
  needs: Type.Enum(['password', 'proof', 'nothing']),
  expiresAt: InstantSchema,
});
export const LinkPasswordSchema = strict({ secret: LinkSecretSchema, password: PasswordSchema });

/** Proofs of who somebody is. */
const ProofFields = {
  password: Type.Optional(PasswordSchema),
  code: Type.Optional(CodeSchema),
  passkey: Type.Optional(PasskeyAssertionSchema),
};
export const LinkPairSchema = strict({ secret: LinkSecretSchema, ...ProofFields });
export const ConfirmSchema = strict(ProofFields);
export type Proof = Static<typeof ConfirmSchema>;

export const SessionViewSchema = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['browser', 'phone']),
  account: Type.Object({
    ...{ name: AccountNameSchema, displayName: Type.String() },
    /** Where notices are mailed to. */
    email: nullable(Type.String()),
  }),
  /** Anything but `open` lets nobody do more than look after the own account. */
  state: Type.Enum(['open', 'set_up_second_factor', 'confirm_second_factor']),
  secondFactor: Type.Boolean(),
  /** Until then the second factors may be changed without another proof. */
  freshUntil: InstantSchema,
  factors: Type.Object({
    password: Type.Boolean(),
    totp: Type.Boolean(),
    recoveryCodesLeft: Type.Integer(),
    passkeys: Type.Integer(),
  }),
  /** In force now. */
  grants: Type.Array(
    Type.Object({
      role: Type.String(),
      areas: Type.Array(Type.String()),
      from: nullable(InstantSchema),
      until: nullable(InstantSchema),
      permissions: Type.Array(Type.String()),
    }),
  ),
  /** What others (or the person elsewhere) did to the account, newest last. */
  notices: Type.Array(
    Type.Object({
      ...{ at: InstantSchema, kind: Type.String(), by: Type.String() },
      /** That person's name as it is now. */
      byName: Type.String(),
    }),
  ),
  /** Whether this controller has a mail server: without one nothing is mailed. */
  sendsMail: Type.Boolean(),
  idleMs: Type.Integer(),
  expiresAt: InstantSchema,
  now: InstantSchema,
});
export type SessionView = Static<typeof SessionViewSchema>;
