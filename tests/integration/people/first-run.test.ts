import { expect, it } from 'vitest';
import { DomainError, type SessionView, type SetupState } from '#protocols';
import { COMMUNE, ELSEWHERE, PEOPLE, type Problem, startController } from '../http/support.ts';
import { PASSWORD, secretOf, startPeople } from './support.ts';

it('the first administrator comes by the link of the terminal, once, and needs a second factor', {
  timeout: 60_000,
}, async () => {
  const people = await startPeople();
  const { context } = people.controller;
  const admin = people.browser();
  expect((await admin.get('setup')).body).toEqual({
    ...{ needed: true, passkeys: true },
    station: { kind: 'xã', name: 'Tân An' },
    undone: null,
  });
  const [older, link] = [context.services.people.setup.link(), context.services.people.setup.link()];
  expect(link).toMatch(/^https:\/\/loa\.test\/setup#[\w-]{43}$/);
  const person = { name: 'quan-tri', displayName: 'Bà Hạnh', password: PASSWORD };
  const wrong = await admin.post('setup', { secret: secretOf(older), ...person });
  expect([wrong.status, wrong.body.error.code]).toEqual([403, 'link.invalid']);
  const made = await admin.post<SessionView>('setup', { secret: secretOf(link), ...person });
  expect(made).toMatchObject({ status: 201, body: { state: 'set_up_second_factor', secondFactor: false } });
  expect(made.body.grants).toMatchObject([{ role: 'administrator', areas: [ELSEWHERE, COMMUNE] }]);
  expect(admin.attributes).toMatch(
    /^__Host-loa=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  expect((await people.browser().post('setup', { secret: secretOf(link), ...person })).body.error.code).toBe(
    'setup.done',
  );
  expect([context.services.people.setup.link(), (await admin.get('setup')).body]).toMatchObject([
    null,
    { needed: false },
  ]);

  expect((await admin.get('accounts')).body.error.code).toBe('account.second_factor_required');
  const { recoveryCodes } = await people.app(admin);
  expect(recoveryCodes).toHaveLength(10);
  expect((await admin.get<SessionView>('session')).body).toMatchObject({ state: 'open', secondFactor: true });
  expect((await admin.get<{ accounts: object[] }>('accounts')).body.accounts).toMatchObject([
    { name: 'quan-tri', totp: true, hasPassword: true, manageable: false },
  ]);
  const texts = (await people.audit()).map(({ action, detail }) => `${action} ${detail}`).join('\n');
  expect(texts).toMatch(/account\.setup[\s\S]*totp\.set_up/);
  for (const secret of [PASSWORD, secretOf(link), recoveryCodes[0] as string])
    expect(texts).not.toContain(secret);
});

it('why a restore was undone is told while setup is needed, and to nobody afterwards', async () => {
  const restoreUndone = new DomainError('restore.undone', { reason: 'it was in the way' });
  const controller = await startController({ restoreUndone }, {}, []);
  const told = await controller.get<SetupState>('nobody', 'setup');
  const { message } = restoreUndone;
  expect(told.body).toMatchObject({
    needed: true,
    undone: { code: 'restore.undone', message, params: { reason: 'it was in the way' } },
  });
  await controller.enter(PEOPLE);
  expect((await controller.get<SetupState>('nobody', 'setup')).body).toMatchObject({
    needed: false,
    undone: null,
  });
});

it.each([
  ['too short', 'ngắn quá', 'password.too_short'],
  ['too long', 'a'.repeat(129), 'password.too_long'],
  ['from a leak', 'qwertyuiop123', 'password.common'],
  ['from a leak, twice', 'password1password1', 'password.common'],
  ['the commune’s name', 'Tân An tân an 2026', 'password.personal'],
  ['the own name', 'quan-tri-quan-tri', 'password.personal'],
])('a first password that is %s is refused', async (_what, password, code) => {
  const people = await startPeople();
  const secret = secretOf(people.controller.context.services.people.setup.link());
  const person = { name: 'quan-tri', displayName: 'Bà Hạnh', password };
  const answer = await people.browser().post<Problem>('setup', { secret, ...person });
  expect([answer.status, answer.body.error.code]).toEqual([422, code]);
  expect(people.controller.context.services.people.directory.all()).toEqual([]);
});
