import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pack } from 'tar-stream';
import { beforeAll, expect, it } from 'vitest';
import { newPassphrase } from '../../../server/domain/backup/passphrase.ts';
import { encryptTo } from '../../../server/storage/backup/age.ts';
import { TASKS } from '../../../server/storage/backup/index.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { names, nothing } from './support.ts';

interface Crafted {
  readonly name: string;
  readonly type?: 'file' | 'symlink' | 'link' | 'character-device' | 'directory';
  readonly linkname?: string;
}

const passphrase = newPassphrase();
let sheet: Awaited<ReturnType<(typeof TASKS)['sealKey']>>;
beforeAll(async () => {
  sheet = await TASKS.sealKey({ passphrase, rootKey: null }, nothing);
});

/** A file such as somebody makes who has the sheet, or gives one away with it: in order outside, with these entries inside. */
async function craft(entries: readonly Crafted[]): Promise<string> {
  const inner = pack();
  for (const { type = 'file', ...header } of entries)
    if (type === 'file') inner.entry({ ...header, type }, 'written by a stranger');
    else inner.entry({ ...header, type });
  inner.finalize();
  const sealed: Uint8Array[] = [];
  for await (const piece of await encryptTo([sheet.recipient], inner as AsyncIterable<Uint8Array>))
    sealed.push(piece);
  const outer = pack();
  outer.entry({ name: 'key.age' }, sheet.keyFile);
  outer.entry({ name: 'backup.tar.age' }, Buffer.concat(sealed));
  outer.finalize();
  const file = join(tempDir('crafted'), 'loa-lang.tar');
  await writeFile(file, outer as AsyncIterable<Uint8Array>);
  return file;
}

/** Puts it back and says with which words that was refused; nothing may lie outside the folder of the restore. */
async function refusal(entries: readonly Crafted[]): Promise<string> {
  const file = await craft(entries);
  const around = tempDir('around');
  const dataFolder = join(around, 'in', 'data');
  const place = { dataFolder, databaseUrl: `file:${join(dataFolder, 'loa.db')}` };
  const said = await TASKS.stage({ ...place, file, passphrase, now: 0 }, nothing).then(
    () => 'it was unpacked',
    (error: Error) => error.message,
  );
  expect(await names(dataFolder)).toEqual([]);
  expect(await readdir(around), 'nothing was put beside the data folder').toEqual(['in']);
  expect(await readdir(dirname(dataFolder))).toEqual(['data']);
  return said;
}

// From restoring/files/data/X up to the folder around.
const UP = '../'.repeat(6);

it.each(['\u2028', '\u2029', '\n', '\r', '\\', 'a'])(
  'a backup with steps up behind %j is refused before anything is written',
  async (odd) => {
    expect(await refusal([{ name: `data/${odd}/${UP}outside.txt` }])).toContain('an odd entry');
  },
);

it('a backup with a link is refused, and nothing goes through it', async () => {
  const link = { name: 'data/keys', linkname: '../../../..' };
  expect(await refusal([{ ...link, type: 'symlink' }, { name: 'data/keys/x' }])).toContain('an odd entry');
  expect(await refusal([{ ...link, type: 'link' }])).toContain('an odd entry');
  expect(await refusal([{ name: 'data/x', type: 'character-device' }])).toContain('an odd entry');
  expect(await refusal([{ name: 'data/x', type: 'directory' }])).toContain('an odd entry');
});

it('a backup with the same file twice is refused', async () => {
  expect(await refusal([{ name: 'data/x' }, { name: 'data/x' }])).toContain('an odd entry');
});
