import Type, { type Static } from 'typebox';
import { codec, InstantSchema, PublicKeySchema, Sha256Schema } from '#protocols';

const LONGEST_PATH = 1000;
/** What a terminal or another system reads otherwise; besides control characters. */
const ODD_CHARACTERS = ['\x7f', '\\', '\ufffd'];

/**
 * Whether this may be a path inside an archive: relative, no step up, no empty step, nothing odd. Step by step as the disk takes it: what
 * a pattern calls a line may end (U+2028) where a path does not.
 */
export function isEntryPath(path: string): boolean {
  if (path.length > LONGEST_PATH) return false;
  if ([...path].some((character) => character < ' ' || ODD_CHARACTERS.includes(character))) return false;
  return path.split('/').every((step) => !['', '.', '..'].includes(step));
}

/** The last entry of an archive but for its signature: what the archive holds, so that what is missing or changed shows. */
export const ManifestSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('loa-lang-backup'),
  /** Version of the program that made it. */
  version: Type.String({ maxLength: 64 }),
  /** When the database snapshot was taken. */
  createdAt: InstantSchema,
  areaId: Type.String({ maxLength: 64 }),
  /** "xã Tân An". Earlier versions told neither this nor the next two. */
  place: Type.Optional(Type.Union([Type.String({ maxLength: 512 }), Type.Null()])),
  /** Loudspeakers in use. */
  speakers: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Where loudspeakers look for the controller; null: no controller has run on this data. */
  publicUrl: Type.Optional(Type.Union([Type.String({ maxLength: 2048 }), Type.Null()])),
  /** Number of the sheet whose passphrase opens it. */
  sheet: Type.Integer({ minimum: 0 }),
  provider: Type.Union([Type.Literal('sqlite'), Type.Literal('postgresql')]),
  /** Names of the migrations that the database went through. */
  migrations: Type.Array(Type.String({ maxLength: 128 })),
  /** Root keys that loudspeakers pinned. */
  rootKeys: Type.Array(PublicKeySchema),
  files: Type.Array(
    Type.Object({
      path: Type.String({ minLength: 1, maxLength: LONGEST_PATH }),
      bytes: Type.Integer({ minimum: 0 }),
      sha256: Sha256Schema,
    }),
  ),
  /** Audio that the database names and the disk did not have whole: a backup of the rest is better than none. */
  missing: Type.Array(Sha256Schema),
});
export type Manifest = Static<typeof ManifestSchema>;

export const manifestCodec = codec('backup manifest', ManifestSchema, 1);
