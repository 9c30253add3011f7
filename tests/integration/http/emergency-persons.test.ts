import { describe, expect, it } from 'vitest';
import type { AnnouncementView, EmergencyOutcome, EmergencyView, LatchView } from '#protocols';
import type { Account } from '../../../server/domain/accounts/account.ts';
import { medium } from '../../contract/storage/samples.ts';
import { startMonday } from './schedule-support.ts';
import { COMMUNE, ELSEWHERE, type Problem, type TestController, type Who } from './support.ts';

type Made = EmergencyOutcome & Problem;

const HERE = { areas: [COMMUNE] };
const BOTH = { areas: [COMMUNE, ELSEWHERE] };
const GLASS = { reason: 'vỡ đê, không gọi được ai' };
const MINUTE = 60_000;

/** A controller for which it is Monday, with a loudspeaker in each commune and a message that nobody approved. */
async function dam() {
  const { clock, controller } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  await controller.post('other technician', 'speakers', { id: 'loa-9', areaId: ELSEWHERE, name: 'Loa 9' });
  return { clock, controller, urgent: await written(controller) };
}

async function written(controller: TestController, over: object = {}): Promise<AnnouncementView> {
  const audio = medium({ durationMs: 20_000, bytes: 200_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  const wanted = {
    areaId: COMMUNE,
    title: 'Xả lũ',
    priority: 'emergency',
    mediaSha256: audio.sha256,
    ...over,
  };
  return (await controller.post<AnnouncementView>('editor', 'announcements', wanted)).body;
}

const ask = async (
  controller: TestController,
  who: Who,
  { id: announcementId, approvalHash: sha256 }: AnnouncementView,
  over: object = {},
): Promise<Made> => {
  const body = { announcementId, sha256, targets: HERE, ...over };
  return (await controller.post<Made>(who, 'emergencies', body)).body;
};

const confirm = async (controller: TestController, who: Who, { emergency }: Made, sha256?: string | null) =>
  (
    await controller.post<Made>(who, `emergencies/${emergency.id}/confirm`, {
      sha256: sha256 ?? emergency.sha256,
    })
  ).body;

describe('an emergency', { timeout: 60_000 }, () => {
  it('within one commune goes out by a leader’s word, and else by two persons’', async () => {
    const { controller, urgent } = await dam();
    const aired = await ask(controller, 'chairman', urgent);
    expect(aired).toMatchObject({
      emergency: { state: 'aired', askedBy: 'chairman', review: null, breakGlass: null },
      broadcast: {
        priority: 'emergency',
        withheld: [],
        clearance: [{ kind: 'emergency', id: aired.emergency.id }],
      },
    });
    // Nobody but leaders stands for what is not approved, and nobody for other words than he heard.
    const waits = await ask(controller, 'editor', urgent);
    expect(waits).toMatchObject({ emergency: { state: 'waiting', broadcastId: null }, broadcast: null });
    expect((await confirm(controller, 'editor', waits)).error.code).toBe('emergency.same_person');
    expect((await confirm(controller, 'deputy', waits, 'f'.repeat(64))).error.code).toBe(
      'announcement.audio_changed',
    );
    expect(await confirm(controller, 'deputy', waits)).toMatchObject({
      emergency: { state: 'aired', askedBy: 'editor', decidedBy: 'deputy' },
      broadcast: { targetCount: 1 },
    });
    expect((await confirm(controller, 'chairman', waits)).error.code).toBe('request.conflict');
    // What is approved an editor sends out alone.
    await controller.post('editor', `announcements/${urgent.id}/submit`, {});
    await controller.post('chairman', `announcements/${urgent.id}/approve`, { sha256: urgent.approvalHash });
    expect(await ask(controller, 'editor', urgent)).toMatchObject({
      broadcast: { clearance: [{ kind: 'approval' }] },
    });
    const plain = await written(controller, { priority: 'normal' });
    expect((await ask(controller, 'chairman', plain)).error.code).toBe('emergency.not_one');
    expect((await ask(controller, 'technician', urgent)).error.code).toBe('request.forbidden');
  });

  it('beyond one commune needs two different persons, one of them a leader, within a quarter of an hour', async () => {
    const { clock, controller, urgent } = await dam();
    const wide = { targets: BOTH };
    const waits = await ask(controller, 'province chairman', urgent, wide);
    expect(waits).toMatchObject({ emergency: { state: 'waiting' }, broadcast: null });
    // He answers for one of the two communes alone.
    expect((await confirm(controller, 'chairman', waits)).error.code).toBe('request.forbidden');
    expect((await confirm(controller, 'province chairman', waits)).error.code).toBe('emergency.same_person');
    expect(await confirm(controller, 'province editor', waits)).toMatchObject({
      broadcast: { targetCount: 2 },
    });
    // Also what is approved everywhere, and by the way of everything else.
    await controller.post('editor', `announcements/${urgent.id}/submit`, {});
    for (const area of [COMMUNE, ELSEWHERE])
      await controller.post('province chairman', `announcements/${urgent.id}/approve`, {
        ...{ sha256: urgent.approvalHash, areas: [area] },
      });
    const direct = { announcementId: urgent.id, targets: BOTH };
    const refused = await controller.post<Problem>('province editor', 'broadcasts', direct);
    expect(refused.body.error.code).toBe('emergency.two_persons');
    const late = await ask(controller, 'province editor', urgent, wide);
    expect(late.emergency.state).toBe('waiting');
    await clock.advance(15 * MINUTE);
    expect((await confirm(controller, 'province chairman', late)).error).toMatchObject({
      ...{ code: 'request.conflict', params: { state: 'expired' } },
    });
    const dropped = await ask(controller, 'province editor', urgent, wide);
    const path = `emergencies/${dropped.emergency.id}/drop`;
    const gone = await controller.post<EmergencyView>('province chairman', path, { reason: 'nhầm' });
    expect(gone.body).toMatchObject({ state: 'dropped', decidedBy: 'province-chairman' });
    const { body } = await controller.get<{ emergencies: EmergencyView[] }>('viewer', 'emergencies');
    expect(body.emergencies.map(({ state }) => state).sort()).toEqual(['aired', 'dropped', 'expired']);
  });

  it('needs the second one also where somebody asks for one commune after the other', async () => {
    const { clock, controller, urgent } = await dam();
    const there = { targets: { areas: [ELSEWHERE] } };
    expect((await ask(controller, 'province chairman', urgent)).emergency.state).toBe('aired');
    expect((await ask(controller, 'province chairman', urgent)).emergency.state).toBe('aired');
    const other = await written(controller);
    expect((await ask(controller, 'province chairman', other, there)).emergency.state).toBe('aired');
    const waits = await ask(controller, 'province chairman', urgent, there);
    expect(waits).toMatchObject({ emergency: { state: 'waiting' }, broadcast: null });
    expect((await confirm(controller, 'province editor', waits)).emergency.state).toBe('aired');
    await clock.advance(15 * MINUTE + 1);
    expect((await ask(controller, 'province chairman', urgent, there)).emergency.state).toBe('aired');
  });

  it('counts what was approved and sent out as a broadcast with it, and the other way round', async () => {
    const { clock, controller, urgent } = await dam();
    await controller.post('editor', `announcements/${urgent.id}/submit`, {});
    for (const area of [COMMUNE, ELSEWHERE])
      await controller.post('province chairman', `announcements/${urgent.id}/approve`, {
        ...{ sha256: urgent.approvalHash, areas: [area] },
      });
    const play = async (area: string) => {
      const direct = { announcementId: urgent.id, targets: { areas: [area] } };
      const { status, body } = await controller.post<Problem>('province editor', 'broadcasts', direct);
      return status === 201 ? 'aired' : body.error.code;
    };
    const there = { targets: { areas: [ELSEWHERE] } };
    expect([await play(COMMUNE), await play(COMMUNE), await play(ELSEWHERE)]).toEqual([
      ...['aired', 'aired', 'emergency.two_persons'],
    ]);
    const waits = await ask(controller, 'province editor', urgent, there);
    expect(waits.emergency.state).toBe('waiting');
    expect((await confirm(controller, 'province chairman', waits)).emergency.state).toBe('aired');
    // Two persons stood for that: it is no airing of the second one's alone.
    const alone = { announcementId: urgent.id, ...{ targets: { areas: [COMMUNE] } } };
    expect((await controller.post('province chairman', 'broadcasts', alone)).status).toBe(201);
    await clock.advance(15 * MINUTE + 1);
    expect((await ask(controller, 'province editor', urgent, there)).emergency.state).toBe('aired');
    expect(await play(COMMUNE)).toBe('emergency.two_persons');
  });

  it('is let go by who asked, and by who may cancel where it is from or everywhere that it is for', async () => {
    const { controller, urgent } = await dam();
    const asked = (areas: readonly string[]) =>
      ask(controller, 'province editor', urgent, { targets: { areas } });
    const drop = async (who: Who, { emergency }: Made) => {
      const path = `emergencies/${emergency.id}/drop`;
      const { status, body } = await controller.post<Problem>(who, path, { reason: 'nhầm' });
      return status === 200 ? 'dropped' : body.error.code;
    };
    const wide = await asked(BOTH.areas);
    // The neighbour may cancel in a part of what it is for, the hamlet's leader in a part of where it is from.
    for (const who of ['other technician', 'ap-1 chairman', 'viewer'] as const)
      expect([who, await drop(who, wide)]).toEqual([who, 'request.forbidden']);
    expect([await drop('technician', wide), await drop('technician', wide)]).toEqual([
      ...['dropped', 'request.conflict'],
    ]);
    expect(await drop('other technician', await asked([ELSEWHERE]))).toBe('dropped');
    expect(await drop('province editor', await asked(BOTH.areas))).toBe('dropped');
  });

  it('counts the first person’s word by what he may do when the second one answers', async () => {
    const { clock, controller, urgent } = await dam();
    const { storage, services } = controller.context;
    const areas = [COMMUNE, ELSEWHERE];
    const hang: Account = {
      ...{ name: 'hang', displayName: 'Hằng', passwordHash: null, email: null, notices: [] },
      ...{ createdAt: 0, createdBy: 'administrator', deactivatedAt: null },
      grants: [
        { role: 'editor', areas, from: null, until: null },
        { role: 'deputy', areas, from: null, until: clock.now() + 10 * MINUTE },
      ],
    };
    services.people.directory.put(hang);
    const waits = await ask(controller, 'province chairman', urgent, { targets: BOTH });
    await storage.transaction(async (tx) => {
      const held = await tx.emergencies.get(waits.emergency.id);
      if (held !== null) await tx.emergencies.save({ ...held, askedBy: 'hang' });
    });
    await clock.advance(10 * MINUTE);
    // The deputy's days are over: neither of the two is a leader.
    expect((await confirm(controller, 'province editor', waits)).error).toMatchObject({
      ...{
        code: 'request.forbidden',
        params: { actor: 'province-editor', permission: 'broadcast:emergency' },
      },
    });
    services.people.directory.put({ ...hang, deactivatedAt: clock.now() });
    expect((await confirm(controller, 'province chairman', waits)).error).toMatchObject({
      ...{ code: 'request.forbidden', params: { actor: 'hang', permission: 'broadcast:play' } },
    });
    services.people.directory.put(hang);
    expect(await confirm(controller, 'province chairman', waits)).toMatchObject({
      emergency: { state: 'aired', askedBy: 'hang' },
    });
  });

  it('goes out by one person’s word with a reason, and another person reviews it', async () => {
    const { controller, urgent } = await dam();
    expect((await ask(controller, 'editor', urgent, { breakGlass: { reason: 'gấp' } })).error.code).toBe(
      'request.invalid',
    );
    const aired = await ask(controller, 'province editor', urgent, { targets: BOTH, breakGlass: GLASS });
    expect(aired).toMatchObject({
      emergency: { state: 'aired', breakGlass: GLASS.reason, review: { state: 'open', by: null } },
      broadcast: { targetCount: 2 },
    });
    const told = controller.context.services.events
      .read(0, 100)
      ?.find(({ event }) => event.name === 'emergency.changed');
    expect(told?.event.data).toMatchObject({ areaId: COMMUNE, targetAreas: BOTH.areas, review: 'open' });
    for (const path of ['emergencies', 'reviews']) {
      const { body } = await controller.get<Record<string, EmergencyView[]>>('other chairman', path);
      expect(body[path]?.map(({ id }) => id)).toEqual([aired.emergency.id]);
    }
    const resolve = (who: Who) =>
      controller.post<EmergencyView & Problem>(who, `reviews/${aired.emergency.id}/resolve`, {
        ...{ justified: true, note: 'đúng quy trình' },
      });
    expect((await resolve('province editor')).body.error.code).toBe('request.forbidden');
    // Each of them answers for one of the two communes alone.
    for (const who of ['chairman', 'other chairman'] as const)
      expect((await resolve(who)).body.error.code).toBe('request.forbidden');
    expect((await resolve('province chairman')).body.review).toMatchObject({
      ...{ state: 'resolved', by: 'province-chairman', justified: true, note: 'đúng quy trình' },
    });
    expect((await resolve('province chairman')).body.error.code).toBe('request.conflict');
    const own = await ask(controller, 'chairman', urgent, { breakGlass: GLASS });
    const self = await controller.post<Problem>('chairman', `reviews/${own.emergency.id}/resolve`, {
      ...{ justified: true, note: 'x' },
    });
    expect(self.body.error.code).toBe('emergency.same_person');
    const { body } = await controller.get<{ reviews: EmergencyView[] }>('auditor', 'reviews');
    expect(body.reviews.map(({ review }) => review?.state).sort()).toEqual(['open', 'resolved']);
    const audit = await controller.context.storage.read.audit.list(0, 1000);
    const actions = audit.filter(({ subject }) => subject === aired.emergency.id).map(({ action }) => action);
    expect(actions).toEqual(['emergency.ask', 'emergency.review']);
  });

  it('is nobody’s to send out once a leader sent it back, nor where he said no', async () => {
    const { controller, urgent } = await dam();
    await controller.speaker('loa-2', 'ap-2');
    await controller.post('editor', `announcements/${urgent.id}/submit`, {});
    await controller.post('ap-2 chairman', `announcements/${urgent.id}/reject`, { reason: 'sai tên ấp' });
    const partly = await ask(controller, 'editor', urgent, { breakGlass: GLASS });
    expect(partly.broadcast).toMatchObject({ targetCount: 1, withheld: [{ areaId: 'ap-2' }] });
    await controller.post('chairman', `announcements/${urgent.id}/reject`, { reason: 'sai' });
    expect((await ask(controller, 'editor', urgent, { breakGlass: GLASS })).error.code).toBe(
      'announcement.not_approved',
    );
    // A stop holds against it as against every other, unless it lifts it.
    const next = await written(controller);
    const scope = { kind: 'area', id: COMMUNE };
    await controller.post<LatchView>('chairman', 'latches', { scope, reason: 'loa hú' });
    expect((await ask(controller, 'chairman', next)).error.code).toBe('latch.held');
    expect((await ask(controller, 'chairman', next, { releaseLatches: true })).emergency.state).toBe('aired');
  });
});
