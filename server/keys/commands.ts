import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Clock } from '#kit';
import { exportSigningKey, generateSigningKey, importSigningKey, keyFingerprint, keyId } from '#protocols';
import { KeyService } from '../domain/keys/key-service.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import { KeyFiles } from '../storage/key-files.ts';
import { giveAway, type MoveParts, takeOver, writeNew } from './move-commands.ts';

export const KEYS_USAGE = `npm run keys -- LỆNH
  show                       cho biết các khóa đang dùng
  rotate [--root TỆP]        thay khóa vận hành; mọi lệnh đang có hiệu lực được ký lại khi máy chủ chạy lại
  new-root [--root TỆP] [--spare TỆP]
                             thay khóa gốc; --spare ghi thêm một khóa gốc dự phòng ra tệp để cất riêng
  offline-root TỆP           ghi khóa gốc ra TỆP (in ra giấy hoặc chép vào USB), rồi gỡ khỏi máy chủ
  rehome THẺ --list TỆP [--area ĐỊA_BÀN]… [--speaker CỤM_LOA]… [--days 90] [--document TỆP] [--root TỆP]
                             chuyển cụm loa sang máy chủ khác (sáp nhập xã): THẺ là tệp tải từ /api/v1/keys/home của máy chủ nhận;
                             --list ghi danh sách cho máy chủ nhận; --document ghi văn bản để mang đến tận cụm loa
  import TỆP --area ĐỊA_BÀN --from=KHÓA_GỐC
                             nhận các cụm loa trong danh sách mà máy chủ kia đã ghi và ký bằng KHÓA_GỐC của nó
--root TỆP: khóa gốc đang cất ngoài máy chủ. Hãy dừng máy chủ trước khi thay khóa hoặc chuyển, nhận cụm loa.
`;

/** The data of a controller that does not run, for as long as it is held. */
export interface OwnedData {
  readonly storage: Storage;
  readonly release: () => Promise<void>;
}

export interface KeysCommand {
  readonly args: readonly string[];
  readonly folder: string;
  readonly clock: Clock;
  /** Where loudspeakers find this controller. */
  readonly publicUrl: string;
  /** Makes sure that no controller runs on this data. Throws when one does. */
  readonly own: () => Promise<OwnedData>;
  readonly say: (line: string) => void;
}

/** Commands by name, and whether each takes a file. */
const COMMANDS: Readonly<Record<string, boolean>> = {
  ...{ show: false, rotate: false, 'new-root': false },
  ...{ 'offline-root': true, rehome: true, import: true },
};

/** What a person at the controller's terminal may do with its keys. Resolves with the exit code; 2: called wrongly. */
export async function keysCommand({
  args,
  folder,
  clock,
  publicUrl,
  own,
  say,
}: KeysCommand): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{ root: { type: 'string' }, spare: { type: 'string' }, list: { type: 'string' } },
      ...{ days: { type: 'string' }, document: { type: 'string' }, from: { type: 'string' } },
      ...{ area: { type: 'string', multiple: true }, speaker: { type: 'string', multiple: true } },
    },
  });
  const [command = '', file, ...more] = positionals;
  if (!Object.hasOwn(COMMANDS, command) || more.length > 0) return 2;
  if ((file !== undefined) !== COMMANDS[command]) return 2;
  const { list, from, area: areas = [], speaker: speakers = [] } = values;
  if (command === 'rehome' && (list === undefined || areas.length + speakers.length === 0)) return 2;
  if (command === 'import' && (from === undefined || areas.length !== 1)) return 2;
  const vault = new KeyFiles({ folder });
  const keys = new KeyService({ vault, clock });
  if (command === 'show') {
    // Reading alone: a folder without keys is not filled by looking at it.
    if ((await vault.readStatements()).length === 0) {
      say(`chưa có khóa nào trong ${folder}: hãy chạy máy chủ lần đầu trước`);
      return 1;
    }
    await keys.start();
    await tell(keys, say);
    return 0;
  }
  const { storage, release } = await own();
  try {
    await keys.start();
    const root = values.root === undefined ? undefined : await readFile(values.root, 'utf8');
    const parts: MoveParts = { keys, vault, storage, clock, publicUrl, say };
    if (command === 'rehome' && file !== undefined && list !== undefined)
      await giveAway(parts, { ...values, card: file, areas, speakers, list, root });
    else if (command === 'import' && file !== undefined && from !== undefined)
      await takeOver(parts, { file, areaId: areas[0] ?? '', from });
    else {
      if (command === 'rotate') await keys.rotate(root);
      else if (command === 'new-root') await newRoot(keys, root, values.spare);
      else await takeOffline(keys, folder, file ?? '', say);
      await tell(keys, say);
    }
    return 0;
  } finally {
    await keys.stop();
    await release();
  }
}

async function newRoot(keys: KeyService, root: string | undefined, spareFile?: string): Promise<void> {
  const spare = spareFile === undefined ? undefined : generateSigningKey();
  // On its own disk before anybody is told of it.
  if (spare !== undefined && spareFile !== undefined) await writeNew(spareFile, exportSigningKey(spare));
  await keys.newRoot(spare === undefined ? [] : [spare.publicKey], root);
}

async function takeOffline(
  keys: KeyService,
  folder: string,
  file: string,
  say: (line: string) => void,
): Promise<void> {
  const pem = await keys.exportRoot();
  await writeNew(file, pem);
  const read = importSigningKey(await readFile(file, 'utf8'));
  if (!keys.rootKeys.includes(read.publicKey)) throw new Error(`"${file}" was not written as it should be`);
  await keys.forgetRoot();
  say(
    `đã ghi khóa gốc ra ${file} và gỡ khỏi ${join(folder, 'root.pem')}. Hãy cất ở hai nơi; mất nó là không thay khóa được nữa.`,
  );
}

async function tell(keys: KeyService, say: (line: string) => void): Promise<void> {
  say(`văn bản khóa số ${keys.statementNumber}`);
  say(`khóa vận hành: ${keys.keyId}`);
  for (const root of keys.rootKeys) say(`khóa gốc: ${keyId(root)} (${root})`);
  say(`mã khóa gốc, như trên phiếu sao lưu: ${keyFingerprint(keys.statingRoot)}`);
  say(`khóa gốc trên máy chủ: ${(await keys.hasRoot()) ? 'có' : 'không (cất ngoài máy chủ)'}`);
}
