import { resolve } from 'node:path';
import { DomainError } from '#protocols';
import type { PlaceFacts } from './places.ts';

/** How folders were when somebody looked, by their full path. */
export type PlacesSeen = ReadonlyMap<string, PlaceFacts>;

/** Looks at folders beside each other: each may take its time. */
export async function seen<Place extends { readonly folder: string }>(
  places: readonly Place[],
  look: (place: Place) => Promise<PlaceFacts>,
): Promise<PlacesSeen> {
  const facts = places.map(async (place) => [resolve(place.folder), await look(place)] as const);
  return new Map(await Promise.all(facts));
}

/**
 * A folder without "." and ".."; inside the data folder only the one that no backup holds, however it is written or linked to. Throws
 * `backup.place_file`, `backup.place_within`.
 */
export function usableFolder(
  given: string,
  places: PlacesSeen,
  { dataFolder, localFolder }: { readonly dataFolder: string; readonly localFolder: string },
): string {
  const folder = resolve(given);
  if (folder === localFolder) return folder;
  const [facts, data] = [places.get(folder), places.get(resolve(dataFolder))];
  if (facts?.isFile) throw new DomainError('backup.place_file', { folder });
  for (const [path, above] of [
    [folder, resolve(dataFolder)],
    [facts?.path ?? folder, data?.path ?? resolve(dataFolder)],
  ] as const)
    if (`${path}/`.startsWith(`${above}/`))
      throw new DomainError('backup.place_within', { folder, own: localFolder });
  return folder;
}
