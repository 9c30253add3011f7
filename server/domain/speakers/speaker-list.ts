import Type, { type Static } from 'typebox';
import {
  codec,
  DomainError,
  IdSchema,
  InstantSchema,
  KeyIdSchema,
  KeyRing,
  keyId,
  PublicKeySchema,
  Sha256Schema,
  sha256,
  VolumePeriodSchema,
  verifyDocument,
} from '#protocols';
import { namedKeys } from '../enrolment/enrolment.ts';
import type { KeyService } from '../keys/key-service.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import { enteredSpeaker, type Speaker } from './speaker.ts';

const KeySchema = Type.Object({ keyId: KeyIdSchema, publicKey: PublicKeySchema });

const MovingSpeakerSchema = Type.Object({
  id: IdSchema,
  name: Type.String({ minLength: 1, maxLength: 200 }),
  areaId: IdSchema,
  latitude: Type.Union([Type.Number(), Type.Null()]),
  longitude: Type.Union([Type.Number(), Type.Null()]),
  gainDb: Type.Number(),
  capDb: Type.Number(),
  sensitive: Type.Boolean(),
  volumeProfile: Type.Array(VolumePeriodSchema, { maxItems: 24 }),
  dataBudgetMb: Type.Union([Type.Integer(), Type.Null()]),
  /** SHA-256 of 256 random bits: nobody connects with it. */
  secretHash: Sha256Schema,
  key: KeySchema,
  /** Those of boards before, oldest first: their old lines stay verifiable. */
  earlierKeys: Type.Array(KeySchema, { maxItems: 1000 }),
});

const ListSchema = Type.Object({
  v: Type.Literal(1),
  /** Address of the controller that they come from, for records. */
  from: Type.String({ maxLength: 512 }),
  madeAt: InstantSchema,
  speakers: Type.Array(MovingSpeakerSchema, { maxItems: 100_000 }),
});
export type SpeakerList = Static<typeof ListSchema>;
const listCodec = codec('list of loudspeakers', ListSchema, 1);

const SealSchema = Type.Object({ v: Type.Literal(1), sha256: Sha256Schema });
const sealCodec = codec('seal of a list', SealSchema, 1);

/** Those of these loudspeakers that another controller can take over: in use, and enrolled. */
export async function listSpeakers(
  read: Pick<Stores, 'speakers' | 'enrolments'>,
  wanted: (speaker: Speaker) => boolean,
  about: Pick<SpeakerList, 'from' | 'madeAt'>,
): Promise<SpeakerList> {
  const speakers: SpeakerList['speakers'] = [];
  for (const speaker of await read.speakers.list()) {
    const { lifecycle, publicKey } = speaker;
    if ((lifecycle !== 'active' && lifecycle !== 'enrolled') || publicKey === null || !wanted(speaker))
      continue;
    const {
      id,
      name,
      areaId,
      latitude,
      longitude,
      gainDb,
      capDb,
      sensitive,
      volumeProfile,
      secretHash,
      dataBudgetMb,
    } = speaker;
    const key = { keyId: keyId(publicKey), publicKey };
    const all = Object.entries(await namedKeys(read.enrolments, id));
    speakers.push({
      ...{ id, name, areaId, latitude, longitude, gainDb, capDb, sensitive, secretHash, key, dataBudgetMb },
      volumeProfile: [...volumeProfile],
      earlierKeys: all
        .filter(([name]) => name !== key.keyId)
        .map(([earlier, publicKey]) => ({ keyId: earlier, publicKey })),
    });
  }
  return { v: 1, ...about, speakers };
}

/** The file of a list: its JSON in one line, and in the next what the root signs of it. */
export async function writeSpeakerList(list: SpeakerList, keys: KeyService, root?: string): Promise<string> {
  const line = JSON.stringify(list);
  const { document } = await keys.signAsRoot('speaker-list', { v: 1, sha256: sha256(line) }, root);
  return `${line}\n${document}\n`;
}

/** Reads a file of a list that the root key of this raw public half signed. Throws what `verifyDocument` throws, `document.malformed`. */
export async function readSpeakerList(file: string, rootKey: string): Promise<SpeakerList> {
  const [line = '', document = ''] = file.split('\n');
  const { payload } = await verifyDocument('speaker-list', document, KeyRing.pinned([rootKey]));
  if (sealCodec.parse(payload).sha256 !== sha256(line))
    throw new DomainError('document.malformed', {
      document: 'list of loudspeakers',
      reason: 'its lines are not the ones that were signed',
    });
  return listCodec.parse(line);
}

/**
 * Enters the loudspeakers of a list with what they have: they connect with the secret and sign with the key that they were enrolled with. Those whose area is here too lie
 * there, the others in `areaId`. All or none: throws `request.conflict` for the first that is here already, `area.retired`, `request.not_found`.
 */
export async function enterSpeakerList(
  tx: Transaction,
  list: SpeakerList,
  areaId: string,
  now: number,
): Promise<readonly Speaker[]> {
  const areas = new Map((await tx.areas.all()).map((area) => [area.id, area]));
  const fallback = areas.get(areaId);
  if (fallback === undefined) throw new DomainError('request.not_found', { what: 'area', id: areaId });
  if (fallback.retiredAt !== null) throw new DomainError('area.retired', { id: areaId });
  const entered: Speaker[] = [];
  for (const { key, earlierKeys, areaId: before, ...facts } of list.speakers) {
    if ((await tx.speakers.get(facts.id)) !== null)
      throw new DomainError('request.conflict', {
        ...{ what: 'speaker', id: facts.id, state: 'entered already' },
        expected: 'a name that is free here; enrol that loudspeaker under another one instead',
      });
    const here = areas.get(before);
    const place = here !== undefined && here.retiredAt === null ? before : areaId;
    const speaker: Speaker = {
      ...enteredSpeaker({ id: facts.id, name: facts.name, areaId: place, createdAt: now }),
      ...facts,
      ...{ areaId: place, lifecycle: 'active', ...key },
    };
    await tx.speakers.insert(speaker);
    for (const one of [...earlierKeys, key]) await tx.enrolments.keepKey(speaker.id, one, now);
    entered.push(speaker);
  }
  return entered;
}
