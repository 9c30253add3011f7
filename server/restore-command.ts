import { access, constants, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BackupFacts, DomainError } from '#protocols';
import { actAsOwner } from './act-as-owner.ts';
import { loadConfig } from './config/index.ts';
import { isRootKeyOf } from './domain/backup/confirmation.ts';
import { printedPassphrase } from './domain/backup/passphrase.ts';
import {
  acceptRestore,
  discardStaged,
  finishRestore,
  holdPlace,
  requirePlace,
  stageRestore,
} from './storage/backup/index.ts';
import { askHidden, askLine, failureLine, progressLine, say } from './terminal.ts';

const USAGE =
  'cách dùng: npm run restore -- TỆP.tar [--passphrase-file TỆP] [--root-key "MÃ KHÓA GỐC TRÊN PHIẾU"] [--unsigned] [--replace]';
const QUESTION = 'loa: mật khẩu trên phiếu sao lưu (không hiện khi gõ): ';

/** Puts a backup back into the data folder that the environment names. Resolves with the exit code. */
async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        'passphrase-file': { type: 'string' },
        'root-key': { type: 'string' },
        unsigned: { type: 'boolean' },
        replace: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    const [file, ...more] = positionals;
    if (values.help || file === undefined || more.length > 0) {
      say(USAGE);
      return values.help ? 0 : 2;
    }
    const { dataFolder, databaseUrl, publicUrl } = loadConfig(process.env);
    const place = { dataFolder, databaseUrl };
    // Whoever started the command may read these; the user of the controller need not.
    const inFile = await passphraseIn(values['passphrase-file']);
    actAsOwner(place);
    await access(resolve(file), constants.R_OK);
    // Until this process ends: no controller starts while somebody looks for the sheet.
    process.once('exit', holdPlace(place));
    // One that was cut off is ended first.
    await finishRestore(place);
    await requirePlace(place, values.replace ?? false);
    const passphrase = printedPassphrase(inFile ?? (await askHidden(QUESTION)));
    const tell = progressLine({ read: 'đọc và kiểm tra' });
    const { step, facts } = await stageRestore({
      ...place,
      ...{ file: resolve(file), passphrase, now: Date.now() },
      onBytes: (bytes, total) => tell({ phase: 'read', bytes, total }),
    });
    try {
      tellFacts(facts, publicUrl);
      await confirm(facts, values['root-key'], values.unsigned ?? false);
    } catch (error) {
      await discardStaged(dataFolder);
      throw error;
    }
    await acceptRestore(dataFolder, step);
    const restored = await finishRestore(place);
    if (restored === null) throw new Error('the restore left no step behind');
    say(`đã khôi phục vào ${dataFolder} (bản sao lưu lúc ${new Date(restored.backupAt).toISOString()})`);
    if (restored.replaced !== null) say(`dữ liệu cũ được dời sang ${restored.replaced} (không xóa gì)`);
    say(
      'QUAN TRỌNG: máy chủ cũ phải TẮT HẲN. Hai máy chủ cùng khóa mà cùng chạy sẽ tranh nhau điều khiển loa.',
    );
    say(
      facts.publicUrl === null || facts.publicUrl === publicUrl
        ? 'khởi động: npm start. Cụm loa tự nối lại nếu LOA_PUBLIC_URL (địa chỉ) vẫn như cũ.'
        : `CHÚ Ý: cụm loa tìm máy chủ ở ${facts.publicUrl}. Đặt LOA_PUBLIC_URL=${facts.publicUrl} và cho tên, cổng đó dẫn tới máy này rồi mới npm start.`,
    );
    return 0;
  } catch (error) {
    say(failureLine(error));
    return 1;
  }
}

/** Whose backup it is, for who sits there to compare with the sheet. */
function tellFacts(facts: BackupFacts, publicUrl: string): void {
  const { areaId, place, at, version, speakers, rootKeys, signed, ofSheet } = facts;
  const [newest, ...earlier] = rootKeys;
  say('bản sao lưu này là của:');
  say(`  địa bàn: ${place ?? '(bản cũ không ghi tên)'} (${areaId})`);
  say(`  lúc: ${new Date(at).toISOString()}, phiên bản ${version}`);
  if (speakers !== null) say(`  số cụm loa: ${speakers}`);
  say(`  địa chỉ máy chủ cũ: ${facts.publicUrl ?? '(bản cũ không ghi)'}; máy này: ${publicUrl}`);
  say(`  mã khóa gốc: ${newest?.fingerprint}${ofSheet ? ' (phiếu này đúng là của khóa gốc đó)' : ''}`);
  for (const { fingerprint } of earlier) say(`  mã khóa gốc trước đó: ${fingerprint}`);
  say(
    `  chữ ký của máy chủ: ${signed ? 'đúng' : 'KHÔNG CÓ (bản chương trình cũ làm ra, hoặc người khác làm ra)'}`,
  );
}

/** Resolves when somebody said that this is the one. Throws `restore.unconfirmed`, `backup.other_root`. */
async function confirm(
  { rootKeys, signed }: BackupFacts,
  rootKey: string | undefined,
  unsigned: boolean,
): Promise<void> {
  if (!signed && !unsigned)
    throw new DomainError('restore.unconfirmed', {
      what: 'nobody signed it. Where you are sure that it comes from where this commune keeps its backups, say so with --unsigned',
    });
  if (rootKey !== undefined) {
    if (isRootKeyOf(rootKeys, rootKey)) return;
    throw new DomainError('backup.other_root', {
      found: rootKeys[0]?.fingerprint ?? '',
      expected: rootKey.slice(0, 64),
    });
  }
  if (!process.stdin.isTTY)
    throw new DomainError('restore.unconfirmed', {
      what: 'nobody sits at this terminal: name the root key that the sheet says, with --root-key',
    });
  const none = 'chưa xác nhận nên không khôi phục gì';
  const said = await askLine(
    'loa: tên, ngày và mã khóa gốc có giống hệt trên phiếu không? Gõ "dung" để khôi phục: ',
    none,
  );
  if (!['dung', 'đúng'].includes(said.trim().toLowerCase().normalize('NFC'))) throw new Error(none);
}

async function passphraseIn(file: string | undefined): Promise<string | null> {
  return file === undefined ? null : (await readFile(file, 'utf8')).trim();
}

process.exitCode = await main();
