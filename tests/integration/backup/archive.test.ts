import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFile,
  mkdir,
  open,
  readFile,
  rename,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { TASKS } from '../../../server/storage/backup/index.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { itWith } from '../../helpers/requirements.ts';
import { fillDisk, mountSmall, unmount } from '../../helpers/small-disk.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { backupOf, dataFolder, names, nothing, restoreInto, SOUND, SOUND_HASH } from './support.ts';

let data: string;
let backup: Awaited<ReturnType<typeof backupOf>>;
beforeAll(async () => {
  data = await dataFolder();
  backup = await backupOf(data);
});

describe('a backup', () => {
  it('put back into an empty folder is the same controller', async () => {
    const place = join(tempDir('restore'), 'data');
    const restored = await restoreInto(place, backup.file, backup.passphrase);
    expect(restored).toMatchObject({ backupAt: backup.made.at, replaced: null, sha256: backup.made.sha256 });
    for (const path of ['keys/root.pem', 'keys/operational.pem', 'keys/statements.jsonl', 'latches.bin'])
      expect(await readFile(join(place, path)), path).toEqual(await readFile(join(data, path)));
    expect(await readFile(join(place, 'authority/issued/a.pem'), 'utf8')).toBe('a certificate');
    expect(await readFile(join(place, 'media', SOUND_HASH.slice(0, 2), SOUND_HASH))).toEqual(SOUND);
    expect(await names(place)).not.toContain('first-tokens.txt');
    expect(await names(place)).not.toContain('restoring');
    const database = new BetterSqlite3(join(place, 'loa.db'), { readonly: true });
    expect(database.prepare('SELECT sha256 FROM Medium').all()).toEqual([{ sha256: SOUND_HASH }]);
    database.close();
  });

  it('leaves nothing of its work behind', async () => {
    expect(await names(join(data, 'backup-work'))).toEqual([]);
    expect(await names(join(backup.file, '..'))).toEqual([backup.made.name]);
  });

  it('is a snapshot: what a running controller writes meanwhile neither waits nor gets in by half', async () => {
    const folder = await dataFolder();
    const storage = openStorage({ url: `file:${join(folder, 'loa.db')}`, clock: new SystemClock() });
    await storage.start();
    onTestFinished(() => storage.stop());
    let writing = true;
    let pairs = 0;
    const writer = (async () => {
      for (; writing; pairs++)
        await storage.transaction(async (tx) => {
          await tx.settings.put('left', String(pairs), 0);
          await tx.settings.put('right', String(pairs), 0);
        });
    })();
    const { file, passphrase } = await backupOf(folder);
    writing = false;
    await writer;
    const place = join(tempDir('restore'), 'data');
    await restoreInto(place, file, passphrase);
    const database = new BetterSqlite3(join(place, 'loa.db'), { readonly: true });
    const rows = database.prepare('SELECT value FROM Setting').all() as { value: string }[];
    database.close();
    expect(rows[0]?.value).toBe(rows[1]?.value);
    expect(pairs).toBeGreaterThan(10);
  });

  it('names the audio that is gone or damaged, and holds all the rest', async () => {
    const folder = await dataFolder();
    await writeFile(join(folder, 'media', SOUND_HASH.slice(0, 2), SOUND_HASH), 'other bytes');
    const { made, file, passphrase } = await backupOf(folder);
    expect(made.missing).toBe(1);
    await restoreInto(join(tempDir('restore'), 'data'), file, passphrase);
  });

  it('of keys that do not belong together is none', async () => {
    const folder = await dataFolder();
    const other = await dataFolder();
    await copyFile(join(other, 'keys/operational.pem'), join(folder, 'keys/operational.pem'));
    const target = tempDir('backups');
    await expect(backupOf(folder, { folder: target })).rejects.toMatchObject({ code: 'backup.unverified' });
    expect(await names(target)).toEqual([]);
  });
});

describe('a database below the data folder', () => {
  const below = (folder: string) => `file:${join(folder, 'db', 'loa.db')}`;

  /** A data folder with its database in a folder that holds another file too. */
  async function deep(): Promise<string> {
    const folder = await dataFolder();
    await mkdir(join(folder, 'db'));
    await rename(join(folder, 'loa.db'), join(folder, 'db', 'loa.db'));
    await rename(join(folder, 'loa.db.owner'), join(folder, 'db', 'loa.db.owner'));
    await writeFile(join(folder, 'db', 'ghi-chu.txt'), 'a note');
    return folder;
  }

  it('goes into the backup as the snapshot alone, and is put back where it was', async () => {
    const folder = await deep();
    const { file, passphrase } = await backupOf(folder, { databaseUrl: below(folder) });
    const place = join(tempDir('restore'), 'data');
    await restoreInto(place, file, passphrase, { databaseUrl: below(place) });
    expect(await names(join(place, 'db'))).toEqual(['ghi-chu.txt', 'loa.db']);
    const database = new BetterSqlite3(join(place, 'db', 'loa.db'), { readonly: true });
    expect(database.prepare('SELECT sha256 FROM Medium').all()).toEqual([{ sha256: SOUND_HASH }]);
    database.close();
  });

  it('of a backup that an earlier version made is the snapshot, not the files that it packed as well', async () => {
    const folder = await deep();
    // Named as if it lay elsewhere: then its files are some like others, as they were before.
    const elsewhere = join(tempDir('elsewhere'), 'loa.db');
    await copyFile(join(folder, 'db', 'loa.db'), elsewhere);
    await writeFile(join(folder, 'db', 'loa.db-wal'), 'frames of another time');
    const { file, passphrase } = await backupOf(folder, { databaseUrl: `file:${elsewhere}` });
    const place = join(tempDir('restore'), 'data');
    await restoreInto(place, file, passphrase, { databaseUrl: below(place) });
    expect(await names(join(place, 'db'))).toEqual(['ghi-chu.txt', 'loa.db']);
  });

  it('is refused before anything is moved where a file of the backup has its name', async () => {
    const place = join(tempDir('restore'), 'data');
    const databaseUrl = `file:${join(place, 'latches.bin', 'loa.db')}`;
    await expect(restoreInto(place, backup.file, backup.passphrase, { databaseUrl })).rejects.toMatchObject({
      code: 'backup.place_unusable',
    });
    expect(await names(place)).toEqual([]);
  });
});

describe('names in the data folder', () => {
  it('that are odd and harmless are packed like others', async () => {
    const folder = await dataFolder();
    const odd = ['tokens.json~', 'ghi chú.txt', '#1#', '-x', 'a:b', `${'dài '.repeat(40)}.txt`, '(1).pem'];
    for (const name of odd) await writeFile(join(folder, name), name);
    await mkdir(join(folder, 'thư mục'));
    await writeFile(join(folder, 'thư mục', 'ảnh 1.png'), 'x');
    const { file, passphrase, made } = await backupOf(folder);
    expect(made.skipped).toEqual([]);
    const place = join(tempDir('restore'), 'data');
    await restoreInto(place, file, passphrase);
    for (const name of odd) expect(await readFile(join(place, name), 'utf8')).toBe(name);
    expect(await readFile(join(place, 'thư mục', 'ảnh 1.png'), 'utf8')).toBe('x');
  });

  it('that cannot be packed are left out and named', async () => {
    const folder = await dataFolder();
    await writeFile(join(folder, 'two\nlines'), 'x');
    await writeFile(join(folder, 'back\\slash'), 'x');
    await symlink('/etc/hostname', join(folder, 'link'));
    await writeFile(Buffer.from(`${folder}/\xff.txt`, 'latin1'), 'x');
    await mkdir(join(folder, 'lost+found'));
    await writeFile(join(folder, 'lost+found', 'piece'), 'x');
    await writeFile(join(folder, '.DS_Store'), 'x');
    const { file, passphrase, made } = await backupOf(folder);
    expect(made.skipped.map(({ path }) => path).sort()).toEqual(
      ['back\\slash', 'link', 'two\nlines', '\ufffd.txt'].sort(),
    );
    const place = join(tempDir('restore'), 'data');
    await mkdir(join(place, 'lost+found'), { recursive: true });
    await writeFile(join(place, '.DS_Store'), 'x');
    await restoreInto(place, file, passphrase);
    expect(await names(place)).not.toContain('link');
  });
});

describe('a file that is not what was written', () => {
  const refused = async (change: (file: string) => Promise<void>, passphrase = backup.passphrase) => {
    const file = join(tempDir('changed'), backup.made.name);
    await copyFile(backup.file, file);
    await change(file);
    const place = join(tempDir('restore'), 'data');
    const code = await restoreInto(place, file, passphrase).then(
      () => 'restored',
      (error: { code?: string }) => error.code ?? String(error),
    );
    expect(await names(place)).toEqual([]);
    return code;
  };

  it('does not open with another passphrase', async () => {
    expect(await refused(async () => undefined, 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF')).toBe(
      'backup.wrong_passphrase',
    );
  });

  it.each([0.1, 0.5, 0.99, 0.9999])('is refused when it ends at %f of its length', async (part) => {
    const { size } = await stat(backup.file);
    expect(await refused((file) => truncate(file, Math.floor(size * part)))).toBe('backup.damaged');
  });

  it.each([0.05, 0.3, 0.6, 0.95])('is refused when a bit flipped at %f of its length', async (part) => {
    const { size } = await stat(backup.file);
    const code = await refused(async (path) => {
      const file = await open(path, 'r+');
      const at = Math.floor(size * part);
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, at);
      byte[0] = (byte[0] ?? 0) ^ 1;
      await file.write(byte, 0, 1, at);
      await file.close();
    });
    expect(code).toBe('backup.damaged');
  });

  it('is refused when it is no backup at all', async () => {
    expect(await refused((file) => writeFile(file, 'a letter'))).toBe('backup.damaged');
  });
});

it('never takes the place of another of the same second', async () => {
  const folder = tempDir('backups');
  const { file } = await backupOf(data, { folder });
  const before = await readFile(file);
  await expect(backupOf(data, { folder })).rejects.toMatchObject({ code: 'backup.name_taken' });
  expect(await readFile(file)).toEqual(before);
  const copy = { from: file, folder, name: backup.made.name, sha256: backup.made.sha256 };
  await expect(TASKS.copy(copy, nothing)).rejects.toMatchObject({ code: 'backup.name_taken' });
});

it('what a killed run has left goes with a later one', async () => {
  const folder = tempDir('backups');
  const left = [
    join(folder, 'loa-lang_x_2026-01-01_00-00-00Z_phieu-1.tar.77.new'),
    join(data, 'backup-work', 'run-left'),
  ];
  const fresh = join(folder, 'loa-lang_x_2026-01-02_00-00-00Z_phieu-1.tar.77.new');
  for (const path of [...left, fresh]) await writeFile(path, 'half');
  for (const path of left) await utimes(path, 0, 0);
  const { made } = await backupOf(data, { folder });
  expect(await names(folder)).toEqual([fresh.slice(folder.length + 1), made.name].sort());
  expect(await names(join(data, 'backup-work'))).toEqual([]);
});

describe('a full disk', () => {
  const small = (size: string): string | undefined => {
    const folder = tempDir('small');
    if (!mountSmall(folder, size)) return undefined;
    onTestFinished(() => unmount(folder));
    return folder;
  };

  it('is seen before anything is written', async ({ skip }) => {
    const folder = small('1m');
    if (folder === undefined) return skip('mount is not allowed here');
    await expect(backupOf(data, { folder })).rejects.toMatchObject({
      code: 'backup.no_room',
      params: { folder },
    });
    expect(await names(folder)).toEqual([]);
  });

  it('in the middle leaves nothing half', async ({ skip }) => {
    const folder = small('40m');
    if (folder === undefined) return skip('mount is not allowed here');
    const big = await dataFolder();
    await writeFile(join(big, 'later-version.bin'), Buffer.alloc(8 * 1024 * 1024, 'x'));
    const key = await TASKS.sealKey({ passphrase: 'x', rootKey: null }, nothing);
    const order = { dataFolder: big, folder, areaId: 'x', at: 0, version: 'test', sheet: 1, ...key };
    let filled = false;
    const making = TASKS.make({ ...order, databaseUrl: `file:${join(big, 'loa.db')}` }, () => {
      if (filled) return;
      filled = true;
      fillDisk(join(folder, 'others'));
    });
    await expect(making).rejects.toMatchObject({ code: 'backup.no_room' });
    expect(await names(folder)).toEqual(['others']);
    expect(await names(join(big, 'backup-work'))).toEqual([]);
  });
});

itWith(['age'], 'opens with "age" and "tar" alone', async () => {
  const folder = tempDir('by-hand');
  execFileSync('tar', ['-xf', backup.file], { cwd: folder });
  expect(await readFile(join(folder, 'DOC-TRUOC.txt'), 'utf8')).toContain('age -d -i key.age');
  // age reads a passphrase from a terminal only: "script" makes one.
  const age = spawn('script', ['-qec', 'age -d -i key.age -o inner.tar backup.tar.age', '/dev/null'], {
    cwd: folder,
  });
  age.stdout.on('data', (said: Buffer) => {
    if (said.toString().includes('Enter passphrase')) age.stdin.write(`${backup.passphrase}\n`);
  });
  expect((await once(age, 'exit'))[0]).toBe(0);
  execFileSync('tar', ['-xf', 'inner.tar'], { cwd: folder });
  expect(await readFile(join(folder, 'data/media', SOUND_HASH.slice(0, 2), SOUND_HASH))).toEqual(SOUND);
  expect(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({
    kind: 'loa-lang-backup',
  });
});
