import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../server/config/index.ts';
import { type Browser, ORIGIN, PASSWORD, startPeople } from '../people/support.ts';
import { COMMUNE, type Problem, startController, type TestController } from './support.ts';

const EDITOR = [{ role: 'editor', areas: [COMMUNE] }];
/** Each starts a whole controller. */
const slow = { timeout: 60_000 };

it(
  'lets no browser and no proxy keep an answer of the private API, nor another site read it',
  slow,
  async () => {
    const controller = await startController();
    const origin = 'https://somewhere.example';
    for (const [who, path, status] of [
      ['viewer', 'areas', 200],
      ['viewer', 'areas/a%20b', 400],
      ['administrator', 'accounts', 200],
      ['administrator', 'tokens', 200],
      ['viewer', 'accounts', 403],
      ['nobody', 'areas', 401],
    ] as const) {
      const answer = await controller.call(who, 'GET', path, { headers: { origin } });
      expect([who, path, answer.status, answer.headers['cache-control']]).toEqual([
        who,
        path,
        status,
        'no-store',
      ]);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    const person = { name: 'bich', displayName: 'Bích', grants: EDITOR };
    const invited = await controller.post('administrator', 'accounts', person);
    expect([invited.status, invited.headers['cache-control']]).toEqual([201, 'no-store']);
  },
);

it('has no answer to TRACE, nor to a method that a route does not name', slow, async () => {
  const controller = await startController();
  for (const method of ['TRACE', 'OPTIONS', 'PUT'])
    for (const path of ['/', 'areas', '/healthz']) {
      const { status } = await controller.call('administrator', method, path);
      expect([method, path, status]).toEqual([method, path, 404]);
    }
});

it('takes a field once, and none that would change what objects are', slow, async () => {
  const controller = await startController();
  const twice = await controller.get<Problem>('auditor', 'audit?area=ap-1&area=ap-2');
  expect([twice.status, twice.body.error.code]).toEqual([400, 'request.invalid']);
  for (const more of ['"__proto__":{"x":1}', '"constructor":{"prototype":{"x":1}}', '"title":["x"]']) {
    const body = Buffer.from(`{"areaId":"${COMMUNE}","title":"x",${more}}`);
    const headers = { 'content-type': 'application/json' };
    const answer = await controller.call<Problem>('editor', 'POST', 'announcements', { body, headers });
    expect([more, answer.status, answer.body.error.code]).toEqual([more, 400, 'request.invalid']);
  }
});

it('believes what a proxy says of an address only of one that the operator named', slow, async () => {
  const controller = await startController();
  const tell = (remoteAddress: string) =>
    controller.app.inject({
      ...{ method: 'POST', url: '/api/v1/session', remoteAddress },
      headers: { 'x-forwarded-for': '198.51.100.1' },
      payload: { name: 'khong-co', password: 'không phải mật khẩu' },
    });
  await tell('192.0.2.66');
  await tell('127.0.0.1');
  await controller.context.services.refusals.flush();
  const failed = await controller.context.storage.read.audit.find(
    { action: 'login.failed' },
    { order: 'oldest', limit: 10 },
  );
  expect(failed.map(({ origin }) => origin)).toEqual(['192.0.2.66', '198.51.100.1']);
});

it('believes nobody by default where it ends TLS itself: through a relay all come from this machine', () => {
  const of = (env: Readonly<Record<string, string>>) => loadConfig(env).trustedProxies;
  expect(of({})).toBe('');
  expect(of({ LOA_TLS: 'off' })).toBe('loopback');
  expect(of({ LOA_TRUSTED_PROXIES: 'loopback, 10.0.0.0/24' })).toBe('loopback,10.0.0.0/24');
});

it('takes the address from the connection where nobody is believed', slow, async () => {
  const controller = await startController({}, { LOA_TLS: 'own', LOA_PUBLIC_URL: 'https://localhost:18443' });
  await controller.app.inject({
    ...{ method: 'POST', url: '/api/v1/session', remoteAddress: '127.0.0.1' },
    headers: { 'x-forwarded-for': '198.51.100.1' },
    payload: { name: 'khong-co', password: 'không phải mật khẩu' },
  });
  await controller.context.services.refusals.flush();
  const failed = await controller.context.storage.read.audit.find(
    { action: 'login.failed' },
    { order: 'oldest', limit: 10 },
  );
  expect(failed.map(({ origin }) => origin)).toEqual(['127.0.0.1']);
});

it('writes down that somebody was slowed down', slow, async () => {
  const people = await startPeople();
  const thief = people.browser('198.51.100.7');
  for (let i = 0; i < 6; i++) await thief.login('bich', `đoán lần thứ ${i} thôi`);
  await people.controller.context.services.refusals.close();
  const refused = (await people.audit()).filter(({ detail }) => detail.includes('login.wait'));
  expect(refused.map(({ actor, origin, subject }) => [actor, origin, subject])).toEqual([
    ['unknown', '198.51.100.7', 'POST /api/v1/session'],
  ]);
});

/** Asks for MQTT over WebSocket as a client would, and hears the answer's status. */
function upgrade({ app }: TestController, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL('/mqtt', app.listeningOrigin), {
      headers: {
        ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
        ...{ 'sec-websocket-protocol': 'mqtt', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
        ...headers,
      },
    });
    const done = (response: IncomingMessage) => resolve(response.statusCode ?? 0);
    request.once('response', (response) => done(response.resume()));
    request.once('upgrade', (response, socket) => {
      socket.destroy();
      done(response);
    });
    request.once('error', reject).end();
  });
}

it('lets no page of a browser speak MQTT, of whatever site', slow, async () => {
  const controller = await startController();
  await controller.app.listen({ host: '127.0.0.1', port: 0 });
  expect(await upgrade(controller, {})).toBe(101);
  for (const origin of ['https://evil.example', 'null', controller.app.listeningOrigin])
    expect([origin, await upgrade(controller, { origin })]).toEqual([origin, 403]);
});

describe('a session', slow, () => {
  /** Status of the own session under a secret. */
  const under = async (browser: Browser, secret: string | undefined) => {
    const now = browser.cookie;
    browser.cookie = secret;
    const { status } = await browser.get('session');
    browser.cookie = now;
    return status;
  };

  it('goes on under another secret whenever the person has proved who he is', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const { id } = (await bich.get<{ id: string }>('session')).body;
    const chosen = { current: PASSWORD, password: 'bốn mùa hoa nở quanh nhà' };
    for (const [path, body] of [
      ['session/confirm', { password: PASSWORD }],
      ['account/password', chosen],
    ] as const) {
      const before = bich.cookie;
      const answer = await bich.post<{ id: string }>(path, body);
      expect([path, answer.status, answer.body.id]).toEqual([path, 200, id]);
      expect(bich.cookie).not.toBe(before);
      expect([await under(bich, before), await under(bich, bich.cookie)]).toEqual([401, 200]);
    }
    const kept = bich.cookie;
    expect((await bich.post('session/confirm', { password: 'không phải' })).status).toBe(401);
    expect(bich.cookie).toBe(kept);
    // It is the renewed one that a restart finds.
    await people.controller.stop();
    await people.controller.start({ clock: people.clock }, { LOA_PUBLIC_URL: ORIGIN });
    expect(await under(bich, kept)).toBe(200);
  });

  it('is left behind by who logs in anew in the same browser', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const before = bich.cookie;
    expect((await bich.login('bich', 'không phải')).status).toBe(401);
    expect(await under(bich, before)).toBe(200);
    expect((await bich.login('bich')).status).toBe(200);
    expect([await under(bich, before), await under(bich, bich.cookie)]).toEqual([401, 200]);
  });

  it('ends with all others of a person when an administrator says so, and the account stays', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const [before, other] = [bich.cookie, people.browser()];
    await other.login('bich');
    const reason = { reason: 'mất điện thoại' };
    expect((await bich.post('accounts/bich/end-sessions', reason)).status).toBe(403);
    expect((await admin.post('accounts/quan-tri/end-sessions', reason)).body.error.code).toBe('account.self');
    expect((await admin.post('accounts/bich/end-sessions', reason)).status).toBe(200);
    expect([await under(bich, before), (await other.get('session')).status]).toEqual([401, 401]);
    const said = (await people.audit()).filter(({ action }) => action === 'account.end_sessions');
    expect(said.map(({ subject, detail }) => [subject, JSON.parse(detail)])).toEqual([
      ['bich', { ...reason, sessions: 2, forgets: false }],
    ]);
    expect((await bich.login('bich')).status).toBe(200);
  });

  it('takes what a browser has kept with it when it ends', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const { headers } = await admin.send('DELETE', 'session');
    expect(headers['clear-site-data']).toBe('"cache", "storage"');
  });
});

it('keeps passwords as argon2id with 19 MiB and two passes', slow, async () => {
  const people = await startPeople();
  await people.setUp();
  const [account] = await people.controller.context.storage.read.accounts.all();
  expect(account?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

it('recovery codes have more than 112 random bits, and are let in as they are printed', slow, async () => {
  const people = await startPeople();
  const { recoveryCodes } = await people.setUp();
  expect(new Set(recoveryCodes).size).toBe(10);
  for (const code of recoveryCodes)
    expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/);
  const [code] = recoveryCodes;
  expect((await people.browser().login('quan-tri', PASSWORD, { code })).status).toBe(200);
});
