import { dirname, join } from 'node:path';
import { firstLineOf, type Instant } from '#kit';
import {
  type BackupDestination,
  type BackupRun,
  type BackupSettings,
  DomainError,
  isDomainError,
  type ToldError,
} from '#protocols';
import { toldError } from '../told-error.ts';
import type { BackupMaker, BackupOrder, MadeBackup, OnProgress } from './backup-maker.ts';
import type { PlaceFacts, Places } from './places.ts';
import { outdated } from './rotation.ts';

/** So many files that were left out are named; what is wrong with them is mostly one thing. */
const MOST_SKIPPED = 20;

/** Characters of what a system said. */
const LONGEST_REASON = 500;

export interface RunOptions {
  readonly maker: BackupMaker;
  readonly places: Places;
  readonly settings: BackupSettings;
  readonly zone: string;
  /** All but where it goes. */
  readonly order: Omit<BackupOrder, 'folder'>;
  readonly by: string;
  /** Whether what is outdated is let go of; by default it is. */
  readonly rotates?: boolean;
  readonly now: () => Instant;
  readonly onProgress: OnProgress;
}

type PlaceResult = BackupRun['places'][number];

interface Reached {
  readonly destination: BackupDestination;
  readonly facts: PlaceFacts;
}

/**
 * Makes a backup in the first destination that takes it, copies it to the others, and lets go of what is outdated there. It counts as
 * good when one destination holds it. A failure of any kind is in the result.
 */
export async function runBackup(options: RunOptions): Promise<BackupRun> {
  const { settings, order, by, now } = options;
  const results: PlaceResult[] = [];
  const reached: Reached[] = [];
  for (const destination of settings.destinations) {
    const facts = await lookAt(options.places, destination, order.dataFolder);
    const problem = problemOf(destination, facts);
    if (problem === null) reached.push({ destination, facts });
    else results.push(failed(destination, problem));
  }
  const made = await makeSomewhere(options, reached, results);
  if (made !== null) await copyTo(options, reached, made, results);
  for (const { destination } of options.rotates === false ? [] : reached) {
    const result = results.find(({ id, ok }) => ok && id === destination.id);
    if (result !== undefined) result.error = await rotate(options, destination, made?.backup.name);
  }
  const places = settings.destinations.flatMap(({ id }) => results.filter((result) => result.id === id));
  return {
    ...{
      at: Math.floor(order.at),
      endedAt: Math.floor(now()),
      verified: made !== null,
      by,
      sheet: order.sheet,
      places,
    },
    name: made?.backup.name ?? null,
    bytes: made?.backup.bytes ?? 0,
    missing: made?.backup.missing ?? 0,
    skipped: (made?.backup.skipped ?? []).slice(0, MOST_SKIPPED),
    error: made === null ? whyNothing(settings, places) : null,
  };
}

/** Why a destination cannot be written; null when it can. */
export function problemOf({ kind, folder }: BackupDestination, facts: PlaceFacts): DomainError | null {
  if (!facts.present) return facts.problem ?? new DomainError('backup.place_missing', { folder });
  if (kind !== 'folder' && facts.inMemory) return new DomainError('backup.place_in_memory', { folder });
  if (kind !== 'folder' && facts.ownDisk) return new DomainError('backup.place_unmounted', { folder });
  return null;
}

/** What went wrong, where it is the same everywhere: a tool that is missing is no drive's fault. */
function whyNothing(settings: BackupSettings, places: readonly PlaceResult[]): ToldError {
  const [first, ...others] = places.map(({ error }) => error);
  if (first != null && others.every((error) => error?.code === first.code)) return first;
  return toldError(noDestination(settings));
}

/** What is said where none of the destinations takes a backup; of each it is said beside it. */
export function noDestination({ destinations }: BackupSettings): DomainError {
  if (destinations.length === 0) return new DomainError('backup.nowhere');
  const folders = destinations.map(({ folder }) => folder).join(', ');
  return new DomainError('backup.no_destination', { folders });
}

/** How a destination is; the own folder below the data is made where it is missing. */
export async function lookAt(
  places: Places,
  { kind, folder }: BackupDestination,
  dataFolder: string,
): Promise<PlaceFacts> {
  if (kind === 'folder' && dirname(folder) === join(dataFolder)) await places.make(folder);
  return places.look(folder);
}

interface Made {
  readonly backup: MadeBackup;
  readonly at: Reached;
}

async function makeSomewhere(
  { maker, order, onProgress }: RunOptions,
  reached: readonly Reached[],
  results: PlaceResult[],
): Promise<Made | null> {
  for (const at of reached) {
    try {
      const backup = await maker.make({ ...order, folder: at.destination.folder }, onProgress);
      results.push(succeeded(at));
      return { backup, at };
    } catch (error) {
      results.push(failed(at.destination, asProblem(error)));
    }
  }
  return null;
}

async function copyTo(
  { maker, places, onProgress }: RunOptions,
  reached: readonly Reached[],
  { backup, at }: Made,
  results: PlaceResult[],
): Promise<void> {
  for (const other of reached) {
    const { destination } = other;
    if (results.some(({ id }) => id === destination.id)) continue;
    const source = await places.look(at.destination.folder);
    if (!source.present) {
      const places = { folder: destination.folder, source: at.destination.folder };
      results.push(failed(destination, new DomainError('backup.source_gone', places)));
      continue;
    }
    onProgress({ phase: 'copy', bytes: 0 });
    try {
      const from = join(at.destination.folder, backup.name);
      await maker.copy(from, destination.folder, backup.name, backup.sha256, onProgress);
      results.push(succeeded(other));
    } catch (error) {
      results.push(failed(destination, asProblem(error)));
    }
  }
}

/**
 * Only what is of this controller's area: two communes may share a drive. Never what this run itself has `made`. Why anything stays that
 * was to go; null: nothing does.
 */
async function rotate(
  { places, settings, zone, order, now }: RunOptions,
  { folder, keep = settings.keep }: BackupDestination,
  made: string | undefined,
): Promise<ToldError | null> {
  const own = (await places.list(folder)).filter(({ areaId }) => areaId === order.areaId);
  const reasons: string[] = [];
  for (const { name } of outdated(own, keep, zone, now()).filter((one) => one.name !== made))
    await places.remove(folder, name).catch((error: unknown) => reasons.push(reasonOf(error)));
  if (reasons.length === 0) return null;
  const [reason = ''] = reasons;
  return toldError(new DomainError('backup.old_kept', { folder, count: reasons.length, reason }));
}

function succeeded({ destination: { id, folder }, facts }: Reached): PlaceResult {
  return { id, folder, ok: true, away: !facts.ownDisk, error: null };
}

function failed({ id, folder }: BackupDestination, problem: DomainError): PlaceResult {
  return { id, folder, ok: false, away: false, error: toldError(problem) };
}

function asProblem(error: unknown): DomainError {
  return isDomainError(error) ? error : new DomainError('backup.failed', { reason: reasonOf(error) });
}

function reasonOf(error: unknown): string {
  return firstLineOf(error).slice(0, LONGEST_REASON);
}
