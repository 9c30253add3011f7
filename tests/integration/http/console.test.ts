import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { ConsoleFiles } from '../../../server/http/console-files.ts';
import { mapErrors } from '../../../server/http/plugins/errors.ts';
import { consoleRoutes } from '../../../server/http/routes/console.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { type Problem, startController } from './support.ts';

const PAGE = '<!doctype html><title>Đài truyền thanh</title>';
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
let app: FastifyInstance;

async function served(folder: string | null): Promise<FastifyInstance> {
  const made = Fastify();
  mapErrors(made, () => undefined);
  await made.register(consoleRoutes(new ConsoleFiles(folder)));
  onTestFinished(() => made.close());
  return made;
}

beforeEach(async () => {
  const folder = tempDir('console');
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, 'assets', 'index-BdbMcjH2.js'), 'export {};');
  await writeFile(join(folder, 'assets', 'notes.txt'), 'not for the world');
  await writeFile(join(folder, 'secret.js'), 'above the assets');
  app = await served(folder);
});

it('answers every address of the console with the one page, asked for anew each time', async () => {
  for (const url of ['/', '/setup', '/pair', '/people?area=ap-1', '/no-such-page']) {
    const { statusCode, body, headers } = await app.inject({ url, headers: HTML });
    expect([url, statusCode, body]).toEqual([url, 200, PAGE]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
  }
  const first = await app.inject({ url: '/', headers: HTML });
  const again = await app.inject({
    url: '/',
    headers: { ...HTML, 'if-none-match': String(first.headers['etag']) },
  });
  expect([again.statusCode, again.body]).toEqual([304, '']);
});

it('lets files whose name holds their hash be kept for ever, packed for who takes that', async () => {
  const url = '/assets/index-BdbMcjH2.js';
  const plain = await app.inject({ url });
  expect([plain.body, plain.headers['content-type']]).toEqual([
    'export {};',
    'text/javascript; charset=utf-8',
  ]);
  expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  const packed = await app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } });
  expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept, accept-encoding' });
  expect(gunzipSync(packed.rawPayload).toString()).toBe('export {};');
});

it.each([
  '/assets/none.js',
  '/assets/notes.txt',
  '/assets/..%2fsecret.js',
  '/assets/%2e%2e/secret.js',
  '/assets/',
])('serves nothing else: %s', async (url) => {
  const { statusCode, body } = await app.inject({ url });
  expect([statusCode, (JSON.parse(body) as Problem).error.code]).toEqual([404, 'request.route_unknown']);
});

it('says what to do where nobody built it', async () => {
  const bare = await served(null);
  const { statusCode, body, headers } = await bare.inject({ url: '/', headers: HTML });
  expect([statusCode, headers['content-type']]).toEqual([503, 'text/plain; charset=utf-8']);
  expect(body).toMatch(/npm run setup/);
});

it('is part of the controller, and leaves programs their own answers', async () => {
  const controller = await startController();
  const page = await controller.app.inject({ url: '/setup', headers: HTML });
  expect([page.statusCode, page.body]).toEqual([200, expect.stringContaining('<div id="root">')]);
  expect(page.headers['content-security-policy']).toContain("script-src 'self';");
  // No inline script or style, which the policy would stop.
  expect(page.body).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  for (const [url, headers] of [
    ['/api/v1/no-such-route', HTML],
    ['/api/v1', HTML],
    ['/no-such-page', { accept: '*/*' }],
  ] as const) {
    const { statusCode, body } = await controller.app.inject({ url, headers });
    expect([url, statusCode, (JSON.parse(body) as Problem).error.code]).toEqual([
      url,
      404,
      'request.route_unknown',
    ]);
  }
});
