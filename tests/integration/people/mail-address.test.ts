import { expect, it } from 'vitest';
import type { AccountView, SessionView } from '#protocols';
import { COMMUNE, ELSEWHERE, type Problem } from '../http/support.ts';
import { ORIGIN, PASSWORD, startPeople } from './support.ts';

const slow = { timeout: 60_000 };
const ADDRESS = 'chu-tich@xa.test';
const VIEWER = [{ role: 'viewer', areas: [COMMUNE] }];
const HOUR_MS = 3_600_000;

const WRONG = [
  '',
  'chu-tich',
  'chu-tich@',
  '@xa.test',
  'chu-tich@xa.test\r\nBcc: ai@khac.test',
  'chu-tich@xa.test\n',
  '"a\r\nBcc: ai@khac.test"@xa.test',
  '"chủ tịch"@xa.test',
  'chu-tich@xa.test, ai@khac.test',
  'chu-tich@xa.test;ai@khac.test',
  'Chủ tịch <chu-tich@xa.test>',
  'chu tich@xa.test',
  'chu-tich@[192.0.2.1]',
  'chu..tich@xa.test',
  'chu-tich@xa..test',
  `${'a'.repeat(65)}@xa.test`,
  `a@${`${'b'.repeat(60)}.`.repeat(5)}test`,
];

it('takes one mail address and nothing that could become a line or another recipient', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const wanted = { name: 'tam', displayName: 'Tám', grants: VIEWER };
  for (const email of WRONG) {
    const made = await admin.post('accounts', { ...wanted, email });
    expect([email, made.status, made.body.error?.code]).toEqual([email, 400, 'request.invalid']);
    const own = await admin.post('account/email', { email });
    expect([email, own.status]).toEqual([email, 400]);
  }
  for (const [i, email] of [
    'a@b',
    "o'hara+loa@xa-tan-an.dongnai.gov.vn",
    `${'a'.repeat(64)}@xa.test`,
  ].entries()) {
    const made = await admin.post<{ account: AccountView }>('accounts', {
      ...wanted,
      name: `tam-${i}`,
      email,
    });
    expect(made.body.account.email).toBe(email);
  }
});

it(
  'shows an address to administrators of the person and to the person, and to nobody else',
  slow,
  async () => {
    const people = await startPeople();
    const { admin } = await people.setUp();
    const tam = await people.person(admin, 'tam', VIEWER);
    const other = await people.person(admin, 'khac', [{ role: 'administrator', areas: [ELSEWHERE] }]);
    await people.app(other);
    const auditor = await people.person(admin, 'giam-sat', [{ role: 'auditor', areas: [COMMUNE] }]);
    expect((await admin.get<AccountView>('accounts/tam')).body.email).toBeNull();
    const set = await admin.send<AccountView>('PATCH', 'accounts/tam', { email: ADDRESS });
    expect([set.status, set.body.email]).toEqual([200, ADDRESS]);
    // Whatever else is changed leaves it.
    await admin.send('PATCH', 'accounts/tam', { displayName: 'Ông Tám' });
    expect((await admin.get<AccountView>('accounts/tam')).body).toMatchObject({
      ...{ displayName: 'Ông Tám', email: ADDRESS },
    });
    expect((await tam.get<SessionView>('session')).body).toMatchObject({
      ...{ account: { name: 'tam', email: ADDRESS }, sendsMail: false },
      notices: [{ kind: 'password_set' }, { kind: 'email_changed', by: 'quan-tri' }],
    });
    for (const browser of [other, auditor, tam]) {
      expect((await browser.get('accounts/tam')).status).toBe(403);
      const refused = await browser.send('PATCH', 'accounts/tam', { email: 'ke-xau@khac.test' });
      expect(refused.body.error.code).toBe('request.forbidden');
    }
    const { accounts } = (await other.get<{ accounts: AccountView[] }>('accounts')).body;
    expect(JSON.stringify(accounts)).not.toContain(ADDRESS);
    const audit = (await auditor.get<object>('audit?limit=200')).body;
    expect(JSON.stringify(audit)).toContain('account.change');
    expect(JSON.stringify(audit)).not.toContain(ADDRESS);
  },
);

it('is changed by the person after a fresh proof, and that is told and recorded', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const tam = await people.person(admin, 'tam', VIEWER);
  const set = async (email: string | null) => tam.post<SessionView & Problem>('account/email', { email });
  expect((await set(ADDRESS)).body).toMatchObject({
    account: { email: ADDRESS },
    notices: [{ kind: 'password_set' }, { kind: 'email_changed', by: 'tam' }],
  });
  // The same once more changes nothing.
  expect((await set(ADDRESS)).body.notices).toHaveLength(2);
  people.clock.jump(HOUR_MS);
  expect((await set('khac@xa.test')).body.error.code).toBe('session.stale');
  expect((await tam.get<SessionView>('session')).body.account.email).toBe(ADDRESS);
  await tam.post('session/confirm', { password: PASSWORD });
  await set('khac@xa.test');
  const { clock, controller } = people;
  await controller.stop();
  await controller.start({ clock }, { LOA_PUBLIC_URL: ORIGIN });
  expect((await tam.get<SessionView>('session')).body.account.email).toBe('khac@xa.test');
  expect((await set(null)).body.account.email).toBeNull();
  const changes = (await people.audit()).filter(({ action }) => action === 'email.change');
  expect(changes.map(({ actor, subject, detail }) => [actor, subject, JSON.parse(detail).email])).toEqual([
    ['tam', 'tam', 'set'],
    ['tam', 'tam', 'changed'],
    ['tam', 'tam', 'removed'],
  ]);
  expect(JSON.stringify(await people.audit())).not.toMatch(/@xa\.test/);
});

it('an administrator changes the own address like everybody, with a fresh proof', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const around = await admin.send('PATCH', 'accounts/quan-tri', { email: ADDRESS });
  expect(around.body.error.code).toBe('account.self');
  expect((await admin.post<SessionView>('account/email', { email: ADDRESS })).body.account.email).toBe(
    ADDRESS,
  );
});
