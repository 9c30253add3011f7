import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SecondFactors } from '../../../server/domain/accounts/second-factors.ts';
import { SecretSealer } from '../../../server/domain/accounts/secret-sealer.ts';
import { newTotpSecret, type Totp } from '../../../server/domain/accounts/totp.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

async function loaded(folder: string): Promise<SecretSealer> {
  const sealer = new SecretSealer(new KeyFiles({ folder }));
  await sealer.load();
  return sealer;
}

const totpOf = (account: string, secret: string): Totp => ({
  ...{ account, secret, confirmedAt: 1, lastStep: 0, recoveryCodes: [] },
});

it('opens after a restart what it sealed, for its owner alone, and nothing that was changed', async () => {
  const folder = tempDir('sealer');
  const secret = newTotpSecret();
  const sealed = (await loaded(folder)).seal('bich', secret);
  const sealer = await loaded(folder);
  expect(sealed).not.toContain(secret);
  expect(sealer.open('bich', sealed)).toBe(secret);
  expect(sealer.seal('bich', secret)).not.toBe(sealed);
  expect(sealer.open('tam', sealed)).toBeUndefined();
  const at = sealed.length - 5;
  const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
  expect(sealer.open('bich', changed)).toBeUndefined();
  expect(sealer.open('bich', 'sealed:1:')).toBeUndefined();
  expect((await loaded(tempDir('other'))).open('bich', sealed)).toBeUndefined();
  expect((await stat(join(folder, 'data.key'))).mode & 0o777).toBe(0o600);
});

it('says that a key file is damaged, and does not make another in its place', async () => {
  const folder = tempDir('sealer');
  await new KeyFiles({ folder }).writeKey('data', 'AAAA');
  await expect(loaded(folder)).rejects.toThrow('data.key in the key folder is damaged');
  expect(await readFile(join(folder, 'data.key'), 'utf8')).toBe('AAAA');
});

it('takes over what lay readable, and lets nobody in whose secret no key opens', async () => {
  const sealer = await loaded(tempDir('sealer'));
  const foreign = await loaded(tempDir('other'));
  const factors = new SecondFactors(sealer);
  const [old, own, lost] = [newTotpSecret(), newTotpSecret(), newTotpSecret()];
  const found = factors.load(
    [totpOf('cu', old), totpOf('bich', sealer.seal('bich', own)), totpOf('mat', foreign.seal('mat', lost))],
    [],
  );
  expect(found).toEqual({ readable: [totpOf('cu', old)], lost: ['mat'] });
  expect(factors.totp('cu')?.secret).toBe(old);
  expect(factors.totp('bich')?.secret).toBe(own);
  const unknown = factors.totp('mat')?.secret ?? '';
  expect(unknown).toHaveLength(own.length);
  expect(unknown).not.toBe(lost);
});
