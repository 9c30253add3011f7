import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, syncFolder } from '#kit';
import { type Home, homeCodec, keyId } from '#protocols';
import { AreaTree } from '../domain/areas/area.ts';
import type { KeyService } from '../domain/keys/key-service.ts';
import type { KeyVault } from '../domain/keys/key-vault.ts';
import { makeRehome } from '../domain/keys/make-rehome.ts';
import {
  enterSpeakerList,
  listSpeakers,
  readSpeakerList,
  writeSpeakerList,
} from '../domain/speakers/speaker-list.ts';
import type { Storage } from '../domain/unit-of-work.ts';

const DAY_MS = 24 * 3_600_000;
const DEFAULT_DAYS = 90;

/** What these commands work with. */
export interface MoveParts {
  readonly keys: KeyService;
  readonly vault: KeyVault;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly publicUrl: string;
  readonly say: (line: string) => void;
}

export interface MoveWish {
  /** File of the other controller's card (`GET /api/v1/keys/home` there). */
  readonly card: string;
  readonly areas: readonly string[];
  readonly speakers: readonly string[];
  readonly days?: string | undefined;
  /** File into which the list for the other controller is written. */
  readonly list: string;
  /** Where the document is written besides, for loudspeakers that reach nobody. */
  readonly document?: string | undefined;
  /** The root key (PEM), where it is not in the vault. */
  readonly root?: string | undefined;
}

/** Gives loudspeakers away: the signed document for them, and the list of them for the other controller. Throws an `Error` whose sentence is for the terminal. */
export async function giveAway(parts: MoveParts, wish: MoveWish): Promise<void> {
  const { keys, storage, clock, publicUrl, say } = parts;
  const home = await readCard(wish.card);
  const { areas, speakers, root } = wish;
  const tree = new AreaTree(await storage.read.areas.all());
  for (const area of areas) tree.get(area);
  const within = new Set(areas.flatMap((area) => [...tree.within(area)]));
  const about = { from: publicUrl, madeAt: Math.floor(clock.now()) };
  const list = await listSpeakers(
    storage.read,
    ({ id, areaId }) => speakers.includes(id) || within.has(areaId),
    about,
  );
  const unknown = speakers.find((id) => !list.speakers.some((one) => one.id === id));
  if (unknown !== undefined) throw new Error(`không có cụm loa nào đang dùng tên "${unknown}"`);
  if (list.speakers.length === 0) throw new Error('trong các địa bàn này không có cụm loa nào đang dùng');
  const validMs = daysOf(wish.days) * DAY_MS;
  // The list first: a loudspeaker that is told of a home which does not know it tries in vain.
  await writeNew(wish.list, await writeSpeakerList(list, keys, root));
  const rehome = await makeRehome(parts, { home, areas, speakers, validMs, root });
  const document = (await parts.vault.readRehomes()).at(-1) ?? '';
  if (wish.document !== undefined) await writeNew(wish.document, `${document}\n`);
  await storage.transaction((tx) =>
    tx.audit.append({
      ...{ at: rehome.issuedAt, actor: 'terminal', role: 'system', action: 'keys.rehome', subject: home.url },
      detail: JSON.stringify({ n: rehome.n, areas, speakers, expiresAt: rehome.expiresAt }),
    }),
  );
  say(`văn bản chuyển số ${rehome.n}: ${list.speakers.length} cụm loa thuộc về ${home.url}`);
  say(`có hiệu lực đến ${new Date(rehome.expiresAt).toISOString()}`);
  for (const key of home.roots)
    say(`khóa gốc của nơi nhận: ${keyId(key)} (phải đúng như "npm run keys -- show" ở đó in ra)`);
  say(
    `hãy mang ${wish.list} sang máy chủ kia và chạy: npm run keys -- import ${wish.list} --area ĐỊA_BÀN --from=${keys.rootKeys[0] ?? ''}`,
  );
}

export interface ImportWish {
  readonly file: string;
  readonly areaId: string;
  /** Raw root key of the controller that they come from, as a person has read it there. */
  readonly from: string;
}

/** Takes loudspeakers over from another controller. All of them, or none. */
export async function takeOver(
  { storage, clock, say }: MoveParts,
  { file, areaId, from }: ImportWish,
): Promise<void> {
  const text = await readFile(file, 'utf8');
  const list = await readSpeakerList(text, from);
  const now = Math.floor(clock.now());
  const entered = await storage.transaction(async (tx) => {
    const speakers = await enterSpeakerList(tx, list, areaId, now);
    await tx.audit.append({
      ...{
        at: now,
        actor: 'terminal',
        role: 'system',
        action: 'speakers.import',
        subject: list.from,
        areaId,
      },
      detail: JSON.stringify({
        speakers: speakers.map(({ id }) => id),
        madeAt: list.madeAt,
        root: keyId(from),
      }),
    });
    return speakers;
  });
  for (const speaker of entered) say(`${speaker.id}  ${speaker.name}  → ${speaker.areaId}`);
  say(`đã nhận ${entered.length} cụm loa từ ${list.from}; hãy chạy lại máy chủ`);
}

async function readCard(file: string): Promise<Home> {
  try {
    return homeCodec.parse(await readFile(file));
  } catch (cause) {
    throw new Error(
      `"${file}" không phải thẻ của máy chủ nhận: hãy tải nó từ https://ĐỊA-CHỈ-MÁY-CHỦ-NHẬN/api/v1/keys/home`,
      { cause },
    );
  }
}

function daysOf(text: string | undefined): number {
  const days = Number(text ?? DEFAULT_DAYS);
  if (!Number.isInteger(days) || days < 1 || days > 730)
    throw new Error(`--days ${text}: cần một số nguyên từ 1 đến 730`);
  return days;
}

/** Into a file of its own that did not exist, durably, for its owner alone. */
export async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(join(path, '..'));
}
