import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../server/demo/free-port.ts';
import { inRepo } from '../../helpers/repo-root.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

function launch(env: Record<string, string>) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [inRepo('dist/controller/main.js')], {
    env: { PATH, LOA_DATA: join(tempDir('process'), 'data'), LOA_HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended: Promise<Ended> = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stderr,
  }));
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stderr.includes(text) && resolve();
      child.stderr.on('data', look);
      ended.then(() => reject(new Error(`ended: ${stderr}`)), reject);
      look();
    });
  return { child, ended, said, stderr: () => stderr };
}

it.each([
  ['LOA_PORT', { LOA_PORT: '80800' }, 'LOA_PORT is "80800": expected a whole number from 1 to 65535'],
  [
    'LOA_DATABASE_URL',
    { LOA_DATABASE_URL: 'mysql://u:secret@h/d' },
    'LOA_DATABASE_URL is "mysql://…@h/d": expected',
  ],
])('a bad %s ends the start with one line', async (_name, env, line) => {
  const { code, stderr } = await launch(env).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^loa: .*\n$/);
  expect(stderr).toContain(line);
});

it.each(['LOA_PORT', 'LOA_MQTT_PORT'])('says which port is in use and to set %s', async (variable) => {
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  onTestFinished(() => void busy.close());
  const { port } = busy.address() as AddressInfo;
  const ports = { LOA_PORT: String(await freePort()), LOA_MQTT_PORT: 'off', [variable]: String(port) };
  const { code, stderr } = await launch({ ...ports, LOA_LOG_LEVEL: 'silent' }).ended;
  expect(code).toBe(1);
  expect(stderr).toBe(`loa: port ${port} is in use by another program: set ${variable} to a free port\n`);
});

it('refuses a tokens file that it cannot read', async () => {
  const tokens = join(tempDir('process'), 'tokens.json');
  await writeFile(tokens, '[{"name":"x"}]');
  const ports = { LOA_PORT: String(await freePort()), LOA_MQTT_PORT: 'off' };
  const { code, stderr } = await launch({ ...ports, LOA_TOKENS: tokens }).ended;
  expect([code, stderr.startsWith(`loa: tokens file ${tokens} is not valid`)]).toEqual([1, true]);
});

it.each([
  [
    'a database that is none',
    async (folder: string): Promise<Record<string, string>> => {
      const path = join(folder, 'loa.db');
      await writeFile(path, 'not a database, and long enough to be taken for one '.repeat(40));
      return { LOA_DATABASE_URL: `file:${path}` };
    },
    /^loa: the database ".*loa\.db" cannot be used \(file is not a database\): /,
  ],
  [
    'a TLS key that is none',
    async (folder: string): Promise<Record<string, string>> => {
      const [key, cert] = [join(folder, 'loa.key'), join(folder, 'loa.crt')];
      for (const path of [key, cert]) await writeFile(path, 'not PEM');
      return { LOA_TLS_KEY: key, LOA_TLS_CERT: cert };
    },
    /^loa: LOA_TLS_KEY is ".*loa\.key": expected a readable PEM key that fits/,
  ],
])('refuses %s with one line', async (_what, prepare, line) => {
  const ports = { LOA_PORT: String(await freePort()), LOA_MQTT_PORT: 'off', LOA_LOG_LEVEL: 'silent' };
  const { code, stderr } = await launch({ ...ports, ...(await prepare(tempDir('process'))) }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(line);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

it('has no account and no token at its first start, but a link for the first administrator', {
  timeout: 90_000,
}, async () => {
  const data = join(tempDir('process'), 'data');
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const env = { LOA_DATA: data, LOA_PORT: port, LOA_PUBLIC_URL: url, LOA_MQTT_PORT: 'off' };
  const first = launch(env);
  await first.said('/setup#');
  const secretOf = (text: string) => /\/setup#([\w-]{43})/.exec(text)?.[1] ?? '';
  const unused = secretOf(first.stderr());
  first.child.kill('SIGTERM');
  expect((await first.ended).code).toBe(0);
  expect((await readdir(data)).filter((name) => name.includes('token'))).toEqual([]);

  const second = launch(env);
  await second.said('/setup#');
  const person = { name: 'quan-tri', displayName: 'Quản trị', password: 'một câu dài khó đoán' };
  const setUp = (secret: string) =>
    fetch(`${url}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret, ...person }),
    });
  expect((await setUp(unused)).status).toBe(403);
  const secret = secretOf(second.stderr());
  expect((await setUp(secret)).status).toBe(201);
  expect((await setUp(secret)).status).toBe(409);
  second.child.kill('SIGTERM');
  expect((await second.ended).code).toBe(0);

  const third = launch(env);
  await third.said('máy chủ chạy');
  third.child.kill('SIGTERM');
  const { stderr } = await third.ended;
  expect(stderr).not.toContain('/setup#');
});
