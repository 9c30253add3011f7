import '@fastify/swagger';
import { expect, it } from 'vitest';
import { EventHub } from '../../../server/domain/events/event-hub.ts';
import { buildApi } from '../../../server/http/api.ts';
import { COMMUNE, type Problem, startController, type TestController } from './support.ts';

/** What a browser is told with every answer, whatever it is. */
function expectSecured(headers: Readonly<Record<string, unknown>>) {
  const policy = String(headers['content-security-policy']);
  for (const rule of ["default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"])
    expect(policy).toContain(rule);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe-|\*/);
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  expect(headers['permissions-policy']).toContain('microphone=(self)');
}

it('tells browsers what they may do with every answer, errors and live events too', async () => {
  const controller = await startController();
  for (const [path, status] of [
    ['/healthz', 200],
    ['/nowhere', 404],
    ['areas', 200],
    ['areas/a%20b', 400],
  ] as const) {
    const answer = await controller.get('viewer', path);
    expect([path, answer.status]).toEqual([path, status]);
    expectSecured(answer.headers);
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
  }
  const refused = await controller.get('nobody', 'areas');
  expect(refused.status).toBe(401);
  expectSecured(refused.headers);
  await controller.app.listen({ host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const stream = await fetch(new URL('/api/v1/events', controller.app.listeningOrigin), {
    headers: controller.credentials('viewer'),
    signal: stop.signal,
  });
  expectSecured(Object.fromEntries(stream.headers));
  stop.abort();
});

it('keeps what failed inside to itself', async () => {
  const controller = await startController();
  const { sha256 } = await controller.approved();
  const { services, log } = controller.context;
  const open = async () => {
    throw new Error('EACCES: permission denied, open "/var/lib/loa/keys/root.pem"');
  };
  const faulty = await buildApi({ ...services, content: { open } }, log);
  const { statusCode, body, headers } = await faulty.inject({
    url: `/api/v1/media/${sha256}`,
    headers: controller.credentials('viewer'),
  });
  await faulty.close();
  expect(statusCode).toBe(500);
  const { error } = JSON.parse(body);
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'params', 'requestId']);
  expect(error).toMatchObject({ code: 'server.internal', params: { requestId: headers['x-request-id'] } });
  expect(body).not.toMatch(/EACCES|root\.pem|\.ts|node_modules|at /);
  expectSecured(headers);
});

it('takes no line break where a header, an event or a record could be split by it', async () => {
  const controller = await startController();
  const split = 'Tân An\r\nset-cookie: x=1\n\nevent: forged';
  for (const [who, method, path, body] of [
    ['editor', 'POST', 'announcements', { areaId: COMMUNE, title: split }],
    ['administrator', 'POST', 'areas', { id: 'ap-9', parentId: COMMUNE, kind: 'ấp', name: split }],
    ['administrator', 'POST', 'areas', { id: split, parentId: COMMUNE, kind: 'ấp', name: 'Ấp 9' }],
    ['technician', 'POST', 'speakers', { id: 'loa-9', areaId: COMMUNE, name: split }],
  ] as const)
    expect([path, (await controller.call<Problem>(who, method, path, { body })).status]).toEqual([path, 400]);
  for (const path of [`areas/${encodeURIComponent(split)}`, `areas?x=${encodeURIComponent(split)}`]) {
    const { headers } = await controller.get('viewer', path);
    expect(headers).not.toHaveProperty('set-cookie');
  }
});

it('lets no text begin an event of its own', async () => {
  const hub = new EventHub();
  const controller = await startController({ events: hub });
  await controller.app.listen({ host: '127.0.0.1', port: 0 });
  const url = new URL('/api/v1/events', controller.app.listeningOrigin);
  url.searchParams.set('lastEventId', 'x\r\n\r\nevent: forged\r\ndata: {}');
  const stop = new AbortController();
  const response = await fetch(url, {
    headers: controller.credentials('viewer'),
    signal: stop.signal,
  });
  const state = 'issued\r\n\r\nevent: forged\r\ndata: {}\r\n\r\n';
  hub.publish('broadcast.changed', { broadcastId: 'brc_1', areaId: 'ap-1', state });
  let text = '';
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (text.includes('brc_1')) break;
  }
  stop.abort();
  expect(text.match(/^event: .*$/gm)).toEqual(['event: resync', 'event: broadcast.changed']);
});

const CLIMBING = ['..%2f..%2f..%2fetc%2fpasswd', '%2e%2e', '..%5c..%5cwin.ini', '%00', '%2fetc%2fpasswd'];

/** Every route with a place for a name in its path, with that name in the place. */
function climbing(controller: TestController, name: string): { method: string; path: string }[] {
  return Object.entries(controller.app.swagger().paths ?? {})
    .filter(([path]) => path.includes('{'))
    .flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{[^}]+\}/g, name),
      })),
    );
}

it('climbs out of no folder by a name in a path', async () => {
  const controller = await startController();
  for (const name of CLIMBING) {
    const asked = climbing(controller, name);
    expect(asked.length).toBeGreaterThan(20);
    for (const { method, path } of asked)
      for (const who of ['technician', 'chairman'] as const) {
        const { status } = await controller.call(who, method, path, method === 'POST' ? { body: {} } : {});
        expect([method, path, [400, 403, 404].includes(status)]).toEqual([method, path, true]);
      }
  }
});

it('takes a write with a token from anywhere, and reads no body that is not JSON', async () => {
  const controller = await startController();
  const body = { areaId: COMMUNE, title: 'Thông báo' };
  const origin = 'https://somewhere.example';
  // No browser sends a token by itself: nobody can be led to it.
  const sent = await controller.call('machine editor', 'POST', 'announcements', {
    body,
    headers: { origin },
  });
  expect(sent.status).toBe(201);
  const form = Buffer.from(`areaId=${COMMUNE}&title=x`);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const asForm = await controller.call<Problem>('editor', 'POST', 'announcements', { body: form, headers });
  expect([asForm.status, asForm.body.error.code]).toEqual([415, 'request.unsupported_media_type']);
});
