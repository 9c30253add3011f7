import { expect, it } from 'vitest';
import type { AccountView, LinkView } from '#protocols';
import { COMMUNE, ELSEWHERE, type Problem } from '../http/support.ts';
import { type Browser, PASSWORD, type People, secretOf, startPeople } from './support.ts';

const slow = { timeout: 60_000 };
const grant = (role: string, area = COMMUNE, more: object = {}) => ({ role, areas: [area], ...more });
const HOUR_MS = 3_600_000;

/** An administrator of one commune, with the second factor. */
async function localAdmin(
  people: People,
  admin: Browser,
  name: string,
  area: string,
  dates: object = {},
): Promise<Browser> {
  const browser = await people.person(admin, name, [grant('administrator', area, dates)]);
  await people.app(browser);
  return browser;
}

const change = (browser: Browser, name: string, body: object) =>
  browser.send<AccountView & Problem>('PATCH', `accounts/${name}`, body);

it('a deputy has the chairman’s rights between two dates, and loses them at once', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const now = people.clock.now();
  const dates = { from: now + HOUR_MS, until: now + 3 * HOUR_MS };
  const deputy = await people.person(admin, 'pho', [grant('viewer'), grant('deputy', COMMUNE, dates)]);
  const write = async () =>
    (await deputy.post('announcements', { areaId: COMMUNE, title: 'Lời chào' })).status;
  expect(await write()).toBe(403);
  people.clock.jump(HOUR_MS);
  expect(await write()).toBe(201);
  people.clock.jump(2 * HOUR_MS - 1);
  expect(await write()).toBe(201);
  people.clock.jump(1);
  expect(await write()).toBe(403);
  const shown = (await admin.get<AccountView>('accounts/pho')).body.grants;
  expect(shown.map(({ role, inForce }) => [role, inForce])).toEqual([
    ['viewer', true],
    ['deputy', false],
  ]);
  const endless = await admin.post('accounts', {
    ...{ name: 'pho-2', displayName: 'x', grants: [grant('deputy')] },
  });
  expect([endless.status, endless.body.error.code]).toEqual([422, 'account.grant_invalid']);
});

it('nobody raises himself, and the last administrator stays', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const widest = [grant('administrator'), grant('administrator', ELSEWHERE)];
  const both = [...widest, grant('chairman')];
  expect((await change(admin, 'quan-tri', { grants: both })).body.error.code).toBe('account.self');
  for (const act of ['deactivate', 'reset'])
    expect((await admin.post(`accounts/quan-tri/${act}`, { reason: 'x' })).body.error.code).toBe(
      'account.self',
    );
  expect((await change(admin, 'quan-tri', { displayName: 'Bà Hạnh' })).body.displayName).toBe('Bà Hạnh');
  const renamed = (await people.audit()).findLast(({ action }) => action === 'account.change');
  expect([renamed?.before, renamed?.after, renamed?.origin]).toEqual([
    ...['{"displayName":"Quản trị viên"}', '{"displayName":"Bà Hạnh"}', '192.0.2.1'],
  ]);

  // Who is administrator for a time only may do it, but not leave the commune without anybody.
  const until = people.clock.now() + 2 * HOUR_MS;
  const inCommune = await localAdmin(people, admin, 'tam-xa', COMMUNE, { until });
  const beside = await localAdmin(people, admin, 'tam-khac', ELSEWHERE, { until });
  const local = await localAdmin(people, admin, 'dia-phuong', COMMUNE);
  expect((await change(local, 'quan-tri', { grants: [grant('viewer')] })).body.error.code).toBe(
    'request.forbidden',
  );
  await change(admin, 'dia-phuong', { grants: widest });
  expect((await change(local, 'quan-tri', { grants: both })).status).toBe(200);
  expect((await admin.get<AccountView>('accounts/quan-tri')).body.grants.map(({ role }) => role)).toContain(
    'chairman',
  );
  expect((await local.post('accounts/quan-tri/deactivate', { reason: 'nghỉ' })).status).toBe(200);
  const ended = (await people.audit()).findLast(({ action }) => action === 'account.deactivate');
  expect([ended?.before, ended?.after]).toEqual([
    '{"deactivatedAt":null}',
    JSON.stringify({ deactivatedAt: people.clock.now() }),
  ]);
  const last = await change(inCommune, 'dia-phuong', {
    grants: [grant('viewer'), grant('administrator', ELSEWHERE, { until: people.clock.now() + HOUR_MS })],
  });
  expect(last.body.error.code).toBe('request.forbidden');
  const later = {
    grants: [grant('administrator', COMMUNE, { until: people.clock.now() + HOUR_MS }), widest[1]],
  };
  expect((await change(inCommune, 'dia-phuong', later)).status).toBe(200);
  const wish = {
    grants: [later.grants[0], grant('administrator', ELSEWHERE, { until: people.clock.now() + HOUR_MS })],
  };
  const refused = await change(beside, 'dia-phuong', wish);
  expect([refused.status, refused.body.error.code]).toEqual([409, 'account.last_administrator']);
});

it(
  'roles that were chosen beside others than there are now are refused, and nothing is changed',
  slow,
  async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const until = people.clock.now() + HOUR_MS;
    const held = [
      { role: 'editor', areas: [COMMUNE, ELSEWHERE] },
      grant('viewer'),
      grant('deputy', COMMUNE, { until }),
    ];
    await people.person(admin, 'tam', held);
    const local = await localAdmin(people, admin, 'dia-phuong', COMMUNE);
    // The same in other words: no order, and no end is null.
    const shown = [
      grant('deputy', COMMUNE, { from: null, until }),
      grant('viewer', COMMUNE, { from: null, until: null }),
      { role: 'editor', areas: [ELSEWHERE, COMMUNE] },
    ];
    const more = [...held, grant('technician')];
    expect((await change(admin, 'tam', { grants: more, grantsBefore: shown })).status).toBe(200);
    // Another one took a role, an area or an end away, or gave one: also where the one who asks may not have a hand in it.
    for (const [given, asking] of [
      [[held[1], held[2]], admin],
      [[grant('editor'), held[1], held[2]], admin],
      [[held[0], held[1], grant('deputy', COMMUNE, { until: until + 1 })], admin],
      [[...held, grant('viewer', ELSEWHERE)], local],
    ] as const) {
      expect((await change(admin, 'tam', { grants: given })).status).toBe(200);
      const { body: before } = await admin.get<AccountView>('accounts/tam');
      const body = { displayName: 'Ông Tám', grants: more, grantsBefore: shown };
      const refused = await change(
        asking,
        'tam',
        asking === admin ? body : { ...body, displayName: undefined },
      );
      expect([refused.status, refused.body.error.code]).toEqual([409, 'account.grants_changed']);
      expect((await admin.get<AccountView>('accounts/tam')).body).toEqual(before);
    }
    const refusals = (await people.audit()).filter(({ detail }) => detail.includes('account.grants_changed'));
    expect(refusals.map(({ actor }) => actor)).toEqual(['quan-tri', 'quan-tri', 'quan-tri', 'dia-phuong']);
  },
);

it('an administrator of one commune has no hand in another', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const local = await localAdmin(people, admin, 'dia-phuong', COMMUNE);
  await people.person(admin, 'chung', [grant('editor'), grant('editor', ELSEWHERE)]);
  await people.person(admin, 'xa', [grant('editor', ELSEWHERE)]);
  const { accounts } = (await local.get<{ accounts: AccountView[] }>('accounts')).body;
  expect(accounts.map(({ name, manageable }) => [name, manageable])).toEqual([
    ['quan-tri', false],
    ['dia-phuong', false],
    ['chung', false],
  ]);
  for (const [method, path, body] of [
    ['GET', 'accounts/xa', undefined],
    ['POST', 'accounts', { name: 'moi', displayName: 'x', grants: [grant('viewer', ELSEWHERE)] }],
    ['PATCH', 'accounts/xa', { grants: [grant('viewer')] }],
    ['PATCH', 'accounts/chung', { grants: [grant('editor')] }],
    ['POST', 'accounts/chung/deactivate', { reason: 'x' }],
    ['POST', 'accounts/chung/reset', { reason: 'x' }],
  ] as const) {
    const { body: answer } = await local.send(method, path, body);
    expect([path, answer.error.code]).toEqual([path, 'request.forbidden']);
  }
  // The own part of it may be changed.
  const part = { grants: [grant('technician'), grant('editor', ELSEWHERE)] };
  expect((await change(local, 'chung', part)).status).toBe(200);
  const paired = await local.post<LinkView>('accounts/chung/pairing');
  expect(paired.body.direct).toBe(false);
});

it('a name is never given to somebody else, and a deactivated person’s links end', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const bich = await people.person(admin, 'bich', [grant('editor')]);
  const reset = await admin.post<LinkView>('accounts/bich/reset', { reason: 'quên' });
  expect((await bich.get('session')).status).toBe(200);
  await admin.post('accounts/bich/deactivate', { reason: 'thôi việc' });
  const used = await people.browser().post('links/password', {
    ...{ secret: secretOf(reset.body.url), password: 'bốn mùa hoa nở quanh nhà' },
  });
  expect(used.body.error.code).toBe('link.invalid');
  // "machine-editor" is one of the operator's tokens file, "controller" stands for the controller in the audit log.
  for (const name of ['bich', 'machine-editor', 'controller', 'quan-tri']) {
    const again = await admin.post('accounts', {
      name,
      displayName: 'Người khác',
      grants: [grant('viewer')],
    });
    expect([name, again.status, again.body.error.code]).toEqual([name, 409, 'account.name_taken']);
  }
  const kept = await admin.get<{ accounts: AccountView[] }>('accounts?deactivated=true');
  expect(kept.body.accounts.map(({ name }) => name)).toContain('bich');
});

it(
  'a reset takes the lost second factor away where it says so, and lets in with a new password alone',
  slow,
  async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const local = await localAdmin(people, admin, 'dia-phuong', COMMUNE);
    const lost = { reason: 'mất điện thoại', forgetSecondFactors: true };
    const reset = await admin.post<LinkView>('accounts/dia-phuong/reset', lost);
    expect((await local.get('accounts')).status).toBe(200);
    const wish = { secret: secretOf(reset.body.url), password: 'bốn mùa hoa nở quanh nhà' };
    const weak = await people.browser().post('links/password', { ...wish, password: 'ngắn' });
    expect(weak.body.error.code).toBe('password.too_short');
    const chosen = await people.browser().post<{ state: string }>('links/password', wish);
    expect(chosen.body.state).toBe('set_up_second_factor');
    expect((await local.get('session')).status).toBe(401);
    expect((await people.browser().login('dia-phuong', PASSWORD)).status).toBe(401);
  },
);
