import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  assignmentCodec,
  type Latch,
  type LatchDetail,
  type LatchView,
  latchCodec,
  payloadOf,
  type Reminder,
  type SpeakerView,
} from '#protocols';
import type { LatchService } from '../../../server/domain/latches/latch-service.ts';
import type { StoredSlot } from '../../../server/domain/plans/plan.ts';
import { ForeignProcess } from '../../helpers/foreign-process.ts';
import { TestSpeaker } from '../mqtt/test-speaker.ts';
import {
  type CallOptions,
  COMMUNE,
  type Problem,
  startController,
  type TestController,
  type Who,
} from './support.ts';

const AREA = { kind: 'area', id: COMMUNE };
const REASON = 'loa hú ở ấp 1';

function stop(controller: TestController, who: Who, body: object, key: string = randomUUID()) {
  return controller.post<LatchView & Problem>(who, 'latches', body, key);
}

function release(controller: TestController, who: Who, id: string, reason = 'đã sửa xong') {
  return controller.post<LatchView & Problem>(who, `latches/${id}/release`, { reason });
}

/** A loudspeaker of ap-1 on the wire, through the one port. */
async function connected(controller: TestController, id = 'loa-1'): Promise<TestSpeaker> {
  const enrolled = await controller.speaker(id, 'ap-1');
  if (!controller.app.server.listening) await controller.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = controller.app.server.address() as AddressInfo;
  const speaker = new TestSpeaker({ ...enrolled, url: `ws://127.0.0.1:${port}/mqtt` });
  onTestFinished(() => speaker.cut());
  return speaker.connect([COMMUNE, 'ap-1']);
}

function latchOf(document: string): Latch {
  return latchCodec.parse(payloadOf(document));
}

/** Resolves when the database has what was done. */
async function inDatabase({ context }: TestController, id: string): Promise<void> {
  const service: LatchService = context.services.latches;
  for (;;) {
    const latch = service.book.get(id);
    if (latch !== undefined && service.keptIn(latch) === 'database') return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('stop all', () => {
  it('reaches a loudspeaker, is shown, and is released by who set it or the chairman', async () => {
    const controller = await startController();
    const speaker = await connected(controller);
    const { status, body: latch } = await stop(controller, 'editor', { scope: AREA, reason: REASON });
    expect(status).toBe(201);
    expect(latch).toMatchObject({
      state: 'set',
      scope: AREA,
      areaId: COMMUNE,
      setBy: 'editor',
      reason: REASON,
    });
    expect(latch).toMatchObject({ speakers: 1, untold: 1 });
    const document = await speaker.next('areaLatch');
    expect(latchOf(document)).toMatchObject({ id: latch.id, scope: AREA, state: 'set', by: 'editor' });

    const shown = await controller.get<SpeakerView>('viewer', 'speakers/loa-1');
    expect(shown.body.status?.output ?? 'stopped').toBe('stopped');
    const detail = await controller.get<LatchDetail>('viewer', `latches/${latch.id}`);
    expect(detail.body).toMatchObject({ untold: 1, untoldSpeakers: ['loa-1'] });

    for (const who of ['technician', 'administrator'] as const) {
      const refused = await release(controller, who, latch.id);
      expect([refused.status, refused.body.error.code]).toEqual([403, 'latch.not_yours']);
    }
    const released = await release(controller, 'chairman', latch.id);
    expect(released.body).toMatchObject({ state: 'released', releasedBy: 'chairman', reason: REASON });
    const second = latchOf(await speaker.next('areaLatch'));
    expect(second).toMatchObject({ id: latch.id, state: 'released', by: 'chairman' });
    expect(second.revision).toBeGreaterThan(latch.revision);
    // Once released it stays so, whoever asks again.
    expect((await release(controller, 'technician', latch.id)).body.releasedBy).toBe('chairman');

    await inDatabase(controller, latch.id);
    const audit = await controller.context.storage.read.audit.list(1, 100);
    const acts = audit.filter(({ action }) => action.startsWith('latch.'));
    expect(acts.map(({ actor, role, action, subject }) => [actor, role, action, subject])).toEqual([
      ['editor', 'editor', 'latch.set', `area.${COMMUNE}`],
      ['chairman', 'chairman', 'latch.release', `area.${COMMUNE}`],
    ]);
    const [set, free] = ['{"state":"set"}', '{"state":"released"}'];
    expect(acts.map(({ origin, areaId, before, after }) => [origin, areaId, before, after])).toEqual([
      ['127.0.0.1', COMMUNE, free, set],
      ['127.0.0.1', COMMUNE, set, free],
    ]);
    expect((await controller.get<{ latches: LatchView[] }>('viewer', 'latches')).body.latches).toEqual([]);
    const all = await controller.get<{ latches: LatchView[] }>('viewer', 'latches?state=all');
    expect(all.body.latches.map(({ id }) => id)).toEqual([latch.id]);
  });

  it('is for the own areas, with a reason, a key and a scope that exists', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const wanted = { scope: { kind: 'speaker', id: 'loa-1' }, reason: REASON };
    const refused = async (who: Who, options: CallOptions, code: string) => {
      const { body } = await controller.call<Problem>(who, 'POST', 'latches', options);
      expect(body.error?.code, who).toBe(code);
    };
    await refused('viewer', { body: wanted }, 'request.forbidden');
    await refused('other editor', { body: wanted }, 'request.forbidden');
    await refused('editor', { body: wanted, key: null }, 'request.key_missing');
    await refused('editor', { body: { ...wanted, reason: '' } }, 'request.invalid');
    await refused(
      'editor',
      { body: { ...wanted, scope: { kind: 'speaker', id: 'x' } } },
      'request.not_found',
    );
    await refused('editor', { body: { ...wanted, scope: { kind: 'area', id: 'x' } } }, 'request.not_found');
    for (const who of ['editor', 'chairman', 'technician', 'administrator'] as const) {
      const { body } = await stop(controller, who, wanted);
      expect(body, who).toMatchObject({ state: 'set', setBy: who, areaId: 'ap-1', speakers: 1 });
      expect((await release(controller, who, body.id)).status, who).toBe(200);
    }
    const elsewhere = await controller.get<{ latches: LatchView[] }>('other viewer', 'latches?state=all');
    expect(elsewhere.body.latches).toEqual([]);
  });

  it('happens once for a key, and once for a scope', async () => {
    const controller = await startController();
    const wanted = { scope: AREA, reason: REASON };
    const key = randomUUID();
    const [first, second] = await Promise.all([
      stop(controller, 'editor', wanted, key),
      stop(controller, 'editor', wanted, key),
    ]);
    expect([first.status, second.status].sort()).toEqual([200, 201]);
    expect(second.body.id).toBe(first.body.id);
    const other = await stop(controller, 'editor', { ...wanted, reason: 'khác' }, key);
    expect(other.body.error.code).toBe('request.key_reused');
    // Somebody else stops what is stopped: it stays theirs who were first.
    const again = await stop(controller, 'technician', { ...wanted, reason: 'tôi cũng dừng' });
    expect([again.status, again.body.id, again.body.setBy]).toEqual([200, first.body.id, 'editor']);
    await release(controller, 'editor', first.body.id);
    // A late copy of the request does not latch again.
    expect((await stop(controller, 'editor', wanted, key)).body.state).toBe('released');
    const next = await stop(controller, 'editor', wanted);
    expect(next.status).toBe(201);
    expect(next.body.id).not.toBe(first.body.id);
  });

  it('goes out while another process holds the database, and is in it afterwards', async () => {
    const controller = await startController();
    const speaker = await connected(controller);
    const path = join(controller.folder, 'data', 'loa.db');
    const foreign = await ForeignProcess.holding(path, 'IMMEDIATE');
    const { status, body } = await stop(controller, 'technician', { scope: AREA, reason: REASON });
    expect([status, body.kept]).toEqual([201, 'file']);
    expect(latchOf(await speaker.next('areaLatch'))).toMatchObject({ id: body.id, state: 'set' });
    expect(await controller.context.storage.read.latches.all()).toEqual([]);
    const released = await release(controller, 'technician', body.id);
    expect([released.status, released.body.kept]).toEqual([200, 'file']);
    expect(latchOf(await speaker.next('areaLatch'))).toMatchObject({ id: body.id, state: 'released' });
    await foreign.release();
    await inDatabase(controller, body.id);
    expect(await controller.context.storage.read.latches.all()).toMatchObject([
      { id: body.id, state: 'released', setBy: 'technician' },
    ]);
    const audit = await controller.context.storage.read.audit.list(1, 100);
    const acts = audit.filter(({ action }) => action.startsWith('latch.')).map(({ action }) => action);
    expect(acts).toEqual(['latch.set', 'latch.release']);
  });

  it('reaches who was away on return, and is told from then on', async () => {
    const controller = await startController();
    const { body } = await stop(controller, 'editor', { scope: AREA, reason: REASON });
    const speaker = await connected(controller);
    await speaker.send('hello', speaker.hello());
    expect(latchOf(await speaker.next('latch'))).toMatchObject({ id: body.id, state: 'set' });
    await speaker.welcome();
    const untold = async () =>
      (await controller.get<LatchDetail>('viewer', `latches/${body.id}`)).body.untold;
    expect(await untold()).toBe(1);
    const { held: documents } = controller.context.speakerSide;
    const held = documents
      .forSpeaker('loa-1', [COMMUNE, 'ap-1'])
      .map(({ kind, scope, revision, hash }) => ({ kind, scope, revision, hash }));
    await speaker.send('hello', speaker.hello({ held }));
    await speaker.welcome();
    expect(await untold()).toBe(0);
  });

  it('is taken in again from a loudspeaker, when a backup had forgotten it', async () => {
    const controller = await startController();
    const { latches } = controller.context.services;
    const { body } = await stop(controller, 'editor', { scope: AREA, reason: REASON });
    const document = latches.book.get(body.id)?.document ?? '';
    const forged = `${document.split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`;
    await expect(latches.overtake(forged)).rejects.toMatchObject({ code: 'document.bad_signature' });
    await latches.overtake(document);
    expect(latches.book.all()).toHaveLength(1);
    expect(latches.current({ kind: 'area', id: COMMUNE })).toMatchObject({ kind: 'latch', document });
    expect(latches.current({ kind: 'area', id: 'ap-1' })).toBeUndefined();
  });
});

describe('a reminder', () => {
  it('comes half an hour before a session that a stop, a mute or maintenance keeps silent', async () => {
    const controller = await startController();
    for (const id of ['loa-1', 'loa-2', 'loa-3'])
      await controller.speaker(id, id === 'loa-3' ? 'ap-2' : 'ap-1');
    const now = controller.context.services.clock.now();
    const until = Math.floor(now + 3_600_000);
    const hold = (id: string, body: object) =>
      controller.call('technician', 'PATCH', `speakers/${id}`, { body });
    await hold('loa-1', { mute: { reason: 'đám tang', until } });
    await hold('loa-2', { mute: { reason: 'nghỉ trưa', until: Math.floor(now + 600_000) } });
    await hold('loa-3', { maintenance: { reason: 'thay loa' } });
    const { body: latch } = await stop(controller, 'editor', {
      scope: { kind: 'area', id: 'ap-2' },
      reason: REASON,
    });
    const due = async (who: Who = 'viewer') =>
      (await controller.get<{ reminders: Reminder[] }>(who, 'reminders')).body.reminders;
    expect(await due()).toEqual([]);
    await controller.context.storage.transaction((tx) =>
      tx.plans.saveSlots([slotAt(now + 1_200_000, COMMUNE), slotAt(now + 300_000, 'ap-9')]),
    );
    const found = await due();
    expect(found.map(({ kind, scope, latchId }) => [kind, scope.id, latchId]).sort()).toEqual([
      ['latch', 'ap-2', latch.id],
      ['maintenance', 'loa-3', null],
      ['mute', 'loa-1', null],
    ]);
    expect(await due('other viewer')).toEqual([]);
    const { events } = controller.context.services;
    const from = events.end;
    const { reminders } = controller.context.services;
    await reminders.look();
    await reminders.look();
    const told = (events.read(from, 100) ?? []).filter(({ event }) => event.name === 'reminder');
    expect(told).toHaveLength(3);
  });
});

describe('a mute', () => {
  it('has a reason and an end within a week, or is left open on purpose', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const now = Math.floor(controller.context.services.clock.now());
    const change = (body: object) =>
      controller.call<SpeakerView & Problem>('technician', 'PATCH', 'speakers/loa-1', { body });
    const day = 24 * 3_600_000;
    for (const mute of [
      { reason: 'đám tang' },
      { reason: '', until: now + day },
      { reason: 'đám tang', until: now + 8 * day },
      { reason: 'đám tang', until: now - 1 },
    ])
      expect((await change({ mute })).body.error?.code, JSON.stringify(mute)).toBe('request.invalid');
    const until = now + 6 * day;
    const muted = await change({ mute: { reason: 'đám tang', until } });
    expect(muted.body.mute).toEqual({ by: 'technician', reason: 'đám tang', until });
    expect((await change({ mute: { reason: 'hỏng', until: null } })).body.mute?.until).toBeNull();
    expect((await change({ mute: null })).body.mute).toBeNull();
  });

  it('and volume by time and a sensitive place reach the assignment', async () => {
    const controller = await startController();
    const speaker = await connected(controller);
    const volumeProfile = [{ from: '21:00', to: '06:00', gainDb: -9 }];
    const body = { volumeProfile, sensitive: true, gainDb: -2 };
    const changed = await controller.call<SpeakerView>('technician', 'PATCH', 'speakers/loa-1', { body });
    expect(changed.body).toMatchObject(body);
    for (;;) {
      const document = await speaker.next('assignment');
      const { volume, rules } = assignmentCodec.parse(payloadOf(document));
      if (volume.profile.length === 0) continue;
      expect(volume).toMatchObject({ gainDb: -2, profile: volumeProfile });
      expect(rules.sensitive).toBe(true);
      break;
    }
    // What its SIM may fetch ahead in a day travels alike, and goes back to what is set at the loudspeaker.
    for (const dataBudgetMb of [40, null]) {
      const budget = await controller.call<SpeakerView>('technician', 'PATCH', 'speakers/loa-1', {
        body: { dataBudgetMb },
      });
      expect(budget.body.dataBudgetMb).toBe(dataBudgetMb);
      const held = assignmentCodec.parse(payloadOf(await speaker.next('assignment')));
      expect(held.dataBudgetMb).toBe(dataBudgetMb ?? undefined);
    }
  });
});

function slotAt(startsAt: number, areaId: string): StoredSlot {
  const id = `brc_${areaId}`;
  return {
    ...{ broadcastId: id, scheduleId: 'sch_1', seriesId: 'ser_1', sessionId: 'ses_1', position: 0 },
    ...{
      announcementId: 'ann_1',
      areaId,
      originalAt: startsAt,
      startsAt,
      latestStartAt: startsAt,
      revision: 1,
      lineHash: '',
      line: '{}',
    },
    ...{
      expiresAt: startsAt + 60_000,
      scopes: [`area.${areaId}`],
      publishedAt: 0,
      withdrawnAt: null,
      issuedAt: null,
    },
  };
}
