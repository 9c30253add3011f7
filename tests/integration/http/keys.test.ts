import { decodeProtectedHeader } from 'jose';
import { expect, it } from 'vitest';
import type { KeysView } from '#protocols';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { COMMUNE, HAMLETS, type Problem, startController } from './support.ts';

const [HAMLET] = HAMLETS;

it('rotates the operational key for an administrator, and signs what is in force again', async () => {
  const controller = await startController();
  const { storage, services } = controller.context;
  await controller.speaker('loa-1', HAMLET);
  await controller.post('chairman', 'latches', { scope: { kind: 'area', id: HAMLET }, reason: 'đám tang' });
  const signedWith = async () => {
    const [speaker] = await storage.read.speakers.list({ ids: ['loa-1'] });
    const latch = services.latches.book.newestOf({ kind: 'area', id: HAMLET });
    return [speaker?.assignmentDocument, latch?.document].map((document) =>
      typeof document === 'string' ? decodeProtectedHeader(document).kid : undefined,
    );
  };
  const { id } = await controller.approved();
  const targets = { areas: [COMMUNE] };
  const content = { kind: 'announcement', announcementId: id };
  const recurrence = { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times: ['06:30'] };
  const made = await controller.post('editor', 'schedules', {
    areaId: COMMUNE,
    content,
    targets,
    recurrence,
  });
  expect(made.status).toBe(201);
  const headsSignedWith = async () => {
    const heads = await storage.read.plans.heads();
    return [...new Set(heads.map(({ document }) => decodeProtectedHeader(document).kid))];
  };
  const before = (await controller.call<KeysView>('administrator', 'GET', 'keys')).body;
  await expect.poll(headsSignedWith).toEqual([before.keyId]);
  const headsBefore = (await storage.read.plans.heads()).length;
  await expect.poll(signedWith).toEqual([before.keyId, before.keyId]);
  for (const who of ['editor', 'chairman', 'technician', 'viewer'] as const) {
    expect((await controller.call(who, 'GET', 'keys')).status, who).toBe(403);
    expect((await controller.post(who, 'keys/rotate', {})).status, who).toBe(403);
  }
  const answer = await controller.post<KeysView>('administrator', 'keys/rotate', {});
  expect(answer.body).toMatchObject({ statement: 2, rootKeys: before.rootKeys, rootInVault: true });
  const { keyId } = answer.body;
  expect(keyId).not.toBe(before.keyId);
  await expect.poll(signedWith).toEqual([keyId, keyId]);
  // Loudspeakers hold a plan of fourteen days: one that they cannot prove any more would be silent.
  await expect.poll(headsSignedWith).toEqual([keyId]);
  expect((await storage.read.plans.heads()).length).toBe(headsBefore);
  // The stop still holds, and its words are theirs who set it.
  expect(services.latches.book.newestOf({ kind: 'area', id: HAMLET })).toMatchObject({
    state: 'set',
    setBy: 'chairman',
    reason: 'đám tang',
  });
  expect(JSON.stringify(answer.body)).not.toContain('PRIVATE');
});

it('signs again at the next start what a rotation by the terminal left behind', async () => {
  const controller = await startController();
  await controller.speaker('loa-1', HAMLET);
  const before = (await controller.call<KeysView>('administrator', 'GET', 'keys')).body.keyId;
  await controller.stop();
  const vault = new KeyFiles({ folder: `${controller.folder}/data/keys` });
  const keys = new KeyService({ vault, clock: new FakeClock() });
  await keys.start();
  await keys.rotate();
  await controller.start();
  const kid = async () => {
    const [speaker] = await controller.context.storage.read.speakers.list({ ids: ['loa-1'] });
    return decodeProtectedHeader(speaker?.assignmentDocument ?? '').kid;
  };
  await expect.poll(kid).toBe(keys.keyId);
  expect(keys.keyId).not.toBe(before);
});

it('does not rotate without the root key', async () => {
  const controller = await startController();
  await new KeyFiles({ folder: `${controller.folder}/data/keys` }).removeKey('root');
  const answer = await controller.post<Problem>('administrator', 'keys/rotate', {});
  expect([answer.status, answer.body.error.code]).toEqual([409, 'key.root_missing']);
});
