import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { writeFileAtomic } from '#kit';
import {
  codec,
  HomeSchema,
  IdSchema,
  LastSessionSchema,
  type Provisioning,
  Sha256Schema,
  sha256,
} from '#protocols';
import { ifMissing } from '../state/files.ts';

const FileSchema = Type.Object({
  v: Type.Literal(1),
  /** Which enrolment was moved: a later one counts instead. */
  enrolled: Sha256Schema,
  /** Folder of what the controller there has signed, below the data folder. */
  name: IdSchema,
  home: HomeSchema,
  /** Number of the last connection before the move. */
  sessionEpoch: LastSessionSchema,
});
export type MovedHome = Omit<Static<typeof FileSchema>, 'v' | 'enrolled'>;
const fileCodec = codec('home file', FileSchema, 1);

/** The controller that a loudspeaker has now: as it was enrolled, or where it was moved since. */
export interface HomeInForce {
  readonly provisioning: Provisioning;
  /** Where what this controller has signed is kept. */
  readonly folder: string;
  /** Tells the homes of one loudspeaker apart; undefined: it was never moved. */
  readonly name: string | undefined;
}

/** Reads where the loudspeaker of this enrolment belongs now. Throws where the file is there and cannot be used: the old home is not gone back to by a bad disk. */
export async function readHome(dataFolder: string, enrolled: Provisioning): Promise<HomeInForce> {
  const bytes = await ifMissing(readFile(pathIn(dataFolder)), undefined);
  const moved = bytes === undefined ? undefined : fileCodec.parse(bytes);
  if (moved === undefined || moved.enrolled !== hashOf(enrolled))
    return { provisioning: enrolled, folder: dataFolder, name: undefined };
  const { v, speakerId, secret } = enrolled;
  const { url, roots: rootKeys, ca } = moved.home;
  return {
    provisioning: {
      ...{ v, speakerId, secret, rootKeys, url, sessionEpoch: moved.sessionEpoch },
      ...(ca === undefined ? {} : { ca }),
    },
    folder: join(dataFolder, moved.name),
    name: moved.name,
  };
}

/** From the next start on it belongs there. Durable when it resolves. */
export function writeHome(dataFolder: string, enrolled: Provisioning, moved: MovedHome): Promise<void> {
  const text = JSON.stringify({ v: 1, enrolled: hashOf(enrolled), ...moved });
  return writeFileAtomic(pathIn(dataFolder), text, 0o600);
}

function pathIn(dataFolder: string): string {
  return join(dataFolder, 'home.json');
}

function hashOf({ speakerId, secret, url, rootKeys }: Provisioning): string {
  return sha256(JSON.stringify([speakerId, secret, url, rootKeys]));
}
