import { expect, it } from 'vitest';
import type { Account } from '../../../server/domain/accounts/account.ts';
import { AccountDirectory } from '../../../server/domain/accounts/account-directory.ts';

const account = (name: string, displayName: string): Account => ({
  ...{ name, displayName, grants: [], passwordHash: null, email: null, notices: [] },
  ...{ createdAt: 0, createdBy: 'test', deactivatedAt: null },
});

it('tells two people of one name apart by their login names, and only as long as they have one name', () => {
  const directory = new AccountDirectory();
  directory.load([account('an', 'Nguyễn Văn An'), account('binh', 'Trần Văn Bình')]);
  const called = () => ['an', 'binh', 'an-2', 'token/may'].map((name) => directory.calledBy(name));
  expect(called()).toEqual(['Nguyễn Văn An', 'Trần Văn Bình', 'an-2', 'token/may']);
  // As people read it, whatever blanks and letters it is made of; who left is still in the records.
  directory.put({ ...account('an-2', ' nguyễn  văn an'.normalize('NFD')), deactivatedAt: 1 });
  expect(called().slice(0, 3)).toEqual([
    'Nguyễn Văn An (an)',
    'Trần Văn Bình',
    `${' nguyễn  văn an'.normalize('NFD')} (an-2)`,
  ]);
  // Saved once more it is still one person.
  directory.put(account('binh', 'Trần Văn Bình'));
  directory.put(account('an-2', 'Nguyễn Văn Anh'));
  expect(called().slice(0, 3)).toEqual(['Nguyễn Văn An', 'Trần Văn Bình', 'Nguyễn Văn Anh']);
  directory.load([account('an', 'Nguyễn Văn An')]);
  expect(directory.calledBy('an')).toBe('Nguyễn Văn An');
});
