import Type, { type Static } from 'typebox';
import { KeyIdSchema, PublicKeySchema } from '../schema.ts';

/** The keys in force. */
export const KeysSchema = Type.Object({
  /** Number of the newest key statement. */
  statement: Type.Integer({ minimum: 1 }),
  /** Name of the key that orders, assignments, plans, latches and time are signed with. */
  keyId: KeyIdSchema,
  rootKeys: Type.Array(PublicKeySchema),
  /** Whether the root key lies on the controller. Better offline: without it here nobody who takes the box can rotate. */
  rootInVault: Type.Boolean(),
});
export type KeysView = Static<typeof KeysSchema>;
