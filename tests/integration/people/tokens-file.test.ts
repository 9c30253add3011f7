import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { hashToken, newToken } from '../../../server/domain/accounts/token-book.ts';
import { createLogger } from '../../../server/logger.ts';
import { COMMUNE, type Problem, startController } from '../http/support.ts';

it('an entry with a leader’s role is left out and told at the start, and the others hold', async () => {
  const controller = await startController();
  await controller.stop();
  const path = join(controller.folder, 'tokens.json');
  const [sensor, leader] = [newToken(), newToken()];
  const entry = (name: string, role: string, token: string) => {
    return { name, role, areas: [COMMUNE], sha256: hashToken(token) };
  };
  const entries = [entry('cam-bien', 'editor', sensor), entry('may-chu-tich', 'chairman', leader)];
  await writeFile(path, JSON.stringify(entries));
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push((JSON.parse(chunk.toString('utf8')) as { msg: string }).msg);
      done();
    },
  });
  await controller.start({ log: createLogger('error', sink) });
  expect(lines).toEqual([
    `tokens file ${path}, entry 2: the token "may-chu-tich" is not taken, because a machine answers for nobody and so cannot be chairman; give that person an account in the console and remove the entry, or give the machine one of the roles administrator, editor, technician, auditor, viewer`,
  ]);
  const status = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await controller.app.inject({ url: '/api/v1/areas', headers })).statusCode;
  };
  expect([await status(sensor), await status(leader)]).toEqual([200, 401]);
});

it('a machine of the file stands for no emergency, whoever asks or confirms', async () => {
  const controller = await startController();
  await controller.speaker('loa-1', 'ap-1');
  const sha256 = (await controller.approved()).sha256;
  const draft = { areaId: COMMUNE, title: 'Xả lũ', priority: 'emergency', mediaSha256: sha256 };
  const { body: urgent } = await controller.post<{ id: string; approvalHash: string }>(
    ...(['editor', 'announcements', draft] as const),
  );
  const wish = {
    ...{ announcementId: urgent.id, sha256: urgent.approvalHash },
    targets: { areas: ['ap-1'] },
  };
  const code = async (who: 'machine editor' | 'editor', path: string, body: object) =>
    (await controller.post<Problem>(who, path, body)).body.error?.code ?? 'taken';
  expect(await code('machine editor', 'emergencies', wish)).toBe('emergency.person_only');
  const glass = { ...wish, breakGlass: { reason: 'vỡ đê, không gọi được ai' } };
  expect(await code('machine editor', 'emergencies', glass)).toBe('emergency.person_only');
  const asked = await controller.post<{ emergency: { id: string; state: string } }>(
    ...(['editor', 'emergencies', wish] as const),
  );
  expect(asked.body.emergency.state).toBe('waiting');
  const confirm = `emergencies/${asked.body.emergency.id}/confirm`;
  expect(await code('machine editor', confirm, { sha256: wish.sha256 })).toBe('emergency.person_only');
});
