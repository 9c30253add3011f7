import { expect, it } from 'vitest';
import type { AnnouncementView, TokenView } from '#protocols';
import { COMMUNE, ELSEWHERE, type Problem } from '../http/support.ts';
import { ORIGIN, PASSWORD, startPeople } from './support.ts';

const slow = { timeout: 60_000 };
const DAY_MS = 86_400_000;
type Made = { readonly token: TokenView; readonly secret: string } & Problem;

it('a machine’s token does what its scope says, until it ends', slow, async () => {
  const people = await startPeople();
  const { admin, secret: app } = await people.setUp();
  const expiresAt = people.clock.now() + 30 * DAY_MS;
  const wanted = { name: 'bang-dien-tu', grants: [{ role: 'editor', areas: [COMMUNE] }], expiresAt };
  const scope = ['announcement:read', 'announcement:write'];
  const made = await admin.post<Made>('tokens', { ...wanted, scope });
  expect(made).toMatchObject({
    status: 201,
    body: { token: { createdBy: 'quan-tri', createdByName: 'Quản trị viên', lastUsedAt: null } },
  });
  const { secret, token } = made.body;
  const machine = people.browser();
  const headers = { authorization: `Bearer ${secret}` };
  const read = async () => (await machine.get('announcements', { headers })).status;
  expect((await machine.get('announcements', { headers })).status).toBe(200);
  const draft = { areaId: COMMUNE, title: 'x' };
  expect((await machine.post('announcements', draft, { headers })).body).toMatchObject({
    createdBy: 'token/bang-dien-tu',
    composers: ['token/bang-dien-tu', 'quan-tri'],
    composerNames: ['token/bang-dien-tu', 'Quản trị viên'],
  });
  expect((await machine.get('speakers', { headers })).status).toBe(403);
  expect((await machine.get('session', { headers })).body.error.code).toBe('account.session_needed');
  const list = async () => (await admin.get<{ tokens: TokenView[] }>('tokens')).body.tokens;
  expect(await list()).toMatchObject([{ name: 'bang-dien-tu', lastUsedAt: people.clock.now() }]);
  expect(JSON.stringify([await list(), await people.audit()])).not.toContain(secret);

  await people.controller.stop();
  await people.controller.start({ clock: people.clock }, { LOA_PUBLIC_URL: ORIGIN });
  expect(await read()).toBe(200);
  const other = await admin.post<Made>('tokens', { ...wanted, name: 'bang-khac', scope });
  const theirs = { authorization: `Bearer ${other.body.secret}` };
  people.clock.jump(30 * DAY_MS);
  expect([await read(), (await machine.get('announcements', { headers: theirs })).status]).toEqual([
    401, 401,
  ]);
  people.clock.jump(-1 * DAY_MS);
  expect(await read()).toBe(200);
  await admin.login('quan-tri', PASSWORD, { code: people.code(app) });
  const back = await admin.send('DELETE', `tokens/${token.id}`);
  expect(back.status).toBe(200);
  expect(await read()).toBe(401);
});

it('a token is never more than a machine should be', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const expiresAt = people.clock.now() + DAY_MS;
  const ask = async (over: object) => {
    const wanted = {
      name: 'may',
      grants: [{ role: 'editor', areas: [COMMUNE] }],
      scope: ['area:read'],
      expiresAt,
    };
    return (await admin.post<Made>('tokens', { ...wanted, ...over })).body.error?.code ?? 'made';
  };
  expect(await ask({ grants: [{ role: 'chairman', areas: [COMMUNE] }] })).toBe('token.too_much');
  expect(await ask({ scope: ['announcement:approve'] })).toBe('token.too_much');
  expect(await ask({ scope: ['speaker:write'] })).toBe('token.too_much');
  expect(await ask({ scope: ['no:such'] })).toBe('token.too_much');
  expect(await ask({ scope: [] })).toBe('request.invalid');
  const manager = [{ role: 'administrator', areas: [COMMUNE] }];
  for (const permission of ['account:write', 'token:write'])
    expect(await ask({ grants: manager, scope: [permission] })).toBe('token.too_much');
  expect(await ask({ expiresAt: people.clock.now() })).toBe('request.invalid');
  expect(await ask({ expiresAt: people.clock.now() + 367 * DAY_MS })).toBe('request.invalid');
  expect(await ask({ grants: [{ role: 'editor', areas: ['nowhere'] }] })).toBe('request.forbidden');
  expect(await ask({})).toBe('made');
  expect(await ask({})).toBe('account.name_taken');
  const wish = {
    name: 'ngoai',
    grants: [{ role: 'viewer', areas: [COMMUNE, ELSEWHERE] }],
    scope: ['area:read'],
    expiresAt,
  };
  const local = await people.person(admin, 'dia-phuong', [{ role: 'administrator', areas: [COMMUNE] }]);
  await people.app(local);
  const beyond = await local.post('tokens', wish);
  expect(beyond.body.error.code).toBe('request.forbidden');
});

it('a token ends with who made it, and is shown again only while it was never used', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const local = await people.person(admin, 'dia-phuong', [{ role: 'administrator', areas: [COMMUNE] }]);
  await people.app(local);
  const wanted = {
    ...{ name: 'may', grants: [{ role: 'viewer', areas: [COMMUNE] }], scope: ['area:read'] },
    expiresAt: people.clock.now() + DAY_MS,
  };
  const ask = () => local.post<Made>('tokens', wanted, { key: 'tao-may-01' });
  const [first, second] = [await ask(), await ask()];
  const use = async ({ body }: typeof first) =>
    (await people.browser().get('areas', { headers: { authorization: `Bearer ${body.secret}` } })).status;
  expect([await use(first), await use(second)]).toEqual([401, 200]);
  expect((await ask()).body.error.code).toBe('request.conflict');
  const again = await people.controller.context.storage.read.audit.find(
    { action: 'token.secret_again' },
    { order: 'oldest', limit: 10 },
  );
  expect(again).toMatchObject([{ actor: 'dia-phuong', subject: 'token/may', origin: '192.0.2.1' }]);
  expect(JSON.stringify(again)).not.toContain(second.body.secret);
  await admin.post('accounts/dia-phuong/deactivate', { reason: 'chuyển đi' });
  expect(await use(second)).toBe(401);
});

it('who made a token does not approve what it composed', slow, async () => {
  const people = await startPeople();
  const { admin } = await people.setUp();
  const widest = { role: 'administrator', areas: [COMMUNE, ELSEWHERE] };
  const other = await people.person(admin, 'dong-nghiep', [widest]);
  await people.app(other);
  const chairman = { role: 'chairman', areas: [COMMUNE] };
  await other.send('PATCH', 'accounts/quan-tri', { grants: [widest, chairman] });
  await other.post('accounts', { name: 'chu-tich', displayName: 'Chủ tịch', grants: [chairman] });
  const made = await admin.post<Made>('tokens', {
    ...{ name: 'may', grants: [{ role: 'editor', areas: [COMMUNE] }], scope: ['announcement:write'] },
    expiresAt: people.clock.now() + DAY_MS,
  });
  const headers = { authorization: `Bearer ${made.body.secret}` };
  const stream = { url: 'https://dai.example/live', station: 'Đài tỉnh', durationMs: 60_000 };
  const draft = { areaId: COMMUNE, title: 'Thời sự', stream };
  const machine = people.browser();
  const { body } = await machine.post<AnnouncementView>('announcements', draft, { headers });
  expect(body.composers).toEqual(['token/may', 'quan-tri']);
  await machine.post(`announcements/${body.id}/submit`, {}, { headers });
  const approve = await admin.post(`announcements/${body.id}/approve`, { sha256: body.approvalHash });
  expect(approve.body.error.code).toBe('announcement.four_eyes');
});
