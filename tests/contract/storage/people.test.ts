import { expect, it } from 'vitest';
import type { Account } from '../../../server/domain/accounts/account.ts';
import type { ApiToken } from '../../../server/domain/accounts/api-token.ts';
import type { OneTimeLink } from '../../../server/domain/accounts/one-time-link.ts';
import type { Session } from '../../../server/domain/accounts/session.ts';
import type { Transaction } from '../../../server/domain/unit-of-work.ts';
import { onBothDatabases } from './databases.ts';
import { AT, uniqueId } from './samples.ts';

const account = (over: Partial<Account> = {}): Account => ({
  ...{
    name: uniqueId('người'),
    displayName: 'Bà Hạnh',
    passwordHash: null,
    createdBy: 'setup',
    email: 'hanh@xa.test',
  },
  grants: [{ role: 'deputy', areas: ['xa', 'xa-2'], from: AT, until: AT + 0.5 }],
  notices: [{ at: AT, kind: 'phone_paired', by: 'bich' }],
  ...{ createdAt: AT, deactivatedAt: null },
  ...over,
});

const session = (owner: string, over: Partial<Session> = {}): Session => ({
  ...{ id: uniqueId('acs'), secretHash: uniqueId('hash'), account: owner, kind: 'phone' as const },
  ...{ userAgent: 'điện thoại', address: '192.0.2.1', secondFactor: true, pairedBy: 'bich' },
  ...{ authenticatedAt: AT, createdAt: AT, lastSeenAt: AT, expiresAt: AT + 10 },
  ...over,
});

const link = (owner: string, over: Partial<OneTimeLink> = {}): OneTimeLink => ({
  ...{ id: uniqueId('lnk'), secretHash: uniqueId('hash'), kind: 'pairing' as const, account: owner },
  ...{ direct: true, forgets: false, createdBy: 'bich', createdAt: AT, expiresAt: AT + 10 },
  ...{ endedAt: null, used: false },
  ...over,
});

onBothDatabases('people', (storage) => {
  const change = <Result>(work: (tx: Transaction) => Promise<Result>) => storage().transaction(work);
  const entered = async (over: Partial<Account> = {}) => {
    const person = account(over);
    await change((tx) => tx.accounts.insert(person));
    return person;
  };

  it('come back as they are now, and no name is given twice', async () => {
    const person = await entered();
    const { name } = person;
    const found = async () => (await storage().read.accounts.all()).find((one) => one.name === name);
    expect(await found()).toEqual(person);
    const changed: Account = { ...person, passwordHash: '$argon2id$…', grants: [], email: null };
    await change((tx) => tx.accounts.update(changed));
    expect(await found()).toEqual(changed);
    await expect(change((tx) => tx.accounts.insert(account({ name })))).rejects.toMatchObject({
      code: 'account.name_taken',
    });
  });

  it('have mails that wait, the oldest first, until they are taken off', async () => {
    const { name } = await entered();
    const mail = (n: number) => ({
      ...{ id: `${uniqueId('mai')}_${n}`, account: name, to: 'hanh@xa.test', subject: 'Thông báo' },
      ...{ text: 'Kính gửi bà Hạnh,\n.\n', createdAt: AT, expiresAt: AT + 0.5 },
    });
    const mails = [mail(1), mail(2), mail(3)].sort((a, b) => (a.id < b.id ? -1 : 1));
    const [first, second, third] = mails;
    if (first === undefined || second === undefined || third === undefined) throw new Error('three');
    await change(async (tx) => {
      await tx.mails.removeAll();
      for (const one of [third, first, second]) await tx.mails.insert(one);
    });
    const { read } = storage();
    expect(await read.mails.waiting(null, 2)).toEqual([first, second]);
    expect(await read.mails.waiting(second.id, 2)).toEqual([third]);
    await change((tx) => tx.mails.remove([first.id, 'mai_gone']));
    expect(await read.mails.count()).toBe(2);
    await change((tx) => tx.mails.removeAll());
    expect(await read.mails.waiting(null, 2)).toEqual([]);
  });

  it('have sessions that are seen, ended and forgotten', async () => {
    const { name } = await entered();
    const [kept, ended, old] = [session(name), session(name), session(name, { expiresAt: AT + 1 })];
    await change(async (tx) => {
      for (const one of [kept, ended, old]) await tx.sessions.insert(one);
    });
    const seen = { ...kept, lastSeenAt: AT + 5, address: '192.0.2.9' };
    await change(async (tx) => {
      await tx.sessions.remove([ended.id]);
      // One that ended meanwhile does not come back by being seen or confirmed.
      await tx.sessions.touch([seen, ended]);
      await tx.sessions.update(ended);
    });
    const live = async (at: number) =>
      (await storage().read.sessions.live(at)).filter((one) => one.account === name);
    expect(new Set(await live(AT))).toEqual(new Set([seen, old]));
    expect(await live(AT + 1)).toEqual([seen]);
    await change((tx) => tx.sessions.prune(AT + 1));
    expect(await live(AT)).toEqual([seen]);
  });

  it('are given links that are used once', async () => {
    const { name } = await entered();
    const [first, invitation, later] = [link(name), link(name, { kind: 'invitation' }), link(name)];
    await change(async (tx) => {
      await tx.links.insert(first);
      await tx.links.insert(invitation);
      await tx.links.endOpen(name, ['pairing'], AT + 1);
      await tx.links.insert(later);
    });
    expect(await change((tx) => tx.links.use(first.id, AT + 2))).toBe(false);
    expect(await change((tx) => tx.links.use(later.id, AT + 2))).toBe(true);
    expect(await change((tx) => tx.links.use(later.id, AT + 3))).toBe(false);
    const { links } = storage().read;
    expect(await links.get(first.id)).toEqual({ ...first, endedAt: AT + 1 });
    expect(await links.bySecret(later.secretHash)).toEqual({ ...later, endedAt: AT + 2, used: true });
    expect(await links.bySecret(invitation.secretHash)).toEqual(invitation);
    await change((tx) => tx.links.prune(AT + 10));
    expect(await links.get(invitation.id)).toBeNull();
  });

  it('have second factors', async () => {
    const { name } = await entered();
    const totp = {
      account: name,
      secret: 'ABC',
      confirmedAt: null,
      lastStep: 58_000_000,
      recoveryCodes: ['a', 'b'],
    };
    const passkey = {
      ...{
        id: uniqueId('key'),
        account: name,
        name: 'điện thoại',
        publicKey: 'cose',
        counter: 4_294_967_295,
      },
      ...{ transports: ['internal', 'hybrid'], createdAt: AT, lastUsedAt: null },
    };
    await change(async (tx) => {
      await tx.totps.save({ ...totp, recoveryCodes: [] });
      await tx.totps.save(totp);
      await tx.passkeys.insert(passkey);
      await tx.passkeys.update({ ...passkey, lastUsedAt: AT });
    });
    const mine = <One extends { account: string }>(all: readonly One[]) =>
      all.filter((one) => one.account === name);
    expect(mine(await storage().read.totps.all())).toEqual([totp]);
    expect(mine(await storage().read.passkeys.all())).toEqual([{ ...passkey, lastUsedAt: AT }]);
    await change(async (tx) => {
      await tx.totps.remove(name);
      await tx.passkeys.remove([passkey.id]);
    });
    expect(mine(await storage().read.totps.all())).toEqual([]);
    expect(mine(await storage().read.passkeys.all())).toEqual([]);
  });

  it('give machines tokens, whose names stay taken', async () => {
    const token: ApiToken = {
      ...{ id: uniqueId('tok'), name: uniqueId('máy'), secretHash: uniqueId('hash'), createdBy: 'quan-tri' },
      ...{ grants: [{ role: 'editor', areas: ['xa'] }], scope: ['area:read'] },
      ...{ createdAt: AT, expiresAt: AT + 10, lastUsedAt: null, revokedAt: null },
    };
    const revoked = { ...token, revokedAt: AT + 1, secretHash: uniqueId('hash') };
    await change(async (tx) => {
      await tx.apiTokens.insert(token);
      await tx.apiTokens.update(revoked);
      await tx.apiTokens.touch([{ id: token.id, lastUsedAt: AT + 2 }]);
    });
    const found = (await storage().read.apiTokens.all()).filter(({ id }) => id === token.id);
    expect(found).toEqual([{ ...revoked, lastUsedAt: AT + 2 }]);
    const again = { ...token, id: uniqueId('tok'), secretHash: uniqueId('hash') };
    await expect(change((tx) => tx.apiTokens.insert(again))).rejects.toMatchObject({
      code: 'account.name_taken',
    });
  });
});
