import { expect, it } from 'vitest';
import type { AccountView, LinkView, OwnSession, SessionView } from '#protocols';
import { COMMUNE, type Problem } from '../http/support.ts';
import { PASSWORD, secretOf, startPeople } from './support.ts';

const CHAIRMAN = [{ role: 'chairman', areas: [COMMUNE] }];
const EDITOR = [{ role: 'editor', areas: [COMMUNE] }];
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const slow = { timeout: 60_000 };

it(
  'a clerk shows a QR code, and the chairman’s phone gets in with his own password alone',
  slow,
  async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const chairman = await people.person(admin, 'chu-tich', CHAIRMAN);
    const clerk = await people.person(admin, 'bich', EDITOR);
    const shown = await clerk.post<LinkView>('accounts/chu-tich/pairing');
    expect(shown).toMatchObject({ status: 201, body: { kind: 'pairing', direct: false } });
    expect(shown.body.qr).toMatch(/^<svg /);
    expect(shown.body.url).toMatch(/^https:\/\/loa\.test\/pair#[\w-]{43}$/);
    const secret = secretOf(shown.body.url);
    const phone = people.browser('198.51.100.20');
    expect((await phone.post('links/open', { secret })).body).toMatchObject({
      ...{ kind: 'pairing', needs: 'proof', account: { name: 'chu-tich' } },
    });
    // The clerk herself, with what she has.
    for (const proof of [{}, { password: 'mật khẩu của Bích' }, { code: '123456' }])
      expect((await clerk.post('links/pair', { secret, ...proof })).body.error.code).toBe('login.failed');
    const state = `accounts/chu-tich/pairing/${shown.body.id}`;
    expect((await clerk.get<{ state: string }>(state)).body.state).toBe('waiting');
    const entered = await phone.post<SessionView>('links/pair', { secret, password: PASSWORD });
    expect(entered.body).toMatchObject({ account: { name: 'chu-tich' }, kind: 'phone', state: 'open' });
    expect((await clerk.get<{ state: string }>(state)).body.state).toBe('used');
    expect((await people.browser().post('links/pair', { secret, password: PASSWORD })).body.error.code).toBe(
      'link.invalid',
    );

    const told = (await chairman.get<SessionView>('session')).body.notices;
    expect(told.at(-1)).toMatchObject({ kind: 'phone_paired', by: 'bich' });
    const { sessions } = (await chairman.get<{ sessions: OwnSession[] }>('account/sessions')).body;
    expect(sessions.find(({ kind }) => kind === 'phone')).toMatchObject({
      pairedBy: 'bich',
      address: '198.51.100.20',
    });
    people.clock.jump(89 * DAY_MS);
    expect((await phone.get('session')).status).toBe(200);
    people.clock.jump(90 * DAY_MS);
    expect((await phone.get('session')).status).toBe(401);
  },
);

it('a code of the app gets nobody in without the password, and is not used up by the try', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const chairman = await people.person(admin, 'chu-tich', CHAIRMAN);
  const app = await people.app(chairman);
  const clerk = await people.person(admin, 'bich', EDITOR);
  const shown = await clerk.post<LinkView>('accounts/chu-tich/pairing');
  const secret = secretOf(shown.body.url);
  people.clock.jump(30_000);
  const code = people.code(app.secret);
  const pair = (proof: object) =>
    people.browser().post<SessionView & Problem>('links/pair', { secret, ...proof });
  for (const alone of [{ code }, { code: app.recoveryCodes[0] }]) {
    const refused = await pair(alone);
    expect([refused.status, refused.body.error?.code]).toEqual([401, 'login.failed']);
  }
  expect((await pair({ password: PASSWORD })).body.error).toMatchObject({
    ...{ code: 'login.second_factor_needed', params: { totp: true } },
  });
  expect((await pair({ password: 'đoán thử xem sao', code })).body.error.code).toBe('login.failed');
  expect((await pair({ password: PASSWORD, code })).body).toMatchObject({
    ...{ kind: 'phone', state: 'open', secondFactor: true },
  });
});

it('a clerk shows no code for an administrator, nor is one taken that was shown before', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const cuong = await people.person(admin, 'cuong', [
    { role: 'administrator', areas: [COMMUNE] },
    { role: 'chairman', areas: [COMMUNE] },
  ]);
  const { secret } = await people.app(cuong);
  const clerk = await people.person(admin, 'bich', EDITOR);
  const dung = await people.person(admin, 'dung', CHAIRMAN);
  for (const name of ['cuong', 'quan-tri']) {
    const refused = await clerk.post(`accounts/${name}/pairing`);
    expect([refused.status, refused.body.error.code]).toEqual([403, 'account.pairing_of_administrator']);
  }
  const own = await cuong.post<LinkView>('accounts/cuong/pairing');
  people.clock.jump(30_000);
  const entered = await people.browser().post<SessionView>('links/pair', {
    ...{ secret: secretOf(own.body.url), password: PASSWORD, code: people.code(secret) },
  });
  expect(entered.body).toMatchObject({ kind: 'phone', state: 'open' });

  const before = await clerk.post<LinkView>('accounts/dung/pairing');
  await admin.send('PATCH', 'accounts/dung', {
    grants: [...CHAIRMAN, { role: 'administrator', areas: [COMMUNE] }],
  });
  const late = await people.browser().post('links/pair', {
    ...{ secret: secretOf(before.body.url), password: PASSWORD },
  });
  expect(late.body.error.code).toBe('link.invalid');
  expect((await dung.get<{ sessions: OwnSession[] }>('account/sessions')).body.sessions).toHaveLength(1);
});

it(
  'an administrator’s QR code signs in by itself; it is short-lived, and replaced by the next one',
  slow,
  async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    await people.person(admin, 'chu-tich', CHAIRMAN);
    const shown = await admin.post<LinkView>('accounts/chu-tich/pairing');
    expect(shown.body.direct).toBe(true);
    const pair = (url: string) =>
      people.browser().post<SessionView & Problem>('links/pair', { secret: secretOf(url) });
    const newer = await admin.post<LinkView>('accounts/chu-tich/pairing');
    expect((await pair(shown.body.url)).body.error.code).toBe('link.invalid');
    expect((await pair(newer.body.url)).body).toMatchObject({ kind: 'phone', account: { name: 'chu-tich' } });
    const late = await admin.post<LinkView>('accounts/chu-tich/pairing');
    people.clock.jump(10 * MINUTE_MS);
    expect((await pair(late.body.url)).body.error.code).toBe('link.invalid');
    const paired = (await people.audit()).filter(({ action }) => action.endsWith('.pair'));
    expect(paired.map(({ actor, action }) => `${actor} ${action}`)).toContain('chu-tich phone.pair');
    expect(JSON.stringify(paired)).not.toContain(secretOf(newer.body.url));
    // The own phone as well, but an administrator's never without the second factor.
    const own = await admin.post<LinkView>('accounts/quan-tri/pairing');
    expect(own.body.direct).toBe(false);
  },
);

it(
  'who scanned an administrator’s QR code changes no second factor, and what he did is undone in one act',
  slow,
  async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    await people.person(admin, 'chu-tich', CHAIRMAN);
    const shown = await admin.post<LinkView>('accounts/chu-tich/pairing');
    const phone = people.browser();
    const paired = await phone.post<SessionView>('links/pair', { secret: secretOf(shown.body.url) });
    expect(paired.body).toMatchObject({ kind: 'phone', state: 'open' });
    expect(paired.body.freshUntil).toBeLessThan(people.clock.now());
    for (const path of ['account/totp', 'account/passkeys/options'])
      expect((await phone.post(path)).body.error.code).toBe('session.stale');
    // With the password it is the person.
    expect((await phone.post('session/confirm', { password: PASSWORD })).status).toBe(200);
    await people.app(phone);
    expect((await people.browser().login('chu-tich')).body.error.code).toBe('login.second_factor_needed');

    const ended = { reason: 'người lạ quét mã', forgetSecondFactors: true };
    const account = await admin.post<AccountView>('accounts/chu-tich/end-sessions', ended);
    expect(account.body).toMatchObject({ totp: false, passkeys: 0 });
    expect((await phone.get('session')).status).toBe(401);
    const back = await people.browser().login('chu-tich');
    expect([back.status, back.body.notices.at(-1)]).toMatchObject([
      200,
      { kind: 'second_factor_changed', by: 'quan-tri' },
    ]);
  },
);

it('a link asked for again under its key is another one, until it was used', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const person = { name: 'bich', displayName: 'Bích', grants: EDITOR };
  const ask = () => admin.post<{ link: LinkView } & Problem>('accounts', person, { key: 'tao-bich-1' });
  const [first, second] = [await ask(), await ask()];
  expect([first.status, second.status, second.headers['idempotent-replayed']]).toEqual([201, 201, 'true']);
  const choose = (url: string) =>
    people.browser().post('links/password', { secret: secretOf(url), password: PASSWORD });
  expect((await choose(first.body.link.url)).body.error.code).toBe('link.invalid');
  expect((await choose(second.body.link.url)).status).toBe(200);
  expect((await choose(second.body.link.url)).body.error.code).toBe('link.invalid');
  const kept = await people.controller.context.storage.read.idempotency.get('quan-tri', 'tao-bich-1');
  expect(kept?.body).not.toContain(secretOf(first.body.link.url));
  const again = await people.controller.context.storage.read.audit.find(
    { action: 'account.link_again' },
    { order: 'oldest', limit: 10 },
  );
  expect(again).toMatchObject([{ actor: 'quan-tri', subject: 'bich', origin: '192.0.2.1' }]);
  expect(JSON.parse(again[0]?.detail ?? '')).toEqual({ link: second.body.link.id });
});
