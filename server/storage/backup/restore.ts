import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { writeFileAtomic } from '#kit';
import { type BackupFacts, codec, DomainError, InstantSchema, keyFingerprint } from '#protocols';
import { backupName } from '../../domain/backup/backup-name.ts';
import { StorageStartError } from '../errors.ts';
import { holdDataFolder } from '../folder-lock.ts';
import { ownDatabase } from '../sqlite/owner-lock.ts';
import { openKey } from './age.ts';
import { type Authenticity, authenticate } from './authentic.ts';
import { checkRestored } from './check-restored.ts';
import { asDiskError } from './disk-errors.ts';
import { isHarmless, OWN } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { requireRoom } from './places.ts';
import { isPlaced, requireLayout } from './placing.ts';
import { readArchive } from './read-archive.ts';
import { sqlitePath, withPostgres } from './snapshot.ts';

/** The place that a backup is put back into. */
export interface RestorePlace {
  readonly dataFolder: string;
  readonly databaseUrl: string;
}

/** Where a restore is, on the disk: what a start finds it goes on with. */
const StepSchema = Type.Object({
  v: Type.Literal(1),
  /** What was there is moved aside, the new put in its place; where that cannot be: the new taken back, the old put back. */
  step: Type.Enum(['aside', 'place', 'take_back', 'put_back']),
  /** Why it is undone. */
  reason: Type.Optional(Type.String()),
  backupAt: InstantSchema,
  restoredAt: InstantSchema,
  file: Type.String(),
  sha256: Type.String(),
  replaced: Type.String(),
  provider: Type.Enum(['sqlite', 'postgresql']),
});
const stepCodec = codec('restore step', StepSchema, 1);
export type RestoreStep = ReturnType<typeof stepCodec.parse>;

const STEP = 'step.json';
export function restoringFolder(dataFolder: string): string {
  return join(dataFolder, OWN.restoring);
}

/**
 * Keeps every controller away from a place until the returned function is called. To be called before anything there is read or written.
 * Throws `restore.in_use`.
 */
export function holdPlace({ dataFolder, databaseUrl }: RestorePlace): () => void {
  try {
    const release = holdDataFolder(dataFolder);
    try {
      const path = sqlitePath(databaseUrl);
      // Of a controller of an earlier version, or one with another data folder.
      if (path !== null && existsSync(path)) ownDatabase(path)();
      return release;
    } catch (error) {
      release();
      throw error;
    }
  } catch (cause) {
    if (!(cause instanceof StorageStartError && cause.reason === 'owned')) throw cause;
    throw new DomainError('restore.in_use', { folder: dataFolder }, { cause });
  }
}

/** Throws `restore.not_empty` unless a backup may be put back here; `replace`: what is there may be moved aside. Hold the place first. */
export async function requirePlace(
  { dataFolder, databaseUrl }: RestorePlace,
  replace: boolean,
): Promise<void> {
  if (replace) return;
  const path = sqlitePath(databaseUrl);
  const names = await readdir(dataFolder).catch(() => [] as string[]);
  const held = names.filter((name) => !isHarmless(name));
  if (held.length > 0)
    throw notEmpty(dataFolder, `${held.slice(0, 3).join(', ')}${held.length > 3 ? ', …' : ''}`);
  if (path !== null && existsSync(path)) throw notEmpty(path, 'a database');
  if (path === null && (await postgresTables(databaseUrl)) > 0)
    throw notEmpty('the PostgreSQL database', 'tables');
}

export interface StageOptions extends RestorePlace {
  readonly file: string;
  readonly passphrase: string;
  readonly now: number;
  readonly onBytes: (bytes: number, total: number) => void;
}

/** A backup that lies unpacked beside what is there, for somebody to say whether it is the right one. */
export interface StagedRestore {
  readonly step: RestoreStep;
  readonly facts: BackupFacts;
}

/**
 * Unpacks and checks a whole backup beside what is there, which stays untouched: `acceptRestore` and then `finishRestore` do the rest, and
 * a start without the former removes it. Throws `backup.…`; then nothing is left but the file that came in, where it lies there.
 */
export async function stageRestore(options: StageOptions): Promise<StagedRestore> {
  const { dataFolder, databaseUrl, file, passphrase, now, onBytes } = options;
  const restoring = restoringFolder(dataFolder);
  const files = join(restoring, 'files');
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await rm(files, { recursive: true, force: true });
  await mkdir(files, { recursive: true, mode: 0o700 });
  try {
    const total = (await stat(file)).size;
    await requireRoom(dataFolder, total);
    const sheet: { rootKey: string | null } = { rootKey: null };
    const read = await readArchive(file, {
      identity: async (keyFile) => {
        const { identity, rootKey } = await openKey(keyFile, passphrase);
        sheet.rootKey = rootKey;
        return identity;
      },
      folder: files,
      wanted: (path) => isPlaced(path, options),
      onBytes: (bytes) => onBytes(bytes, total),
    });
    const { manifest, sha256 } = read;
    const own = sqlitePath(databaseUrl) === null ? 'postgresql' : 'sqlite';
    if (manifest.provider !== own)
      throw new DomainError('backup.other_database', { made: manifest.provider, own });
    await checkRestored(files, manifest);
    const authenticity = await authenticate(files, read, sheet.rootKey);
    requireLayout(manifest, options);
    const step: RestoreStep = {
      ...{ v: 1, step: 'aside', sha256, provider: manifest.provider, backupAt: manifest.createdAt },
      restoredAt: Math.floor(now),
      // Whatever somebody has called it since.
      file: backupName(manifest.areaId, manifest.createdAt, manifest.sheet),
      replaced: `${OWN.replaced}${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}`,
    };
    const facts = factsOf(manifest, authenticity, sheet.rootKey !== null);
    return { step, facts: { sha256, ...facts } };
  } catch (error) {
    await rm(files, { recursive: true, force: true });
    await rmdir(restoring).catch(() => undefined);
    throw asDiskError(error, dataFolder);
  }
}

/** Somebody said that what was staged is the right backup: from here on each start goes on with it. */
export function acceptRestore(dataFolder: string, step: RestoreStep): Promise<void> {
  return writeStep(dataFolder, step);
}

/** Removes what was staged and not accepted, and what came in. */
export async function discardStaged(dataFolder: string): Promise<void> {
  await rm(restoringFolder(dataFolder), { recursive: true, force: true });
}

function factsOf(
  manifest: Manifest,
  { rootKeys, signed }: Authenticity,
  ofSheet: boolean,
): Omit<BackupFacts, 'sha256'> {
  const { areaId, createdAt: at, version, sheet, place = null, speakers = null, publicUrl = null } = manifest;
  const keys = rootKeys.map((publicKey) => ({ publicKey, fingerprint: keyFingerprint(publicKey) }));
  return { areaId, place, at, version, sheet, speakers, publicUrl, rootKeys: keys, signed, ofSheet };
}

/** The restore that was under way in a data folder; null when there is none. */
export async function readStep(dataFolder: string): Promise<RestoreStep | null> {
  try {
    return stepCodec.parse(await readFile(join(restoringFolder(dataFolder), STEP), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

export function writeStep(dataFolder: string, step: RestoreStep): Promise<void> {
  return writeFileAtomic(join(restoringFolder(dataFolder), STEP), `${JSON.stringify(step)}\n`, 0o600);
}

/** Tables in the database's public schema. */
export function postgresTables(databaseUrl: string): Promise<number> {
  return withPostgres(databaseUrl, async (client) => {
    const { rows } = await client.query<{ n: string }>(
      `SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    return Number(rows[0]?.n ?? 0);
  });
}

function notEmpty(place: string, what: string): DomainError {
  return new DomainError('restore.not_empty', { place, what });
}
