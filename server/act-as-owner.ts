import { accessSync, constants, lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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
 * for anybody else, and where the controller is root's too. Throws where the place has several owners,
 * and where that user may not read the program.
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
  requireReadable(uid);
}

/** The user that `actAsOwner` became; null: it had nothing to do. */
export function actedAs(): number | null {
  return actingAs;
}

/** Much of the program is loaded when it is needed, as that user. Throws where root has it in a folder of root's alone. */
function requireReadable(uid: number): void {
  const program = fileURLToPath(import.meta.url);
  try {
    accessSync(program, constants.R_OK);
  } catch (cause) {
    throw new Error(
      `this goes on as uid ${uid}, whose the data folder is, and that user may not read the program ("${program}"): put it where the user of the controller may read it, like "/opt"`,
      { cause },
    );
  }
}

type Owner = Pick<Stats, 'uid' | 'gid'>;

/**
 * Whose the data folder is, or else who made in it what only the controller makes. Whoever may put other files there must not lead root
 * to his own by one that is root's: so nobody follows his links, and what does not fit together is refused.
 */
function ownerOf({ dataFolder, databaseUrl }: OwnedPlace): Owner {
  let folder = resolve(dataFolder);
  while (ownerAt(folder) === null && folder !== dirname(folder)) folder = dirname(folder);
  const place = ownerAt(folder) ?? { uid: 0, gid: 0 };
  const database = sqlitePath(databaseUrl);
  const made = [...(database === null ? [] : [database]), join(dataFolder, 'keys')].flatMap((path) => {
    const owner = ownerAt(path);
    return owner === null ? [] : [{ path, owner }];
  });
  const chosen = place.uid === 0 ? (made[0]?.owner ?? place) : place;
  const other = made.find(({ owner }) => owner.uid !== chosen.uid);
  if (other !== undefined)
    throw new Error(
      `"${other.path}" belongs to uid ${other.owner.uid}, and what lies beside it in "${dataFolder}" to uid ${chosen.uid}: all of it has to belong to the user as whom the controller runs. See that nobody put it there, and give that user the folder (chown -R)`,
    );
  return chosen;
}

/** Who decides what is there; of a link its owner, and if root made it who decides what it leads to. Null: nothing is there. */
function ownerAt(path: string): Owner | null {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return null;
  if (facts.uid !== 0 || !facts.isSymbolicLink()) return facts;
  return ownerAt(resolve(dirname(path), readlinkSync(path)));
}
