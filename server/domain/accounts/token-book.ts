import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { codec, IdSchema, Sha256Schema } from '#protocols';
import type { Actor } from './actor.ts';
import { ROLES } from './roles.ts';

/** One line of the tokens file: who the bearer of a token is. Only its hash is kept. */
const TokenSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\x00-\\x1f]+$' }),
  role: Type.Enum(ROLES),
  areas: Type.Array(IdSchema, { minItems: 1, maxItems: 64 }),
  /** SHA-256 of the token's text, hexadecimal. */
  sha256: Sha256Schema,
});
export type TokenRecord = Static<typeof TokenSchema>;

/** The tokens file: a JSON list. */
export const tokensCodec = codec('tokens file', Type.Array(TokenSchema, { minItems: 1, maxItems: 10_000 }));

/** What may be a token at all: 128 random bits need at least this much text. */
const TOKEN = /^[!-~]{22,256}$/;

/** A new token: 256 random bits, recognisable by its prefix. */
export function newToken(): string {
  return `loa_${randomBytes(32).toString('base64url')}`;
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Machines that may act, by token. Looked up by hash: a guess reveals nothing about how near it is. */
export class TokenBook {
  readonly #actors: ReadonlyMap<string, { readonly digest: Buffer; readonly actor: Actor }>;

  constructor(records: readonly TokenRecord[]) {
    this.#actors = new Map(
      records.map(({ sha256, name, role, areas }) => [
        sha256,
        {
          digest: Buffer.from(sha256, 'hex'),
          actor: { kind: 'machine', name, grants: [{ role, areas }] } satisfies Actor,
        },
      ]),
    );
  }

  get size(): number {
    return this.#actors.size;
  }

  /** The names that the tokens stand for. */
  names(): ReadonlySet<string> {
    return new Set([...this.#actors.values()].map(({ actor }) => actor.name));
  }

  /** The bearer, or undefined. */
  find(token: string): Actor | undefined {
    if (!TOKEN.test(token)) return undefined;
    const digest = createHash('sha256').update(token).digest();
    const entry = this.#actors.get(digest.toString('hex'));
    return entry !== undefined && timingSafeEqual(entry.digest, digest) ? entry.actor : undefined;
  }
}
