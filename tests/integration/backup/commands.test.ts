import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lchown, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keyFingerprint } from '#protocols';
import { holdDataFolder } from '../../../server/storage/folder-lock.ts';
import { inRepo } from '../../helpers/repo-root.ts';
import { itWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { ofEarlierVersion } from './repack.ts';
import { backupOf, dataFolder, names, rootOf, sheetOf } from './support.ts';

/** A user that no machine has. */
const USER = 47_113;

function start(script: string, folder: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [inRepo(`dist/${script}.js`), ...args], {
    env: { ...process.env, LOA_DATA: folder, LOA_DATABASE_URL: `file:${join(folder, 'loa.db')}` },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** The root key as a sheet of this controller has it. */
async function printedRoot(folder: string): Promise<string> {
  return keyFingerprint(await rootOf(folder));
}

/** Its exit code and words. */
async function ended(
  child: ChildProcessWithoutNullStreams,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const [code, out, err] = await Promise.all([
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, said: `${out}${err}` };
}

/** Runs one of the commands of the terminal as it is built, where nobody types. */
function command(name: 'backup' | 'restore' | 'keys', folder: string, args: readonly string[]) {
  const child = start(`server/${name}-command`, folder, args);
  child.stdin.end();
  return ended(child);
}

async function everything(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return [folder, ...entries.map((name) => join(folder, name))];
}

async function give(folder: string): Promise<void> {
  for (const path of await everything(folder)) await lchown(path, USER, USER);
}

async function ofOthers(folder: string): Promise<string[]> {
  const paths = await everything(folder);
  const owners = await Promise.all(paths.map(async (path) => (await stat(path)).uid));
  return paths.filter((_, at) => owners[at] !== USER);
}

const isRoot = process.getuid?.() === 0;
/** Whether another user may read the program, as every one may where it is installed; not in a folder of root's alone. */
const isReadable =
  isRoot &&
  spawnSync('test', ['-r', inRepo('package.json')], { uid: USER, gid: USER, cwd: '/' }).status === 0;

it.skipIf(!isRoot || isReadable)(
  'says to root that the owner of the data may not read the program',
  async () => {
    const folder = await dataFolder();
    await give(folder);
    const { code, said } = await command('backup', folder, []);
    expect(code).toBe(1);
    expect(said).toContain('may not read the program');
  },
);

describe.skipIf(!isReadable)('a command that root runs on the data of another user', () => {
  it('leaves nothing in the data folder that this user does not own', async () => {
    const folder = await dataFolder();
    await give(folder);
    const made = await command('backup', folder, []);
    expect(made).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining(['backups.jsonl', 'backup-work', 'backups']),
    );
    expect(await ofOthers(folder)).toEqual([]);
    expect(await command('keys', folder, ['rotate'])).toMatchObject({ code: 0 });
    expect(await ofOthers(folder)).toEqual([]);
  });

  it('puts a backup back as this user, where the passphrase is one that root alone may read', async () => {
    const data = await dataFolder();
    const { file, passphrase } = await backupOf(data);
    await give(join(file, '..'));
    const secret = join(tempDir('secret'), 'passphrase');
    await writeFile(secret, passphrase, { mode: 0o600 });
    const folder = tempDir('data');
    await give(folder);
    const said = ['--passphrase-file', secret, '--root-key', await printedRoot(data)];
    const restored = await command('restore', folder, [file, ...said]);
    expect(restored).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toContain('loa.db');
    expect(await ofOthers(folder)).toEqual([]);
  });

  it('makes a backup of all that this user may read, and names the rest', async () => {
    const folder = await dataFolder();
    await give(folder);
    await mkdir(join(folder, 'lost+found'), { mode: 0o700 });
    await writeFile(join(folder, 'cua-root.txt'), 'x', { mode: 0o600 });
    await mkdir(join(folder, 'cua-root'), { mode: 0o700 });
    const { code, said } = await command('backup', folder, []);
    expect(code).toBe(0);
    expect(said).toContain('"cua-root.txt"');
    expect(said).toContain('"cua-root"');
    expect(said).not.toContain('lost+found');
  });

  it('makes a backup also where an earlier version left the folder of its work to root', async () => {
    const folder = await dataFolder();
    await give(folder);
    await mkdir(join(folder, 'backup-work'), { mode: 0o700 });
    for (let run = 0; run < 2; run++) expect(await command('backup', folder, [])).toMatchObject({ code: 0 });
    expect(await readdir(join(folder, `backup-work-${USER}`))).toEqual([]);
    const { said } = await command('backup', folder, []);
    expect(said).not.toContain('cảnh báo');
  });

  it('does not stay root because that user put a link to a file of root there', async () => {
    const folder = await dataFolder();
    const roots = join(tempDir('roots'), 'loa.db');
    await rename(join(folder, 'loa.db'), roots);
    await give(folder);
    await symlink(roots, join(folder, 'loa.db'));
    await lchown(join(folder, 'loa.db'), USER, USER);
    await chmod(roots, 0o600);
    const before = await readFile(roots);
    // Root could read and write it.
    expect(await command('keys', folder, ['rotate'])).toMatchObject({ code: 1 });
    expect(await readFile(roots)).toEqual(before);
    expect(await ofOthers(folder)).toEqual([join(folder, 'loa.db')]);
  });

  it.each([0, USER + 1])('does nothing where the database is of uid %d instead', async (uid) => {
    const folder = await dataFolder();
    await give(folder);
    await lchown(join(folder, 'loa.db'), uid, uid);
    const { code, said } = await command('backup', folder, []);
    expect(code).toBe(1);
    expect(said).toContain(`"${join(folder, 'loa.db')}" belongs to uid ${uid}`);
    expect(await readdir(folder)).not.toContain('backup-work');
  });

  it('goes on as the owner of what root itself linked to', async () => {
    const folder = await dataFolder();
    await give(folder);
    const link = join(tempDir('link'), 'data');
    await symlink(folder, link);
    await chmod(dirname(link), 0o755);
    expect(await command('backup', link, [])).toMatchObject({ code: 0 });
    expect(await ofOthers(folder)).toEqual([]);
  });

  it('says as whom it runs where that user may not write', async () => {
    const folder = await dataFolder();
    await give(folder);
    const roots = join(tempDir('roots'), 'usb');
    await mkdir(roots, { mode: 0o700 });
    const { code, said } = await command('backup', folder, ['--to', roots]);
    expect(code).toBe(1);
    expect(said).toContain(`uid ${USER}`);
  });
});

it('a backup at the terminal into a folder of its own removes and replaces none that is there', async () => {
  const folder = await dataFolder();
  const usb = tempDir('usb');
  for (let run = 0; run < 3; run++)
    expect(await command('backup', folder, ['--to', usb])).toMatchObject({ code: 0 });
  expect(await readdir(usb)).toHaveLength(3);
});

describe('what is put back at the terminal', () => {
  /** Where nobody types: what became of it, and what lies in the place afterwards. */
  async function restored(file: string, passphrase: string, args: readonly string[]) {
    const folder = join(tempDir('restore'), 'data');
    const secret = join(tempDir('secret'), 'passphrase');
    await writeFile(secret, passphrase);
    const result = await command('restore', folder, [file, '--passphrase-file', secret, ...args]);
    return { ...result, names: await names(folder).catch(() => []) };
  }

  it('is said first, and nothing is placed before its root key was named', async () => {
    const data = await dataFolder();
    const { file, passphrase } = await backupOf(data);
    const unasked = await restored(file, passphrase, []);
    expect(unasked).toMatchObject({ code: 1, names: [] });
    expect(unasked.said).toContain('--root-key');
    expect(unasked.said).toContain(await printedRoot(data));
    expect(unasked.said).toContain('tan-an');
    const other = await restored(file, passphrase, ['--root-key', await printedRoot(await dataFolder())]);
    expect(other).toMatchObject({ code: 1, names: [] });
    expect(other.said).toContain('another controller');
    const named = await restored(file, passphrase, ['--root-key', await printedRoot(data)]);
    expect(named).toMatchObject({ code: 0, names: expect.arrayContaining(['loa.db', 'keys']) });
  });

  itWith(['age'], 'is put back by who sits there and says that it is the right one', async () => {
    const data = await dataFolder();
    const { file, passphrase } = await backupOf(data);
    const typed = async (answer: string) => {
      const folder = join(tempDir('restore'), 'data');
      // A terminal is made by "script", which comes with what the tests of "age" need.
      const run = `${process.execPath} ${inRepo('dist/server/restore-command.js')} ${file}`;
      const child = spawn('script', ['-qec', run, '/dev/null'], {
        env: { ...process.env, LOA_DATA: folder, LOA_DATABASE_URL: `file:${join(folder, 'loa.db')}` },
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const answers = [['mật khẩu trên phiếu', passphrase] as const, ['Gõ "dung"', answer] as const];
      let said = '';
      child.stdout.on('data', (piece: Buffer) => {
        said += piece.toString();
        const [next] = answers;
        if (next === undefined || !said.includes(next[0])) return;
        answers.shift();
        child.stdin.write(`${next[1]}\n`);
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      expect(said).not.toContain(passphrase);
      return { code, said, names: await names(folder).catch(() => []) };
    };
    expect(await typed('không')).toMatchObject({ code: 1, names: [] });
    const put = await typed('dung');
    expect(put.code).toBe(0);
    expect(put.said).toContain(await printedRoot(data));
    expect(put.names).toContain('loa.db');
  });

  it('and was not signed, by an earlier version, needs a word of its own', async () => {
    const data = await dataFolder();
    const { passphrase, key } = await sheetOf(null);
    const { file: signed } = await backupOf(data, key);
    const file = await ofEarlierVersion(signed, passphrase);
    const root = ['--root-key', await printedRoot(data)];
    const refused = await restored(file, passphrase, root);
    expect(refused).toMatchObject({ code: 1, names: [] });
    expect(refused.said).toContain('--unsigned');
    expect(await restored(file, passphrase, ['--unsigned'])).toMatchObject({ code: 1, names: [] });
    expect(await restored(file, passphrase, [...root, '--unsigned'])).toMatchObject({ code: 0 });
  });
});

describe('a restore at the terminal', () => {
  it('that is refused because a controller runs leaves what that one has received', async () => {
    const { file } = await backupOf(await dataFolder());
    const folder = tempDir('data');
    const upload = join(folder, 'restoring', 'incoming.tar');
    await mkdir(join(folder, 'restoring'));
    await writeFile(upload, 'half of a backup');
    onTestFinished(holdDataFolder(folder));
    const { code, said } = await command('restore', folder, [file, '--replace']);
    expect(code).toBe(1);
    expect(said).toContain('A controller is running');
    expect(await readFile(upload, 'utf8')).toBe('half of a backup');
  });

  it('keeps a controller from starting while somebody looks for the sheet', async () => {
    const data = await dataFolder();
    const { file, passphrase } = await backupOf(data);
    const folder = await dataFolder();
    const rootKey = await printedRoot(data);
    const restore = start('server/restore-command', folder, [file, '--replace', '--root-key', rootKey]);
    const done = ended(restore);
    await once(restore.stderr, 'data');
    const controller = start('controller/main', folder, []);
    const refused = await ended(controller);
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('restore of a backup');
    restore.stdin.end(`${passphrase}\n`);
    expect(await done).toMatchObject({ code: 0 });
  });
});
