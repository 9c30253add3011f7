import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LinkView, OwnSession, SessionView } from '#protocols';
import { ForeignProcess } from '../../helpers/foreign-process.ts';
import { until } from '../../helpers/until.ts';
import { COMMUNE } from '../http/support.ts';
import { type Browser, ORIGIN, PASSWORD, secretOf, startPeople } from './support.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const EDITOR = [{ role: 'editor', areas: [COMMUNE] }];

describe('logging in', { timeout: 60_000 }, () => {
  it('tells no accounts apart, and every failure is in the audit log without what was typed', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    await people.person(admin, 'bich', EDITOR);
    await people.person(admin, 'cu', EDITOR);
    await admin.post('accounts', { name: 'moi', displayName: 'Chưa vào', grants: EDITOR });
    await admin.post('accounts/cu/deactivate', { reason: 'thôi việc' });
    const tried = [
      await people.browser().login('bich', 'không phải mật khẩu này'),
      await people.browser().login('khong-co', PASSWORD),
      await people.browser().login('moi', PASSWORD),
      await people.browser().login('cu', PASSWORD),
    ];
    const said = tried.map(({ status, body }) => [
      status,
      body.error.code,
      body.error.message,
      body.error.params,
    ]);
    expect(new Set(said.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(said[0]?.slice(0, 2)).toEqual([401, 'login.failed']);
    const failed = (await people.audit()).filter(({ action }) => action === 'login.failed');
    expect(failed.map(({ actor }) => actor)).toEqual(['bich', 'unknown', 'moi', 'cu']);
    expect(JSON.stringify(failed)).not.toMatch(/mật khẩu này|khong-co/);

    const bich = people.browser();
    expect(await bich.login(' Bich ', PASSWORD.normalize('NFD'))).toMatchObject({
      status: 200,
      body: { account: { name: 'bich' }, state: 'open', grants: EDITOR },
    });
    expect((await bich.get<{ name: string }>('me')).body.name).toBe('bich');
  });

  it('counts nothing as wrong while the database is held', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    await people.person(admin, 'bich', EDITOR);
    const holder = await ForeignProcess.holding(
      join(people.controller.folder, 'data', 'loa.db'),
      'IMMEDIATE',
    );
    const browser = people.browser();
    let settled = 0;
    const tried = Array.from({ length: 5 }, () => browser.login('bich').finally(() => (settled += 1)));
    // Time goes on only while the database is waited for: whatever else is due meanwhile would wait for it too, and nobody moves the clock later.
    const isHeld = () => people.clock.pendingTimers().includes('storage: database held');
    await until('five answers', async () => {
      if (isHeld()) await people.clock.advance(2_500);
      return settled === tried.length;
    });
    expect(isHeld()).toBe(false);
    for (const { status, body } of await Promise.all(tried))
      expect([status, body.error.code]).toEqual([503, 'storage.busy']);
    await holder.release();
    // As many as are free of a pause, but one.
    for (let i = 0; i < 4; i++) expect((await browser.login('bich', `sai lần ${i}`)).status).toBe(401);
    expect((await browser.login('bich')).status).toBe(200);
  });

  it('ends live events with the session, also while nothing happens', async () => {
    const people = await startPeople(undefined, { LOA_TLS: 'off' });
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const other = people.browser();
    await other.login('bich');
    const { app } = people.controller;
    await app.listen({ host: '127.0.0.1', port: 0 });
    const open = async (browser: Browser) => {
      const headers = { cookie: `__Host-loa=${browser.cookie}` };
      const { body } = await fetch(`${app.listeningOrigin}/api/v1/events`, { headers });
      if (body === null) throw new Error('no events');
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      expect((await reader.read()).value).toContain('event: hello');
      return reader;
    };
    const [ended, kept, expired] = [await open(bich), await open(other), await open(admin)];
    await bich.send('DELETE', 'session');
    await people.clock.advance(1_000);
    expect(await ended.read()).toMatchObject({ done: true });
    // The others go on: they hear the next heartbeat.
    await people.clock.advance(15_000);
    expect(await kept.read()).toMatchObject({ done: false, value: ': \n\n' });
    await admin.post('accounts/bich/deactivate', { reason: 'thôi việc' });
    await people.clock.advance(1_000);
    expect(await kept.read()).toMatchObject({ done: true });
    people.clock.jump(40 * DAY_MS);
    await people.clock.advance(1_000);
    for (;;) if ((await expired.read()).done) break;
  });

  it('slows guessing down, without locking the person out elsewhere', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    await people.person(admin, 'bich', EDITOR);
    const thief = people.browser('198.51.100.7');
    const codes: string[] = [];
    for (let i = 0; i < 7; i++)
      codes.push((await thief.login('bich', `đoán lần thứ ${i} thôi`)).body.error.code);
    expect(codes).toEqual([...Array(5).fill('login.failed'), ...Array(2).fill('login.wait')]);
    const waiting = await thief.login('bich');
    expect([waiting.status, waiting.headers['retry-after']]).toEqual([429, '15']);
    // The same for a name that nobody has: waiting tells nothing either.
    for (let i = 0; i < 5; i++) await thief.login('khong-co', 'x');
    expect((await thief.login('khong-co', 'x')).body.error.code).toBe('login.wait');
    expect((await people.browser('203.0.113.4').login('bich')).status).toBe(200);
    await people.clock.advance(15_000);
    expect((await thief.login('bich', 'lại đoán nữa')).body.error.code).toBe('login.failed');
    expect((await thief.login('bich', 'lại đoán nữa')).headers['retry-after']).toBe('30');
  });

  it('lets nobody fill the audit log, by a passkey that is none, from many addresses, or by asking for nothing', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const response = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', clientExtensionResults: {} };
    const said = { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' };
    const knock = async (address: string) =>
      (await people.browser(address).post('session/passkey', { response: { ...response, response: said } }))
        .body.error.code;
    const failures = async () =>
      (await people.audit()).filter(({ action, detail }) => /^login.failed|login.wait/.test(action + detail));
    const answers: string[] = [];
    for (let i = 0; i < 500; i++) answers.push(await knock('198.51.100.7'));
    expect(answers).toEqual([...Array(60).fill('login.failed'), ...Array(440).fill('login.wait')]);
    expect((await failures()).length).toBeLessThanOrEqual(40);
    await people.clock.advance(MINUTE_MS);
    expect((await failures()).map(({ detail }) => JSON.parse(detail).suppressed)).toContain(39);
    // The same line, with as many addresses as it likes; and many lines together.
    for (let i = 1; i <= 100; i++) await knock(`2001:db8::${i}`);
    for (let i = 1; i <= 300; i++) await knock(`2001:db8:0:${i.toString(16)}::1`);
    expect((await failures()).length).toBeLessThan(300);

    const before = (await people.audit()).length;
    for (let i = 0; i < 50; i++) await bich.send('DELETE', 'account/sessions');
    expect(await people.audit()).toHaveLength(before);
  });

  it('lets a person in on a device that he is known on, however long others guess his name', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const own = await people.person(admin, 'bich', EDITOR);
    await own.send('DELETE', 'session');
    expect(own.cookie).toBeUndefined();
    const shown = (await admin.post<LinkView>('accounts/bich/pairing')).body;
    const phone = people.browser('2001:db8:7::1');
    expect((await phone.post('links/pair', { secret: secretOf(shown.url) })).status).toBe(200);
    const stranger = people.browser('198.51.100.99');
    const guess = (i: number) => people.browser(`198.51.100.${i}`).login('bich', 'đoán thử xem sao');
    for (let i = 0; i < 20; i++) await guess(i);
    for (let minute = 0; minute < 60; minute += 15) {
      expect((await stranger.login('bich')).body.error.code).toBe('login.wait');
      // Wherever it is now.
      const address = `203.0.113.${minute}`;
      const again = await own.post('session', { name: 'bich', password: PASSWORD }, { address });
      expect(again.status).toBe(200);
      await people.clock.advance(15 * MINUTE_MS);
      expect((await guess(minute)).body.error.code).toBe('login.failed');
    }
    expect((await phone.post('session', { name: 'bich', password: PASSWORD })).status).toBe(200);
  });

  it('counts what a known device gets wrong for it alone, and believes no cookie but its own', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const own = await people.person(admin, 'bich', EDITOR);
    const cuong = await people.person(admin, 'cuong', EDITOR);
    const { device = '' } = own;
    const lost = people.browser('198.51.100.1');
    lost.device = device;
    for (let i = 0; i < 5; i++) await lost.login('bich', 'đoán thử xem sao');
    expect((await lost.login('bich')).body.error.code).toBe('login.wait');
    expect((await people.browser('198.51.100.2').login('bich')).status).toBe(200);

    for (let i = 0; i < 20; i++) await people.browser(`192.0.2.${i}`).login('bich', 'đoán thử xem sao');
    const forged = [
      cuong.device?.replace('cuong~', 'bich~'),
      device.replace(/~[^~]*~(\d+)~/, '~acs_1~$1~'),
      device.replace(/~(\d+)~/, '~9$1~'),
      cuong.device,
      '!~~~',
    ];
    for (const cookie of forged) {
      const thief = people.browser('198.51.100.3');
      thief.device = cookie;
      expect([cookie, (await thief.login('bich')).body.error.code]).toEqual([cookie, 'login.wait']);
    }
    // One browser of an office that several people use.
    const shared = people.browser('198.51.100.4');
    shared.device = device;
    await shared.login('cuong');
    await shared.send('DELETE', 'session');
    expect(shared.device).toMatch(/^cuong~.*!bich~/);
    people.clock.jump(367 * DAY_MS);
    for (let i = 0; i < 20; i++) await people.browser(`192.0.2.${i}`).login('cuong', 'đoán thử xem sao');
    expect((await shared.login('cuong')).body.error.code).toBe('login.wait');
  });
});

describe('a session', { timeout: 60_000 }, () => {
  it('is one of the person’s list, ends when it is told to, and leaves its hash alone in the database', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const first = await people.person(admin, 'bich', EDITOR);
    const [second, third] = [people.browser('203.0.113.9'), people.browser()];
    await second.login('bich');
    await third.login('bich');
    const { sessions } = (await first.get<{ sessions: OwnSession[] }>('account/sessions')).body;
    expect(sessions.map(({ current }) => current).filter(Boolean)).toHaveLength(1);
    const other = sessions.find(({ address }) => address === '203.0.113.9');
    expect(other).toMatchObject({ kind: 'browser', current: false, pairedBy: null });
    expect((await first.send('DELETE', `account/sessions/${other?.id}`)).status).toBe(204);
    expect((await second.get('session')).status).toBe(401);
    expect((await admin.send('DELETE', `account/sessions/${sessions[0]?.id}`)).status).toBe(404);
    expect((await first.send<{ ended: number }>('DELETE', 'account/sessions')).body).toEqual({ ended: 1 });
    expect([(await first.get('session')).status, (await third.get('session')).status]).toEqual([200, 401]);
    const stored = await people.controller.context.storage.read.sessions.live(0);
    expect(JSON.stringify(stored)).not.toContain(first.cookie);
    const { cookie } = first;
    expect((await first.send('DELETE', 'session')).status).toBe(204);
    first.cookie = cookie;
    expect((await first.get('session')).status).toBe(401);
  });

  it('outlives a restart of ours, and ends idle or old', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    await people.controller.stop();
    await people.controller.start({ clock: people.clock }, { LOA_PUBLIC_URL: ORIGIN });
    expect((await bich.get('session')).status).toBe(200);
    for (let hour = 0; hour < 33; hour += 11) {
      people.clock.jump(11 * HOUR_MS);
      expect((await bich.get('session')).status).toBe(200);
    }
    await people.controller.stop();
    await people.controller.start({ clock: people.clock }, { LOA_PUBLIC_URL: ORIGIN });
    people.clock.jump(11 * HOUR_MS);
    expect((await bich.get('session')).status).toBe(200);
    const idle = people.browser();
    await idle.login('bich');
    people.clock.jump(12 * HOUR_MS);
    expect((await idle.get('session')).status).toBe(401);
    const long = people.browser();
    await long.login('bich');
    for (let half = 0; half < 14; half++) {
      people.clock.jump(DAY_MS / 2 - 1);
      if (half < 13) expect((await long.get('session')).status).toBe(200);
    }
    people.clock.jump(14);
    expect((await long.get('session')).status).toBe(401);
  });

  it('ends when the password is changed elsewhere, and when the person is deactivated', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const other = people.browser();
    await other.login('bich');
    const wish = { current: PASSWORD, password: 'bốn mùa hoa nở quanh nhà' };
    const wrong = await bich.post('account/password', { ...wish, current: 'không phải' });
    expect(wrong.body.error.code).toBe('login.failed');
    expect((await other.get('session')).status).toBe(200);
    expect((await bich.post<SessionView>('account/password', wish)).status).toBe(200);
    expect([(await other.get('session')).status, (await bich.get('session')).status]).toEqual([401, 200]);
    expect((await other.login('bich')).status).toBe(401);
    expect((await other.login('bich', wish.password)).status).toBe(200);
    await admin.post('accounts/bich/deactivate', { reason: 'thôi việc' });
    expect((await bich.get('me')).status).toBe(401);
    await admin.post('accounts/bich/reactivate', { reason: 'trở lại' });
    expect((await bich.get('me')).status).toBe(401);
    expect((await other.login('bich', wish.password)).status).toBe(200);
  });
});

describe('a write that another site sends', { timeout: 60_000 }, () => {
  it('is refused where the cookie vouches for the person', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const draft = { areaId: COMMUNE, title: 'x' };
    const write = async (headers: Record<string, string>) => {
      const answer = await people.controller.call<{ error?: { code: string } }>(
        'nobody',
        'POST',
        'announcements',
        {
          body: draft,
          headers: { cookie: `__Host-loa=${bich.cookie}`, ...headers },
        },
      );
      return answer.body.error?.code ?? answer.status;
    };
    expect(await write({ origin: ORIGIN })).toBe(201);
    expect(await write({ 'sec-fetch-site': 'same-origin' })).toBe(201);
    expect(await write({ origin: 'http://192.168.1.5:8080', host: '192.168.1.5:8080' })).toBe(201);
    for (const headers of [
      {},
      { origin: 'null' },
      { origin: 'https://evil.example' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ])
      expect(await write(headers)).toBe('request.cross_site');
    const login = await people
      .browser()
      .post('session', { name: 'bich', password: PASSWORD }, { headers: { origin: 'https://evil.example' } });
    expect(login.body.error.code).toBe('request.cross_site');
  });

  it('does not matter to a machine’s token, and reading needs no origin', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const made = await people.controller.post('machine editor', 'announcements', {
      areaId: COMMUNE,
      title: 'x',
    });
    expect(made.status).toBe(201);
    expect((await bich.get('announcements', { headers: { origin: 'https://evil.example' } })).status).toBe(
      200,
    );
  });
});
