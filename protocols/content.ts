import Type, { type Static } from 'typebox';
import { CodeSchema, codec, DurationSchema, Sha256Schema } from './schema.ts';

/** Bytes of one chunk of a chunk list; the last may be shorter. */
export const CHUNK_BYTES = 16_384;

/** Largest audio file that an order may name: 8 hours at 64 kbit/s, rounded up. */
export const MAX_CONTENT_BYTES = 256 * 1024 * 1024;

/** An audio file that the controller prepared: fetched over HTTP by hash, played when every byte of it is verified. */
export const FileContentSchema = Type.Object({
  kind: Type.Literal('file'),
  sha256: Sha256Schema,
  bytes: Type.Integer({ minimum: 1, maximum: MAX_CONTENT_BYTES }),
  durationMs: DurationSchema,
  /** SHA-256 of the chunk list's exact bytes, so that an urgent item can start before the whole file has come. */
  chunkListSha256: Type.Union([Sha256Schema, Type.Null()]),
  /** Path below the controller's HTTP address, query included. */
  path: Type.String({ pattern: '^/[!-~]{0,511}$' }),
  mediaType: Type.String({ maxLength: 128 }),
});
export type FileContent = Static<typeof FileContentSchema>;

/** Kinds that this version does not play are carried whole and refused by a receipt. */
export const AnyContentSchema = Type.Object({ kind: CodeSchema });

/** `sha256` of each 16 KiB chunk, in order. Served as JSON; its hash covers the exact bytes served. */
export const ChunkListSchema = Type.Object({
  v: Type.Literal(1),
  sha256: Sha256Schema,
  bytes: Type.Integer({ minimum: 1, maximum: MAX_CONTENT_BYTES }),
  chunkBytes: Type.Literal(CHUNK_BYTES),
  chunks: Type.Array(Sha256Schema, { minItems: 1, maxItems: MAX_CONTENT_BYTES / CHUNK_BYTES }),
});
export type ChunkList = Static<typeof ChunkListSchema>;
export const chunkListCodec = codec('chunk list', ChunkListSchema, 1);
