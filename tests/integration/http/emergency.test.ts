import { describe, expect, it } from 'vitest';
import {
  type AnnouncementView,
  type BroadcastView,
  type PlayOrder,
  type Priority,
  payloadOf,
  playOrderCodec,
} from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import {
  COMMUNE,
  ELSEWHERE,
  type Problem,
  startController,
  type TestController,
  type Who,
} from './support.ts';

type Made = BroadcastView & Problem;

function play(controller: TestController, body: object, who: Who = 'editor') {
  return controller.post<Made>(who, 'broadcasts', body);
}

async function orderOf(controller: TestController, broadcastId: string): Promise<PlayOrder> {
  const orders = await controller.context.storage.read.broadcasts.orders(broadcastId);
  const document = orders.find(({ kind }) => kind === 'play')?.document ?? '';
  return playOrderCodec.parse(payloadOf(document));
}

async function announce(controller: TestController, body: object): Promise<AnnouncementView & Problem> {
  const wanted = { areaId: COMMUNE, title: 'Xả lũ', ...body };
  return (await controller.post<AnnouncementView & Problem>('editor', 'announcements', wanted)).body;
}

async function approve(controller: TestController, id: string, hash: string) {
  await controller.post('editor', `announcements/${id}/submit`, {});
  return controller.post<AnnouncementView & Problem>('chairman', `announcements/${id}/approve`, {
    sha256: hash,
  });
}

/** An approved announcement of the commune, of audio that nobody has to prepare. */
async function approved(controller: TestController, priority: Priority = 'normal') {
  const audio = medium({ bytes: 200_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  const { id, approvalHash } = await announce(controller, {
    ...{ title: 'Thông báo', priority, mediaSha256: audio.sha256 },
  });
  await approve(controller, id, approvalHash ?? '');
  return { id, sha256: audio.sha256 };
}

const TARGETS = { areas: ['ap-1'] };
const TONE = { name: 'attention-tone' };

describe('an emergency', () => {
  it('begins with the attention tone at once, and sounds until it is cancelled or over', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const { id } = await approved(controller, 'emergency');
    const before = controller.context.services.clock.now();
    const until = Math.floor(before + 3_600_000);
    const request = { announcementId: id, targets: TARGETS, until, repeat: { intervalMs: 600_000 } };
    const { status, body } = await play(controller, request);
    expect(status).toBe(201);
    expect(body).toMatchObject({ priority: 'emergency', hardEndAt: until, title: 'Thông báo' });
    expect(body.startsAt - before).toBeLessThan(60_000);
    const order = await orderOf(controller, body.id);
    expect(order).toMatchObject({
      prelude: [TONE],
      repeat: { count: 6, intervalMs: 600_000 },
      volume: { ignoreCap: true },
      window: null,
      requires: ['order:play', 'content:file', 'repeat', 'prelude'],
      ...{ hardEndAt: until, expiresAt: until, drill: false, releases: [], overlap: 'queue' },
    });
    expect(order.content).toMatchObject({
      kind: 'file',
      chunkListSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });

    const wrong = async (change: object) =>
      (await play(controller, { ...request, ...change })).body.error?.code;
    expect(await wrong({ until: Math.floor(before - 1) })).toBe('request.invalid');
    expect(await wrong({ until: until + 30 * 24 * 3_600_000 })).toBe('request.invalid');
    expect(await wrong({ prelude: ['còi'] })).toBe('request.invalid');
    expect(await wrong({ prelude: ['coi-hu'] })).toBe('request.not_found');
    const normal = await approved(controller, 'normal');
    expect(await wrong({ announcementId: normal.id })).toBe('request.invalid');
    const plain = await play(controller, { announcementId: normal.id, targets: TARGETS });
    expect((await orderOf(controller, plain.body.id)).prelude).toEqual([]);
  });

  it('that is a drill says so, in sound and in every record', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const { id } = await approved(controller, 'emergency');
    const { body } = await play(controller, { announcementId: id, targets: TARGETS, drill: true });
    expect(body).toMatchObject({ title: 'DIỄN TẬP – Thông báo', drill: true });
    const order = await orderOf(controller, body.id);
    expect(order).toMatchObject({ title: 'DIỄN TẬP – Thông báo', drill: true });
    expect(order.prelude).toEqual([{ name: 'drill-notice' }, TONE]);
    await controller.post('editor', `broadcasts/${body.id}/cancel`, { reason: 'xong' });
    const audit = await controller.context.storage.read.audit.list(1, 100);
    for (const action of ['broadcast.play', 'broadcast.cancel']) {
      const act = audit.find((entry) => entry.action === action);
      expect(JSON.parse(act?.detail ?? '{}')).toMatchObject({ drill: true });
    }
  });

  it('carries what it asks of other broadcasts, and they of it', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const { id } = await approved(controller, 'priority');
    const wishes = { overlap: 'duck', afterInterruption: 'reschedule', prelude: ['chime'] };
    const { body } = await play(controller, { announcementId: id, targets: TARGETS, ...wishes });
    expect(await orderOf(controller, body.id)).toMatchObject({
      overlap: 'duck',
      afterInterruption: 'reschedule',
      prelude: [{ name: 'chime' }],
      requires: ['order:play', 'content:file', 'prelude', 'duck'],
    });
  });

  it('that is stored goes to the loudspeakers of its area ahead, once approved, and sounds before others', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const { sha256: audio } = await approved(controller, 'normal');
    const { announcements } = controller.context.services;
    const stored = { stored: true, mediaSha256: audio };
    expect((await announce(controller, stored)).error?.code).toBe('request.invalid');
    const { id, approvalHash } = await announce(controller, { ...stored, priority: 'emergency' });
    expect(await announcements.storedMessages(COMMUNE)).toEqual([]);
    const refused = await play(controller, { announcementId: id, targets: TARGETS, prelude: [id] });
    expect(refused.body.error.code).toBe('announcement.not_approved');
    await approve(controller, id, approvalHash ?? '');
    expect(await announcements.storedMessages(COMMUNE)).toMatchObject([
      // In whole milliseconds: a loudspeaker takes no plan head that says anything else.
      { name: id, title: 'Xả lũ', content: { kind: 'file', sha256: audio, durationMs: 49_001 } },
    ]);
    expect(await announcements.storedMessages('ap-1')).toEqual([]);
    const { body } = await play(controller, { announcementId: id, targets: TARGETS, prelude: [id] });
    expect(await orderOf(controller, body.id)).toMatchObject({
      prelude: [{ name: id, file: { kind: 'file', sha256: audio, path: `/api/v1/media/${audio}` } }],
      content: { kind: 'file', sha256: audio },
    });
    // Before anything else it would go round the rule for emergencies.
    const bulletin = await approved(controller, 'priority');
    const before = { announcementId: bulletin.id, targets: TARGETS, prelude: [id] };
    expect((await play(controller, before)).body.error.code).toBe('request.invalid');
    // A change takes it off the loudspeakers again.
    await controller.call('editor', 'PATCH', `announcements/${id}`, { body: { title: 'Xả lũ đợt 2' } });
    expect(await announcements.storedMessages(COMMUNE)).toEqual([]);
  });
});

describe('a stored message before an emergency', () => {
  it('is of a station that one may broadcast for, and its withdrawal takes the emergency back', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    await controller.speaker('loa-2', 'ap-2');
    const main = await approved(controller, 'emergency');
    const audio = medium({ bytes: 100_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(audio));
    const kept = async (who: Who, leader: Who, over: object) => {
      const said = { title: 'Còi xả lũ', priority: 'emergency', stored: true, mediaSha256: audio.sha256 };
      const wanted = { areaId: COMMUNE, ...said, ...over };
      const { body } = await controller.post<AnnouncementView>(who, 'announcements', wanted);
      await controller.post(who, `announcements/${body.id}/submit`, {});
      const yes = { sha256: body.approvalHash };
      await controller.post(leader, `announcements/${body.id}/approve`, yes);
      return body.id;
    };
    const foreign = await kept('province editor', 'province chairman', {
      ...{ areaId: ELSEWHERE, forAreas: [COMMUNE, ELSEWHERE] },
    });
    const request = (name: string) => ({
      ...{ announcementId: main.id, targets: { areas: [COMMUNE] }, prelude: [name], leadMs: 60_000 },
    });
    const refused = await play(controller, request(foreign));
    expect(refused.body.error.code).toBe('request.forbidden');
    expect((await play(controller, request(foreign), 'province editor')).status).toBe(201);

    const own = await kept('editor', 'chairman', {});
    const { body: whole } = await play(controller, request(own));
    const { body: without } = await play(controller, { ...request(own), prelude: [] });
    const { broadcasts } = controller.context.storage.read;
    await controller.post('editor', `announcements/${own}/withdraw`, { areas: ['ap-1'] });
    const cancels = (await broadcasts.orders(whole.id)).filter(({ kind }) => kind === 'cancel');
    expect(cancels.map(({ topics }) => topics)).toEqual([['loa/1/speaker/loa-1/down/order']]);
    await controller.post('editor', `announcements/${own}/withdraw`, {});
    const taken = { state: 'cancelled', cancelReason: 'announcement.withdrawn' };
    expect(await broadcasts.get(whole.id)).toMatchObject(taken);
    expect((await broadcasts.get(without.id))?.state).not.toBe('cancelled');
  });
});

describe('while everything is stopped', () => {
  it('nothing is broadcast now, but an emergency that lifts the stop', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    await controller.speaker('loa-2', 'ap-2');
    const normal = await approved(controller, 'normal');
    const alarm = await approved(controller, 'emergency');
    const scope = { kind: 'area', id: 'ap-1' };
    const { body: latch } = await controller.post<{ id: string }>('chairman', 'latches', {
      scope,
      reason: 'x',
    });
    const refused = await play(controller, { announcementId: normal.id, targets: TARGETS });
    expect([refused.status, refused.body.error.code]).toEqual([409, 'latch.held']);
    expect(refused.body.error.params).toMatchObject({ scope: 'area.ap-1', by: 'chairman' });
    expect((await play(controller, { announcementId: alarm.id, targets: TARGETS })).body.error.code).toBe(
      'latch.held',
    );
    // Somewhere else it sounds; and tomorrow is another day.
    const both = { areas: ['ap-1', 'ap-2'] };
    expect((await play(controller, { announcementId: normal.id, targets: both })).status).toBe(201);
    const startsAt = Math.floor(controller.context.services.clock.now()) + 3_600_000;
    expect((await play(controller, { announcementId: normal.id, targets: TARGETS, startsAt })).status).toBe(
      201,
    );

    const lifting = { announcementId: alarm.id, targets: TARGETS, releaseLatches: true };
    const asNormal = await play(controller, { ...lifting, announcementId: normal.id }, 'chairman');
    expect(asNormal.body.error.code).toBe('request.invalid');
    // The stop is the chairman's: an editor has no leave to lift it.
    expect((await play(controller, lifting, 'editor')).body.error.code).toBe('request.forbidden');
    expect(controller.context.services.latches.book.set()).toHaveLength(1);
    const { status, body } = await play(controller, lifting, 'chairman');
    expect(status).toBe(201);
    expect((await orderOf(controller, body.id)).releases).toEqual([latch.id]);
    await controller.context.services.latches.idle();
    expect(controller.context.services.latches.book.get(latch.id)).toMatchObject({
      state: 'released',
      releasedBy: 'chairman',
    });
    expect((await play(controller, { announcementId: normal.id, targets: TARGETS })).status).toBe(201);
  });

  it('who stopped may lift it by an emergency too', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const alarm = await approved(controller, 'emergency');
    const scope = { kind: 'speaker', id: 'loa-1' };
    await controller.post('editor', 'latches', { scope, reason: 'x' });
    const request = { announcementId: alarm.id, targets: TARGETS, releaseLatches: true };
    expect((await play(controller, request)).status).toBe(201);
  });
});

describe('a relay', () => {
  const STREAM = { url: 'http://phatthanh.test/vov1.mp3', station: 'VOV1', durationMs: 1_800_000 };

  it('is approved with its fallback, ordered as such, and counted in the session', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    for (const url of ['ftp://x/y', 'file:///etc/passwd', 'javascript:1', 'https://'])
      expect((await announce(controller, { stream: { ...STREAM, url } })).error?.code, url).toBe(
        'request.invalid',
      );
    const bare = await announce(controller, { stream: STREAM, origin: 'relay' });
    expect(bare).toMatchObject({ stream: STREAM, mediaSha256: null });
    expect(bare.approvalHash).toMatch(/^[0-9a-f]{64}$/);
    expect((await approve(controller, bare.id, bare.approvalHash ?? '')).body.state).toBe('approved');
    const { body } = await play(controller, { announcementId: bare.id, targets: TARGETS });
    const order = await orderOf(controller, body.id);
    expect(order).toMatchObject({
      content: { kind: 'relay', ...STREAM, fallback: null },
      requires: ['order:play', 'content:relay'],
    });
    expect(order.hardEndAt - order.startsAt).toBeGreaterThanOrEqual(STREAM.durationMs);
    const twice = { announcementId: bare.id, targets: TARGETS, repeat: { count: 2 } };
    expect((await play(controller, twice)).body.error.code).toBe('request.invalid');
    await controller.call('administrator', 'PATCH', `areas/${COMMUNE}`, {
      body: {
        policy: {
          windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
          ...{ sessionMinutes: 15, legalBasis: '' },
        },
      },
    });
    const long = await play(controller, { announcementId: bare.id, targets: TARGETS });
    expect(long.body.error.code).toBe('policy.session_too_long');
  });

  it('of another stream, or with another fallback, is not what was approved', async () => {
    const controller = await startController();
    const { sha256: audio } = await approved(controller);
    const { id, approvalHash } = await announce(controller, { stream: STREAM, mediaSha256: audio });
    expect(approvalHash).not.toBe(audio);
    // What was listened to is the fallback alone.
    expect((await approve(controller, id, audio)).body.error.code).toBe('announcement.audio_changed');
    const url = 'http://phatthanh.test/khac.mp3';
    const changed = await controller.call<AnnouncementView>('editor', 'PATCH', `announcements/${id}`, {
      body: { stream: { ...STREAM, url } },
    });
    expect(changed.body.approvalHash).not.toBe(approvalHash);
    expect((await approve(controller, id, approvalHash ?? '')).body.error.code).toBe(
      'announcement.audio_changed',
    );
    const now = changed.body.approvalHash ?? '';
    expect((await approve(controller, id, now)).body).toMatchObject({
      state: 'approved',
      approvedSha256: now,
    });
  });
});
