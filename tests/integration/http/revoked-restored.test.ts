import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ApiToken } from '../../../server/domain/accounts/api-token.ts';
import type { StandingApproval } from '../../../server/domain/announcements/standing-approval.ts';
import { RESTORED_MARK } from '../../../server/domain/backup/restored.ts';
import { COMMUNE, startController } from './support.ts';

const NEVER = 9_000_000_000_000;

const token: ApiToken = {
  ...{ id: 'tok_1', name: 'bot', secretHash: 'a'.repeat(64), grants: [{ role: 'viewer', areas: [COMMUNE] }] },
  ...{ scope: ['broadcast:read'], createdBy: 'administrator', createdAt: 1, expiresAt: NEVER },
  ...{ lastUsedAt: null, revokedAt: null },
};

const leave: StandingApproval = {
  ...{ id: 'sta_1', seriesId: 'ser_1', scheduleId: 'sch_1', areaId: COMMUNE, title: 'Tiếp âm sáng' },
  ...{ areas: [COMMUNE], exceptAreas: [], editors: null, maxMinutes: 30, note: '' },
  ...{ by: 'chairman', as: 'chairman' },
  terms: {
    ...{
      files: true,
      streams: [],
      fallbacks: [],
      priority: 'normal',
      outsideWindows: false,
      sessionMinutes: 30,
    },
    recurrence: { kind: 'weekly', days: [1], times: ['05:30'] },
    targets: { areas: [COMMUNE], speakers: [], excludeAreas: [], excludeSpeakers: [] },
  },
  ...{ at: 1, expiresAt: NEVER, endedAt: null, endedBy: null, endedAs: null, endedReason: null },
};

const mail = {
  ...{ id: 'mai_1', account: 'chairman', to: 'a@xa.test', subject: 'Thông báo', text: 'x', createdAt: 1 },
  expiresAt: NEVER,
};

it('ends the tokens, the leaves and the mails that come out of a backup, for what was taken back since would count again', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  const revoked = { ...token, id: 'tok_2', name: 'old', secretHash: 'b'.repeat(64), revokedAt: 5 };
  await controller.context.storage.transaction(async (tx) => {
    for (const one of [token, revoked]) await tx.apiTokens.insert(one);
    await tx.standing.save(leave);
    await tx.mails.insert(mail);
  });
  await controller.stop();
  const mark = { backupAt: 1, restoredAt: 2, file: 'sao-luu.tar', sha256: 'a'.repeat(64), replaced: null };
  await writeFile(join(controller.folder, 'data', RESTORED_MARK), JSON.stringify({ v: 1, ...mark }));
  await controller.start();
  const { read } = controller.context.storage;
  const ends = (await read.apiTokens.all()).map(({ id, revokedAt }) => [id, revokedAt]);
  expect(Object.fromEntries(ends)).toEqual({ tok_1: expect.any(Number), tok_2: 5 });
  expect(
    controller.context.services.people.apiTokens
      .list({
        ...{ kind: 'person', name: 'administrator' },
        grants: [{ role: 'administrator', areas: [COMMUNE] }],
      })
      .every(({ revokedAt }) => revokedAt !== null),
  ).toBe(true);
  expect(await read.mails.count()).toBe(0);
  expect(await read.standing.live()).toEqual([]);
  expect(await read.standing.get(leave.id)).toMatchObject({ endedAt: 2, endedReason: 'restored' });
});
