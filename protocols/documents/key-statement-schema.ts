import Type, { type Static } from 'typebox';
import { codec, InstantSchema, KeyIdSchema, PublicKeySchema, Sha256Schema } from '../schema.ts';

const KeyUseSchema = Type.Union([
  Type.Literal('order'),
  Type.Literal('assignment'),
  Type.Literal('plan'),
  Type.Literal('latch'),
  Type.Literal('time'),
  Type.Literal('audit'),
]);

/**
 * What a root key says of the keys in force. Statements are numbered from 1 and chained; number n + 1 is signed by
 * a root that was in force at n, and may name new and spare roots. The newest replaces all before it.
 */
export const KeyStatementSchema = Type.Object({
  v: Type.Literal(1),
  n: Type.Integer({ minimum: 1 }),
  previous: Type.Union([Sha256Schema, Type.Null()]),
  roots: Type.Array(PublicKeySchema, { minItems: 1, maxItems: 8 }),
  keys: Type.Array(
    Type.Object({
      kid: KeyIdSchema,
      publicKey: PublicKeySchema,
      uses: Type.Array(Type.Union([KeyUseSchema, Type.String({ maxLength: 32 })]), { maxItems: 16 }),
    }),
    { maxItems: 32 },
  ),
  issuedAt: InstantSchema,
});
export type KeyStatement = Static<typeof KeyStatementSchema>;
export const keyStatementCodec = codec('key statement', KeyStatementSchema, 1);
