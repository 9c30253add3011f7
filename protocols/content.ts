import Type, { type Static } from 'typebox';
import { CodeSchema, codec, DurationSchema, IdSchema, Sha256Schema } from './schema.ts';

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

/**
 * A stream of another station, taken live for `durationMs` from the order's start. When it cannot be had, or stops and does not come back,
 * the fallback sounds instead.
 */
export const RelayContentSchema = Type.Object({
  kind: Type.Literal('relay'),
  url: Type.String({ pattern: '^https?://[!-~]{1,2000}$' }),
  /** The station, for records: "VOV1". */
  station: Type.String({ maxLength: 128 }),
  durationMs: DurationSchema,
  fallback: Type.Union([FileContentSchema, Type.Null()]),
});
export type RelayContent = Static<typeof RelayContentSchema>;

/** Sounds that every agent makes by itself. */
export const BUILT_IN_SOUNDS = ['attention-tone', 'chime', 'test-tone', 'drill-notice'] as const;

/** How long each of them is, ms: what a plan reckons with and what an agent makes. */
export const BUILT_IN_DURATIONS_MS: Readonly<Record<(typeof BUILT_IN_SOUNDS)[number], number>> = {
  'attention-tone': 6_000,
  chime: 2_500,
  'test-tone': 5_000,
  'drill-notice': 3_000,
};

/** A sound that is on the loudspeaker already: a built-in one, or a stored message of its plan heads. */
export const StoredContentSchema = Type.Object({
  kind: Type.Literal('stored'),
  name: IdSchema,
  durationMs: DurationSchema,
  /** What the message is made of: a loudspeaker that lacks it fetches this instead. */
  file: Type.Optional(FileContentSchema),
});
export type StoredContent = Static<typeof StoredContentSchema>;

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
