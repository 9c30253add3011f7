import { expect, it } from 'vitest';
import { words as shared } from '../../../server/console/app/words.ts';
import { MACHINE_PERMISSIONS } from '../../../server/console/pages/tokens/permissions.ts';
import { words as tokens } from '../../../server/console/pages/tokens/words.ts';
import type { Notice } from '../../../server/domain/accounts/account.ts';
import { GRANTS, MACHINE_ROLES, PERSONS_ONLY, ROLES } from '../../../server/domain/accounts/roles.ts';

it('the console names every role', () => {
  expect(Object.keys(shared.roles).sort()).toEqual([...ROLES].sort());
});

it('says in words each thing that the owner of an account is told', () => {
  const kinds: Readonly<Record<Notice['kind'], true>> = {
    ...{ phone_paired: true, reset_link: true, password_set: true, second_factor_changed: true },
    ...{ grants_changed: true, email_changed: true, approval_due: true },
  };
  expect(Object.keys(shared.notices).sort()).toEqual(Object.keys(kinds).sort());
});

it('offers a machine what its role may do and no person has to answer for, each with a name', () => {
  expect(Object.keys(MACHINE_PERMISSIONS).sort()).toEqual([...MACHINE_ROLES].sort());
  for (const role of MACHINE_ROLES) {
    const possible = GRANTS[role].filter((one) => !PERSONS_ONLY.includes(one));
    expect([role, ...(MACHINE_PERMISSIONS[role] ?? [])].sort()).toEqual([role, ...possible].sort());
    expect(possible.filter((one) => tokens.permissions[one] === undefined)).toEqual([]);
  }
});
