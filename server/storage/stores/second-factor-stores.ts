import type { Passkey, PasskeyStore } from '../../domain/accounts/passkey.ts';
import type { Totp, TotpStore } from '../../domain/accounts/totp.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { fromJson } from './json.ts';

export class DatabaseTotpStore implements TotpStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async all(): Promise<Totp[]> {
    const rows = await this.#models.totp.findMany();
    return rows.map((row) => ({ ...row, recoveryCodes: fromJson<string[]>(row.recoveryCodes) }));
  }

  async save({ account, ...totp }: Totp): Promise<void> {
    const fields = { ...totp, recoveryCodes: JSON.stringify(totp.recoveryCodes) };
    await this.#models.totp.upsert({ where: { account }, create: { account, ...fields }, update: fields });
  }

  async remove(account: string): Promise<void> {
    await this.#models.totp.deleteMany({ where: { account } });
  }
}

export class DatabasePasskeyStore implements PasskeyStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async all(): Promise<Passkey[]> {
    const rows = await this.#models.passkey.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
    return rows.map((row) => ({ ...row, transports: fromJson<string[]>(row.transports) }));
  }

  async insert(passkey: Passkey): Promise<void> {
    await this.#models.passkey.create({ data: passkeyRow(passkey) });
  }

  async update(passkey: Passkey): Promise<void> {
    const { id, ...fields } = passkeyRow(passkey);
    await this.#models.passkey.updateMany({ where: { id }, data: fields });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#models.passkey.deleteMany({ where: { id: { in: [...ids] } } });
  }
}

function passkeyRow({ transports, ...passkey }: Passkey) {
  return { ...passkey, transports: JSON.stringify(transports) };
}
