import Type, { type Static } from 'typebox';
import { codec } from '../schema.ts';

/** A speaker's nonce: 16 to 32 random bytes in base64url. Makes a reply useless to replay. */
export const NonceSchema = Type.String({ pattern: '^[A-Za-z0-9_-]{22,43}$' });

/** The controller's time, signed with a key of use `time`. Instants in milliseconds, fractions allowed. */
export const TimeReplySchema = Type.Object({
  v: Type.Literal(1),
  nonce: NonceSchema,
  receivedAt: Type.Number({ minimum: 0 }),
  sentAt: Type.Number({ minimum: 0 }),
});
export type TimeReply = Static<typeof TimeReplySchema>;
export const timeReplyCodec = codec('time reply', TimeReplySchema, 1);
