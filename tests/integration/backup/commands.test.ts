import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lchown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holdDataFolder } from '../../../server/storage/folder-lock.ts';
import { inRepo } from '../../helpers/repo-root.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { backupOf, dataFolder } from './support.ts';

/** A user that no machine has. */
const USER = 47_113;

function start(script: string, folder: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [inRepo(`dist/${script}.js`), ...args], {
    env: { ...process.env, LOA_DATA: folder, LOA_DATABASE_URL: `file:${join(folder, 'loa.db')}` },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
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

describe.skipIf(process.getuid?.() !== 0)('a command that root runs on the data of another user', () => {
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
    const { file, passphrase } = await backupOf(await dataFolder());
    await give(join(file, '..'));
    const secret = join(tempDir('secret'), 'passphrase');
    await writeFile(secret, passphrase, { mode: 0o600 });
    const folder = tempDir('data');
    await give(folder);
    const restored = await command('restore', folder, [file, '--passphrase-file', secret]);
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
    const { file, passphrase } = await backupOf(await dataFolder());
    const folder = await dataFolder();
    const restore = start('server/restore-command', folder, [file, '--replace']);
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
