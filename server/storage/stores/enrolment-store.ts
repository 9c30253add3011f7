import type { Enrolment, EnrolmentStore, SpeakerKey, VoidReason } from '../../domain/enrolment/enrolment.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';

export class DatabaseEnrolmentStore implements EnrolmentStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async insert(enrolment: Enrolment): Promise<void> {
    await this.#models.enrolment.create({ data: enrolment });
  }

  async newest(speakerId: string): Promise<Enrolment | null> {
    const row = await this.#models.enrolment.findFirst({
      where: { speakerId },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    });
    return row === null ? null : { ...row, voidReason: row.voidReason as VoidReason | null };
  }

  async void(speakerId: string, reason: VoidReason): Promise<number> {
    const { count } = await this.#models.enrolment.updateMany({
      where: { speakerId, voidReason: null, acknowledgedAt: null },
      data: { voidReason: reason, key: null },
    });
    return count;
  }

  async voidAll(reason: VoidReason): Promise<number> {
    const { count } = await this.#models.enrolment.updateMany({
      where: { voidReason: null, acknowledgedAt: null },
      data: { voidReason: reason, key: null },
    });
    return count;
  }

  async rekey(id: string, key: string): Promise<boolean> {
    const { count } = await this.#models.enrolment.updateMany({
      where: { id, usedAt: null, voidReason: null },
      data: { key },
    });
    return count === 1;
  }

  async countWrongTry(id: string): Promise<number> {
    const { wrongTries } = await this.#models.enrolment.update({
      where: { id },
      data: { wrongTries: { increment: 1 } },
      select: { wrongTries: true },
    });
    return wrongTries;
  }

  async use(id: string, publicKey: string, now: number): Promise<boolean> {
    const { count } = await this.#models.enrolment.updateMany({
      where: { id, voidReason: null, acknowledgedAt: null, OR: [{ publicKey: null }, { publicKey }] },
      data: { publicKey, usedAt: now },
    });
    return count === 1;
  }

  async acknowledge(speakerId: string, now: number): Promise<void> {
    await this.#models.enrolment.updateMany({
      where: { speakerId, usedAt: { not: null }, acknowledgedAt: null },
      data: { acknowledgedAt: now, key: null },
    });
  }

  async unacknowledged(): Promise<string[]> {
    const rows = await this.#models.enrolment.findMany({
      where: { usedAt: { not: null }, acknowledgedAt: null },
      select: { speakerId: true },
      distinct: ['speakerId'],
    });
    return rows.map(({ speakerId }) => speakerId);
  }

  async forgetExpired(before: number): Promise<void> {
    await this.#models.enrolment.updateMany({
      where: { expiresAt: { lte: before }, key: { not: null } },
      data: { key: null },
    });
  }

  async keepKey(speakerId: string, key: SpeakerKey, now: number): Promise<void> {
    const { keyId, publicKey } = key;
    await this.#models.speakerKey.upsert({
      where: { speakerId_keyId: { speakerId, keyId } },
      create: { speakerId, keyId, publicKey, registeredAt: now },
      update: {},
    });
  }

  async keys(speakerId: string): Promise<SpeakerKey[]> {
    return this.#models.speakerKey.findMany({
      where: { speakerId },
      orderBy: [{ registeredAt: 'asc' }, { keyId: 'asc' }],
      select: { keyId: true, publicKey: true },
    });
  }
}
