import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sqlitePath } from './storage/backup/index.ts';

/** Whose files a command of the terminal touches. */
export interface OwnedPlace {
  readonly dataFolder: string;
  readonly databaseUrl: string;
}

let actingAs: number | null = null;

/**
 * Of a command that root started: from here on it is the user as whom the controller runs, for good. What root makes in the data folder
 * the controller could neither write nor read; given away afterwards it would stay root's wherever the command is killed. Does nothing
 * for anybody else, and where the controller is root's too.
 */
export function actAsOwner(place: OwnedPlace): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = ownerOf(place);
  if (uid === 0) return;
  const own: NodeJS.Process & { initgroups?: (user: number, extra: number) => void } = process;
  try {
    own.initgroups?.(uid, gid);
  } catch {
    // A user without a name, as in a container.
    process.setgroups?.([gid]);
  }
  process.setgid?.(gid);
  process.setuid?.(uid);
  actingAs = uid;
}

/** The user that `actAsOwner` became; null: it had nothing to do. */
export function actedAs(): number | null {
  return actingAs;
}

/** Who made what only the controller makes; in an empty place, whose the place is. */
function ownerOf({ dataFolder, databaseUrl }: OwnedPlace): { readonly uid: number; readonly gid: number } {
  const database = sqlitePath(databaseUrl);
  const made = [...(database === null ? [] : [database]), join(dataFolder, 'keys')];
  for (let path = dataFolder; ; path = dirname(path)) {
    made.push(path);
    if (path === dirname(path)) break;
  }
  for (const path of made) {
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts !== undefined) return facts;
  }
  return { uid: 0, gid: 0 };
}
