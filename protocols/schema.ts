import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { DomainError } from './errors/index.ts';

/** Milliseconds since 1970-01-01T00:00:00Z, whole. */
export const InstantSchema = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });

/** A span in milliseconds, whole. */
export const DurationSchema = Type.Integer({ minimum: 0, maximum: 31 * 24 * 3_600_000 });

/** SHA-256 in lower-case hexadecimal. */
export const Sha256Schema = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** An id that is safe in a topic level, a path and a file name. */
export const IdSchema = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' });

/** Raw bytes of an Ed25519 public key (32) in base64url. */
export const PublicKeySchema = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });

/** Certificates of authorities, PEM. */
export const CaSchema = Type.String({ pattern: '^-----BEGIN CERTIFICATE-----', maxLength: 32_768 });

/** Name of a signing key, derived from its public bytes (see `keyId`). */
export const KeyIdSchema = Type.String({ pattern: '^k[A-Za-z0-9_-]{21}$' });

/** A capability or a machine-readable reason: `word` or `word.word`. */
export const CodeSchema = Type.String({ pattern: '^[a-z0-9_]+([.:][a-z0-9_]+)*$', maxLength: 64 });

/** Revision of a desired state: grows with wall-clock milliseconds, never below what was seen. */
export const RevisionSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** What a message says of its own version. A reader checks this before anything else. */
const VersionedSchema = Type.Object({ v: Type.Integer() });

/** A checker of one schema. Unknown fields are accepted and ignored: a later version may add some. */
export interface Codec<Schema extends TSchema> {
  readonly name: string;
  readonly schema: Schema;
  /** The value, narrowed; throws `document.malformed` or `document.unknown_version`. */
  check(value: unknown): Static<Schema>;
  /** Parses UTF-8 JSON bytes and checks; throws also `document.malformed` for what is not JSON. */
  parse(bytes: Uint8Array | string): Static<Schema>;
}

/**
 * Compiles a schema into a codec. `name` is the word that its errors use. Where `version` is given, the field `v`
 * is compared first, so that a newer message is refused for its version and not for its shape.
 */
export function codec<Schema extends TSchema>(name: string, schema: Schema, version?: number): Codec<Schema> {
  const compiled = Compile(schema);
  const versioned = Compile(VersionedSchema);
  const check = (value: unknown): Static<Schema> => {
    if (version !== undefined && versioned.Check(value) && value.v !== version)
      throw new DomainError('document.unknown_version', {
        document: name,
        version: value.v,
        expected: version,
      });
    if (compiled.Check(value)) return value as Static<Schema>;
    const [first] = compiled.Errors(value);
    const reason = first ? `${first.instancePath || '/'} ${first.message}` : 'it has another shape';
    throw new DomainError('document.malformed', { document: name, reason });
  };
  return {
    name,
    schema,
    check,
    parse(bytes) {
      let value: unknown;
      try {
        value = JSON.parse(
          typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes),
        );
      } catch {
        throw new DomainError('document.malformed', { document: name, reason: 'it is not JSON in UTF-8' });
      }
      return check(value);
    },
  };
}
