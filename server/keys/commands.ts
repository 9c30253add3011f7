import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Clock, syncFolder } from '#kit';
import { exportSigningKey, generateSigningKey, importSigningKey, keyId } from '#protocols';
import { KeyService } from '../domain/keys/key-service.ts';
import { KeyFiles } from '../storage/key-files.ts';

export const KEYS_USAGE = `npm run keys -- LỆNH
  show                       cho biết các khóa đang dùng
  rotate [--root TỆP]        thay khóa vận hành; mọi lệnh đang có hiệu lực được ký lại khi máy chủ chạy lại
  new-root [--root TỆP] [--spare TỆP]
                             thay khóa gốc; --spare ghi thêm một khóa gốc dự phòng ra tệp để cất riêng
  offline-root TỆP           ghi khóa gốc ra TỆP (in ra giấy hoặc chép vào USB), rồi gỡ khỏi máy chủ
--root TỆP: khóa gốc đang cất ngoài máy chủ. Hãy dừng máy chủ trước khi thay khóa.
`;

export interface KeysCommand {
  readonly args: readonly string[];
  readonly folder: string;
  readonly clock: Clock;
  /** Makes sure that no controller runs on this data; gives back what lets it run again. Throws when one does. */
  readonly own: () => Promise<() => Promise<void>>;
  readonly say: (line: string) => void;
}

/** What a person at the controller's terminal may do with its keys. Resolves with the exit code; 2: called wrongly. */
export async function keysCommand({ args, folder, clock, own, say }: KeysCommand): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { root: { type: 'string' }, spare: { type: 'string' } },
  });
  const [command, file, ...more] = positionals;
  const wantsFile = command === 'offline-root';
  const known = command === 'show' || command === 'rotate' || command === 'new-root' || wantsFile;
  if (!known || more.length > 0 || (file !== undefined) !== wantsFile) return 2;
  const keys = new KeyService({ vault: new KeyFiles({ folder }), clock });
  if (command === 'show') {
    // Reading alone: a folder without keys is not filled by looking at it.
    if ((await new KeyFiles({ folder }).readStatements()).length === 0) {
      say(`chưa có khóa nào trong ${folder}: hãy chạy máy chủ lần đầu trước`);
      return 1;
    }
    await keys.start();
    await tell(keys, say);
    return 0;
  }
  const release = await own();
  try {
    await keys.start();
    const root = values.root === undefined ? undefined : await readFile(values.root, 'utf8');
    if (command === 'rotate') await keys.rotate(root);
    else if (command === 'new-root') await newRoot(keys, root, values.spare);
    else await takeOffline(keys, folder, file ?? '', say);
    await tell(keys, say);
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

/** A secret into a file of its own that did not exist, durably. */
async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(join(path, '..'));
}

async function tell(keys: KeyService, say: (line: string) => void): Promise<void> {
  say(`văn bản khóa số ${keys.statementNumber}`);
  say(`khóa vận hành: ${keys.keyId}`);
  for (const root of keys.rootKeys) say(`khóa gốc: ${keyId(root)} (${root})`);
  say(`khóa gốc trên máy chủ: ${(await keys.hasRoot()) ? 'có' : 'không (cất ngoài máy chủ)'}`);
}
