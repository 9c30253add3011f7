import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { SETUP_SECRET_HEADER } from '#protocols';
import { SetupRestore } from '../../../server/domain/backup/setup-restore.ts';
import { type ApiOptions, buildApi } from '../../../server/http/api.ts';
import { BackupWorker, IncomingRestore } from '../../../server/storage/backup/index.ts';
import { BUILT_WORKER } from '../../helpers/built-worker.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { startController } from '../http/support.ts';
import { backupOf, dataFolder } from './support.ts';

/** The API on a port, with a place for a backup that nobody uses yet. */
async function firstRun(options: ApiOptions = {}) {
  const { services, log } = (await startController()).context;
  const folder = join(tempDir('first-run'), 'data');
  const clock = new SystemClock();
  const worker = new BackupWorker({ clock, script: BUILT_WORKER });
  const place = { dataFolder: folder, databaseUrl: `file:${join(folder, 'loa.db')}` };
  let restart: () => void = () => undefined;
  const restarted = new Promise<void>((resolve) => {
    restart = resolve;
  });
  const errors: unknown[] = [];
  const setupRestore = new SetupRestore({
    ...{ guard: { check: () => undefined }, isFresh: async () => true, restart, clock },
    ...{ ownUrl: 'http://new.test', stage: new IncomingRestore({ ...place, worker, clock }) },
    onError: (error) => errors.push(error),
  });
  const app = await buildApi({ ...services, setupRestore }, log, options);
  onTestFinished(() => app.close());
  for (const part of [worker, setupRestore]) {
    onTestFinished(() => part.stop());
    await part.start();
  }
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  /** What was sent is opened, and somebody says that it is the right one: resolves when the controller would start again. */
  const confirmed = async () => {
    const { facts } = await until('what was sent to be open', () => {
      const now = setupRestore.state('');
      return now.phase === 'confirm' && now;
    });
    const { sha256 = '', rootKeys = [] } = facts || {};
    await setupRestore.confirm('', { sha256, rootKey: rootKeys[0]?.fingerprint ?? '', unsigned: false });
    await restarted;
  };
  return { port, setupRestore, confirmed, errors };
}

/** A form with a real backup, sent up to its middle. */
async function halfSent(port: number, file: string, passphrase: string) {
  const field = (name: string) => `--x\r\nContent-Disposition: form-data; name="${name}"`;
  const body = Buffer.concat([
    Buffer.from(`${field('passphrase')}\r\n\r\n${passphrase}\r\n${field('file')}; filename="a.tar"\r\n\r\n`),
    await readFile(file),
    Buffer.from('\r\n--x--\r\n'),
  ]);
  const sending = post(port, '/api/v1/setup/restore', {
    'content-type': 'multipart/form-data; boundary=x',
    'content-length': body.length,
    [SETUP_SECRET_HEADER]: 'secret',
  });
  const middle = Math.floor(body.length / 2);
  sending.write(body.subarray(0, middle));
  return { sending, rest: body.subarray(middle) };
}

function post(port: number, path: string, headers: Record<string, string | number>): ClientRequest {
  return request({ host: '127.0.0.1', port, path, method: 'POST', headers });
}

it('an upload may take longer than any other request, and is put back', async () => {
  const { file, passphrase } = await backupOf(await dataFolder());
  let server: Server | undefined;
  const { port, setupRestore, confirmed } = await firstRun({
    server: (handler) => {
      server = createServer({ connectionsCheckingInterval: 10 }, handler);
      return server;
    },
  });
  const { sending, rest } = await halfSent(port, file, passphrase);
  const other = post(port, '/api/v1/login', { 'content-type': 'application/json', 'content-length': 100 });
  other.write('{');
  await until('the first half', () => setupRestore.state('').bytes > 0);
  const late = new Promise<void>((resolve) => {
    server?.on('clientError', (_error, socket: Socket) => {
      if (socket.remotePort === sending.socket?.localPort) resolve();
    });
  });
  const refused = once(other, 'response') as Promise<[IncomingMessage]>;
  // From here on both take too long. Node takes the longer of the two for the request.
  if (server !== undefined) Object.assign(server, { headersTimeout: 1, requestTimeout: 1 });
  expect((await refused)[0].statusCode).toBe(408);
  await late;
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  sending.end(rest);
  expect((await answered)[0].statusCode).toBe(202);
  await confirmed();
  expect(setupRestore.state('').phase).toBe('ready');
});

it.each(['by a line on which nothing comes any more', 'by who sent it'])(
  'an upload that is cut off %s is no damaged backup, and may be sent again',
  async (how) => {
    const { file, passphrase } = await backupOf(await dataFolder());
    const silence = how.startsWith('by a line');
    const { port, setupRestore, confirmed, errors } = await firstRun(silence ? { uploadIdleMs: 1_000 } : {});
    const { sending } = await halfSent(port, file, passphrase);
    sending.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => sending.on('close', resolve));
    await until('the first half', () => setupRestore.state('').bytes > 0);
    if (!silence) sending.destroy();
    await closed;
    const state = await until('the refusal', () => {
      const now = setupRestore.state('');
      return now.phase === 'failed' && now;
    });
    expect(state.error).toMatchObject({ code: 'upload.cut_off', params: { megabytes: 0 } });
    expect(errors).toEqual([]);

    const again = await halfSent(port, file, passphrase);
    const answered = once(again.sending, 'response') as Promise<[IncomingMessage]>;
    again.sending.end(again.rest);
    expect((await answered)[0].statusCode).toBe(202);
    await confirmed();
  },
);
