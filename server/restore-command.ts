import { access, constants, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { actAsOwner } from './act-as-owner.ts';
import { loadConfig } from './config/index.ts';
import { printedPassphrase } from './domain/backup/passphrase.ts';
import { finishRestore, holdPlace, requirePlace, stageRestore } from './storage/backup/index.ts';
import { askHidden, failureLine, progressLine, say } from './terminal.ts';

const USAGE = 'cách dùng: npm run restore -- TỆP.tar [--passphrase-file TỆP] [--replace]';
const QUESTION = 'loa: mật khẩu trên phiếu sao lưu (không hiện khi gõ): ';

/** Puts a backup back into the data folder that the environment names. Resolves with the exit code. */
async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        'passphrase-file': { type: 'string' },
        replace: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    const [file, ...more] = positionals;
    if (values.help || file === undefined || more.length > 0) {
      say(USAGE);
      return values.help ? 0 : 2;
    }
    const { dataFolder, databaseUrl } = loadConfig(process.env);
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
    await stageRestore({
      ...place,
      ...{ file: resolve(file), passphrase, now: Date.now() },
      onBytes: (bytes, total) => tell({ phase: 'read', bytes, total }),
    });
    const restored = await finishRestore(place);
    if (restored === null) throw new Error('the restore left no step behind');
    say(`đã khôi phục vào ${dataFolder} (bản sao lưu lúc ${new Date(restored.backupAt).toISOString()})`);
    if (restored.replaced !== null) say(`dữ liệu cũ được dời sang ${restored.replaced} (không xóa gì)`);
    say(
      'QUAN TRỌNG: máy chủ cũ phải TẮT HẲN. Hai máy chủ cùng khóa mà cùng chạy sẽ tranh nhau điều khiển loa.',
    );
    say('khởi động: npm start. Cụm loa tự nối lại nếu LOA_PUBLIC_URL (địa chỉ) vẫn như cũ.');
    return 0;
  } catch (error) {
    say(failureLine(error));
    return 1;
  }
}

async function passphraseIn(file: string | undefined): Promise<string | null> {
  return file === undefined ? null : (await readFile(file, 'utf8')).trim();
}

process.exitCode = await main();
