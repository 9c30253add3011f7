import { describe, expect, it } from 'vitest';
import type { PasskeyView, SessionView } from '#protocols';
import { SoftwareAuthenticator } from '../../helpers/software-authenticator.ts';
import { COMMUNE } from '../http/support.ts';
import { type Browser, ORIGIN, PASSWORD, type People, secretOf, startPeople } from './support.ts';

const EDITOR = [{ role: 'editor', areas: [COMMUNE] }];
const ADMINISTRATOR = [{ role: 'administrator', areas: [COMMUNE] }];
const STEP_MS = 30_000;
const FRESH_MS = 15 * 60_000;

type Options<Kind> = { readonly publicKey: Kind };
type Creation = Parameters<SoftwareAuthenticator['create']>[0];
type Request = Parameters<SoftwareAuthenticator['get']>[0];

async function register(browser: Browser, key: SoftwareAuthenticator, name = 'điện thoại') {
  const { publicKey } = (await browser.post<Options<Creation>>('account/passkeys/options')).body;
  const response = key.create(publicKey);
  return browser.post<PasskeyView & { error: { code: string } }>('account/passkeys', { name, response });
}

async function assertion(people: People, key: SoftwareAuthenticator) {
  const asked = await people.browser().post<Options<Request>>('session/passkey/options');
  return key.get(asked.body.publicKey);
}

describe('an authenticator app', { timeout: 60_000 }, () => {
  it('is asked for at each login, takes no code twice, and lets recovery codes in once', async () => {
    const people = await startPeople();
    const { secret, recoveryCodes } = await people.setUp();
    const login = (more: object = {}) => people.browser().login('quan-tri', PASSWORD, more);
    const missing = await login();
    expect([missing.status, missing.body.error]).toMatchObject([
      401,
      { code: 'login.second_factor_needed', params: { totp: true, passkey: false } },
    ]);
    expect((await login({ code: people.code(secret) })).body.error.code).toBe('login.failed');
    people.clock.jump(STEP_MS);
    const code = people.code(secret);
    expect((await login({ code })).body).toMatchObject({ state: 'open', secondFactor: true });
    expect((await login({ code })).body.error.code).toBe('login.failed');
    people.clock.jump(STEP_MS * 10);
    people.clock.jump(-STEP_MS);
    const early = people.code(secret);
    people.clock.jump(STEP_MS);
    expect((await login({ code: early })).status).toBe(200);
    expect((await people.browser().login('quan-tri', 'sai rồi', { code: people.code(secret) })).status).toBe(
      401,
    );
    const paper = recoveryCodes[3] as string;
    expect((await login({ code: paper.toUpperCase() })).body.factors.recoveryCodesLeft).toBe(9);
    expect((await login({ code: paper })).body.error.code).toBe('login.failed');
  });

  it('is something that only its owner takes away, and an administrator then needs another one', async () => {
    const people = await startPeople();
    const { admin, secret } = await people.setUp();
    // In the database it is sealed.
    const { read } = people.controller.context.storage;
    const [kept] = await read.totps.all();
    expect(kept?.secret).toMatch(/^sealed:1:/);
    expect(kept?.secret).not.toContain(secret);
    // Both steps are on record, without it.
    const set = (await read.audit.list(1, 100)).filter(({ action }) => action.startsWith('totp.'));
    expect(set.map(({ actor, action }) => [actor, action])).toEqual([
      ['quan-tri', 'totp.begin'],
      ['quan-tri', 'totp.set_up'],
    ]);
    expect(JSON.stringify(set)).not.toContain(secret);
    expect((await admin.post('account/totp')).body.error.code).toBe('request.conflict');
    expect((await admin.post('account/totp/remove', { code: '000000' })).body.error.code).toBe(
      'login.failed',
    );
    people.clock.jump(STEP_MS);
    expect((await admin.post('account/totp/remove', { code: people.code(secret) })).status).toBe(204);
    expect((await admin.get<SessionView>('session')).body.state).toBe('set_up_second_factor');
    expect((await admin.get('accounts')).body.error.code).toBe('account.second_factor_required');
    people.clock.jump(FRESH_MS);
    expect((await admin.post('account/totp')).body.error.code).toBe('session.stale');
    expect((await admin.post<SessionView>('session/confirm', { password: PASSWORD })).status).toBe(200);
    await people.app(admin);
    expect((await admin.get('accounts')).status).toBe(200);
  });

  it('is asked for of whoever becomes an administrator, and after a reset', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    const { secret } = await people.app(bich);
    const reset = await admin.post<{ url: string }>('accounts/bich/reset', { reason: 'quên' });
    const again = people.browser();
    const chosen = await again.post<SessionView>('links/password', {
      ...{ secret: secretOf(reset.body.url), password: 'bốn mùa hoa nở quanh nhà' },
    });
    expect(chosen.body.state).toBe('confirm_second_factor');
    expect((await bich.get('session')).status).toBe(401);
    expect((await again.get('announcements')).body.error.code).toBe('account.second_factor_required');
    expect((await again.post('account/passkeys/options')).body.error.code).toBe(
      'account.second_factor_required',
    );
    people.clock.jump(STEP_MS);
    expect((await again.post<SessionView>('session/confirm', { code: people.code(secret) })).body.state).toBe(
      'open',
    );

    const cuong = await people.person(admin, 'cuong', EDITOR);
    await admin.send('PATCH', 'accounts/cuong', { grants: ADMINISTRATOR });
    expect((await cuong.get('announcements')).body.error.code).toBe('account.second_factor_required');
    expect((await cuong.get<SessionView>('session')).body.notices).toMatchObject([
      { kind: 'password_set' },
      { kind: 'grants_changed', by: 'quan-tri' },
    ]);
  });
});

describe('guesses in a session that awaits its second factor', { timeout: 60_000 }, () => {
  it('are bounded whatever addresses they come from, and end the session', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const { secret } = await people.app(await people.person(admin, 'bich', EDITOR));
    const reset = await admin.post<{ url: string }>('accounts/bich/reset', { reason: 'quên' });
    const thief = people.browser();
    const password = 'bốn mùa hoa nở quanh nhà';
    await thief.post('links/password', { secret: secretOf(reset.body.url), password });
    // It proved too little for the device to be known.
    expect(thief.device).toBeUndefined();
    let address = 0;
    const guess = async (path = 'session/confirm') =>
      (await thief.post(path, { code: 'mã-đoán-mò' }, { address: `2001:db8:${(address++).toString(16)}::1` }))
        .body.error.code;
    const codes: string[] = [];
    for (let i = 0; i < 400; i++) codes.push(await guess());
    expect(codes).toEqual([...Array(5).fill('login.failed'), ...Array(395).fill('login.wait')]);
    // The password that he knows takes none of it back, nor does another route.
    await people.clock.advance(15_000);
    expect((await thief.post('session/confirm', { password })).status).toBe(200);
    expect([await guess('account/totp/remove'), await guess()]).toEqual(['login.failed', 'login.wait']);
    for (let wrong = 7; wrong <= 10; wrong++) {
      await people.clock.advance(FRESH_MS);
      expect(await guess()).toBe('login.failed');
    }
    expect((await thief.get('session')).body.error.code).toBe('request.unauthenticated');
    const ended = (await people.audit()).filter(({ action }) => action === 'session.end');
    expect(ended.map(({ actor }) => actor)).toEqual(['bich']);
    expect((await people.browser().login('bich', password, { code: people.code(secret) })).status).toBe(200);
  });
});

describe('a passkey', { timeout: 60_000 }, () => {
  it('logs in without a name, and is two factors', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const cuong = await people.person(admin, 'cuong', ADMINISTRATOR);
    const key = new SoftwareAuthenticator({ origin: ORIGIN });
    const made = await register(cuong, key);
    expect(made).toMatchObject({ status: 201, body: { name: 'điện thoại', lastUsedAt: null } });
    expect((await cuong.get<SessionView>('session')).body).toMatchObject({
      state: 'open',
      secondFactor: true,
    });
    expect((await people.browser().login('cuong')).body.error).toMatchObject({
      code: 'login.second_factor_needed',
      params: { totp: false, passkey: true },
    });
    const phone = people.browser();
    const response = await assertion(people, key);
    const entered = await phone.post<SessionView>('session/passkey', { response });
    expect(entered.body).toMatchObject({ account: { name: 'cuong' }, state: 'open', secondFactor: true });
    expect((await phone.post('session/passkey', { response })).body.error.code).toBe('login.failed');
    const { passkeys } = (await phone.get<{ passkeys: PasskeyView[] }>('account/passkeys')).body;
    expect(passkeys).toMatchObject([{ id: made.body.id, lastUsedAt: people.clock.now() }]);
    expect((await phone.send('DELETE', `account/passkeys/${made.body.id}`)).status).toBe(204);
    const gone = await phone.post('session/passkey', { response: await assertion(people, key) });
    expect(gone.body.error.code).toBe('login.failed');
    expect((await phone.get<SessionView>('session')).body.state).toBe('set_up_second_factor');
  });

  it('is refused from another site, without the person’s finger, cloned, or for another challenge', async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const bich = await people.person(admin, 'bich', EDITOR);
    for (const wrong of [{ origin: 'https://1oa.test' }, { origin: ORIGIN, verifiesUser: false }]) {
      const answer = await register(bich, new SoftwareAuthenticator(wrong));
      expect([answer.status, answer.body.error.code]).toEqual([422, 'passkey.refused']);
    }
    const key = new SoftwareAuthenticator({ origin: ORIGIN });
    await register(bich, key);
    const enter = async (response: object) =>
      (await people.browser().post('session/passkey', { response })).body.error?.code ?? 'in';
    expect(await enter(key.get({ challenge: 'AAAA', rpId: 'loa.test' }))).toBe('login.failed');
    const late = await assertion(people, key);
    await people.clock.advance(5 * 60_000);
    expect(await enter(late)).toBe('login.failed');
    expect(await enter(await assertion(people, key))).toBe('in');
    key.counter = 1;
    expect(await enter(await assertion(people, key))).toBe('login.failed');
    const forged = await assertion(people, key);
    const other = new SoftwareAuthenticator({ origin: ORIGIN });
    const theirs = other.get({ challenge: 'AAAA', rpId: 'loa.test' });
    expect(await enter({ ...forged, response: theirs.response })).toBe('login.failed');
    // A challenge that was given to somebody else to register with is none for him.
    const { publicKey } = (await admin.post<Options<Creation>>('account/passkeys/options')).body;
    const stolen = await bich.post('account/passkeys', { name: 'x', response: other.create(publicKey) });
    expect(stolen.body.error.code).toBe('passkey.refused');
  });
});
