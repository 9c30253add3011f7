import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import {
  type AnnouncementView,
  type BroadcastDetail,
  type BroadcastView,
  type DeliveryList,
  orderHeaderCodec,
  type PlayOrder,
  playOrderCodec,
  sha256,
} from '#protocols';
import { COMMUNE, type Problem, speechLikeWav, startController, type TestController } from './support.ts';

function payloadOf(document: string): PlayOrder {
  return playOrderCodec.parse(Buffer.from(document.split('.')[1] ?? '', 'base64url'));
}

/** Orders of one broadcast have no order of their own. */
function topicsOf(orders: readonly { readonly topics: readonly string[] }[]): string[] {
  return orders.flatMap(({ topics }) => topics).sort();
}

async function play(controller: TestController, body: object, who: 'editor' | 'chairman' = 'editor') {
  return controller.post<BroadcastView & Problem>(who, 'broadcasts', body);
}

// Preparing runs at low priority: on a busy machine it waits for everybody else.
describe('from a recording to signed orders', { timeout: 60_000 }, () => {
  it('is taken back above its revision, also when the clock was set back in between', async () => {
    let setBackMs = 0;
    const clock = new SystemClock();
    const now = clock.now.bind(clock);
    clock.now = () => now() - setBackMs;
    const controller = await startController({ clock });
    await controller.speaker('loa-1', 'ap-1');
    const { id } = await controller.approved();
    const { body } = await play(controller, {
      announcementId: id,
      targets: { areas: ['ap-1'] },
      leadMs: 60_000,
    });
    setBackMs = 3_600_000;
    await controller.post('editor', `broadcasts/${body.id}/cancel`, { reason: 'nhầm' });
    const orders = await controller.context.storage.read.broadcasts.orders(body.id);
    const revision = (kind: string) => {
      const document = orders.find((order) => order.kind === kind)?.document ?? '';
      return orderHeaderCodec.parse(Buffer.from(document.split('.')[1] ?? '', 'base64url')).revision;
    };
    // A loudspeaker does not obey a cancellation that is older than the order.
    expect(revision('cancel')).toBeGreaterThan(revision('play'));
  });

  it('goes upload, preparation, draft, approval, broadcast, outbox', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    await controller.speaker('loa-2', 'ap-2');
    await controller.speaker('loa-3', 'ap-2');
    const { id, sha256: audio } = await controller.approved();
    const before = Date.now();
    const { status, body } = await play(controller, {
      announcementId: id,
      targets: { areas: ['ap-1'], speakers: ['loa-3'] },
      leadMs: 60_000,
      repeat: { count: 2, intervalMs: 500 },
      gainDb: -3,
      drill: true,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ announcementId: id, targetCount: 2, drill: true, createdBy: 'editor' });
    expect(body.startsAt).toBeGreaterThanOrEqual(before + 60_000);

    const { storage, services } = controller.context;
    expect(await storage.read.broadcasts.snapshot(body.id)).toMatchObject({ speakerIds: ['loa-1', 'loa-3'] });
    const orders = await storage.read.broadcasts.orders(body.id);
    expect(topicsOf(orders)).toEqual(['loa/1/area/ap-1/order', 'loa/1/speaker/loa-3/down/order']);
    for (const order of orders) expect(order.hash).toBe(sha256(order.document));
    const byArea = orders.find(({ topics }) => topics[0] === 'loa/1/area/ap-1/order');
    const order = payloadOf(byArea?.document ?? '');
    expect(order).toMatchObject({
      kind: 'play',
      broadcastId: body.id,
      content: { kind: 'file', sha256: audio, path: `/api/v1/media/${audio}` },
      repeat: { count: 2, intervalMs: 500 },
      volume: { gainDb: -3, ignoreCap: false },
      requires: ['order:play', 'content:file', 'repeat', 'gain', 'prelude'],
      prelude: [{ name: 'drill-notice' }],
      startsAt: body.startsAt,
      hardEndAt: body.hardEndAt,
    });
    expect(order.window?.closesAt).toBeGreaterThan(body.hardEndAt - 1);
    expect(services.statements.statementsAfter(0)).toHaveLength(1);

    const detail = await controller.get<BroadcastDetail>('viewer', `broadcasts/${body.id}`);
    expect(detail.body.counts.pending).toBe(2);
    const first = await controller.get<DeliveryList>('viewer', `broadcasts/${body.id}/deliveries?limit=1`);
    expect(first.body).toMatchObject({
      deliveries: [{ speakerId: 'loa-1', state: 'pending' }],
      next: 'loa-1',
    });
    const rest = await controller.get<DeliveryList>('viewer', `broadcasts/${body.id}/deliveries?after=loa-1`);
    expect(rest.body).toMatchObject({ deliveries: [{ speakerId: 'loa-3' }], next: null });

    const cancelled = await controller.post<BroadcastView>('editor', `broadcasts/${body.id}/cancel`, {
      reason: 'nhầm giờ',
    });
    expect(cancelled.body).toMatchObject({ state: 'cancelled', cancelReason: 'nhầm giờ' });
    const all = await storage.read.broadcasts.orders(body.id);
    expect(topicsOf(all.filter(({ kind }) => kind === 'cancel'))).toEqual(topicsOf(orders));
    const again = await controller.post<Problem>('editor', `broadcasts/${body.id}/cancel`, { reason: 'x' });
    expect(again.body.error.code).toBe('request.conflict');

    const actions = (await storage.read.audit.list(1, 100)).map(({ actor, action }) => `${actor} ${action}`);
    for (const act of [
      'technician speaker.create',
      'editor media.upload',
      'editor announcement.create',
      'editor announcement.submit',
      'chairman announcement.approve',
      'editor broadcast.play',
      'editor broadcast.cancel',
    ])
      expect(actions).toContain(act);
    expect(JSON.stringify(await storage.read.audit.list(1, 100))).not.toContain('secret');
  });

  it('approves exact bytes, and a change takes the approval back', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const { id, approvalHash } = await controller.approved();
    const other = await controller.prepared(speechLikeWav(2, 240));
    const changed = await controller.call<AnnouncementView>('editor', 'PATCH', `announcements/${id}`, {
      body: { mediaSha256: other },
    });
    expect(changed.body).toMatchObject({ state: 'draft', mediaSha256: other, approvedSha256: null });
    const targets = { areas: [COMMUNE] };
    expect((await play(controller, { announcementId: id, targets })).body.error.code).toBe(
      'announcement.not_approved',
    );
    await controller.post('editor', `announcements/${id}/submit`, {});
    const stale = await controller.post<Problem>('chairman', `announcements/${id}/approve`, {
      sha256: approvalHash,
    });
    expect(stale.body.error.code).toBe('announcement.audio_changed');
    const right = await controller.post<AnnouncementView>('chairman', `announcements/${id}/approve`, {
      sha256: changed.body.approvalHash,
    });
    expect(right.body).toMatchObject({ state: 'approved', approvedSha256: changed.body.approvalHash });
  });

  it('is silent outside the windows unless the chairman or an emergency says otherwise', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const never = { windows: [], sessionMinutes: null, legalBasis: '' };
    await controller.call('administrator', 'PATCH', `areas/${COMMUNE}`, { body: { policy: never } });
    const normal = await controller.approved();
    const emergency = await controller.approved('emergency');
    const targets = { areas: [COMMUNE] };
    const refused = await play(controller, { announcementId: normal.id, targets });
    expect([refused.status, refused.body.error.code]).toEqual([409, 'policy.outside_window']);
    const override = { announcementId: normal.id, targets, windowOverride: { reason: 'lễ hội' } };
    expect((await play(controller, override)).body.error.code).toBe('request.forbidden');
    const chairman = await play(controller, override, 'chairman');
    const [order] = await controller.context.storage.read.broadcasts.orders(chairman.body.id);
    expect(payloadOf(order?.document ?? '')).toMatchObject({
      window: null,
      windowOverride: { by: 'chairman', reason: 'lễ hội' },
    });
    expect((await play(controller, { announcementId: emergency.id, targets })).status).toBe(201);
  });

  it('tells what is wrong with a file', async () => {
    const controller = await startController();
    const { body, status } = await controller.upload<{ id: string }>(
      'editor',
      COMMUNE,
      Buffer.from('xin chào'),
    );
    expect(status).toBe(202);
    expect(await controller.ended(body.id)).toMatchObject({
      state: 'failed',
      error: { code: 'media.unrecognised' },
    });
    const large = await controller.upload<Problem>(
      'editor',
      COMMUNE,
      Buffer.alloc(2 * 1024 * 1024 + 100_000),
    );
    expect([large.status, large.body.error.code]).toEqual([413, 'media.too_large']);
  });

  it.each([
    ['no form at all', '[[[[]]]]'],
    ['cut off before the first part', '--x\r\n'],
    [
      'cut off in the file',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF',
    ],
    ['cut off in a field', '--x\r\nContent-Disposition: form-data; name="area"\r\n\r\ntan'],
  ])('says of a form that cannot be read (%s) that it is the form', async (_, body) => {
    const controller = await startController();
    const refused = await controller.call<Problem>('editor', 'POST', `media?area=${COMMUNE}`, {
      body: Buffer.from(body),
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect([refused.status, refused.body.error.code]).toEqual([400, 'upload.malformed']);
    expect(await readdir(join(controller.folder, 'data', 'uploads'))).toEqual([]);
  });
});
