import { describe, expect, it } from 'vitest';
import type { AnnouncementView, BroadcastView, EmergencyOutcome } from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { until } from '../../helpers/until.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, type Problem, startController, type TestController, type Who } from './support.ts';

type Answered = AnnouncementView & Problem;

const TARGETS = { areas: [COMMUNE] };

async function write(controller: TestController, who: Who, over: object = {}): Promise<Answered> {
  const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  const wanted = { areaId: COMMUNE, title: 'Lịch tiêm chủng', mediaSha256: audio.sha256, ...over };
  return (await controller.post<Answered>(who, 'announcements', wanted)).body;
}

const change = async (controller: TestController, who: Who, id: string, body: object): Promise<Answered> =>
  (await controller.call<Answered>(who, 'PATCH', `announcements/${id}`, { body })).body;

async function submitAndApprove(
  controller: TestController,
  who: Who,
  { id, approvalHash }: Pick<AnnouncementView, 'id' | 'approvalHash'>,
): Promise<Answered> {
  await controller.post('editor', `announcements/${id}/submit`, {});
  return (await controller.post<Answered>(who, `announcements/${id}/approve`, { sha256: approvalHash })).body;
}

const codeOf = ({ error }: Answered): string | undefined => error?.code;

describe('an approval', { timeout: 60_000 }, () => {
  it('is of what is said too: any word that changes takes it back and asks for another hash', async () => {
    const controller = await startController();
    const first = await write(controller, 'editor');
    expect((await submitAndApprove(controller, 'chairman', first)).state).toBe('approved');
    const hashes = new Set([first.approvalHash]);
    const changes = [
      { title: 'Lịch tiêm chủng mới' },
      { category: 'y-te' },
      { language: 'km' },
      { text: 'Mời bà con đưa trẻ đi tiêm.' },
      { priority: 'emergency' },
      { stored: true },
    ];
    for (const words of changes) {
      const after = await change(controller, 'editor', first.id, words);
      expect(after).toMatchObject({ state: 'draft', approvedSha256: null });
      expect(hashes.has(after.approvalHash), JSON.stringify(words)).toBe(false);
      hashes.add(after.approvalHash);
      const stale = await submitAndApprove(controller, 'chairman', first);
      expect(codeOf(stale)).toBe('announcement.audio_changed');
      expect((await submitAndApprove(controller, 'chairman', after)).state).toBe('approved');
    }
  });

  it('is never given by who composed any of it', async () => {
    const controller = await startController();
    const made = await write(controller, 'editor');
    // The chairman rewords what the clerk wrote: now both composed it.
    const after = await change(controller, 'chairman', made.id, { title: 'Lịch tiêm chủng tháng 6' });
    expect(after.composers).toEqual(['editor', 'chairman']);
    expect(codeOf(await submitAndApprove(controller, 'chairman', after))).toBe('announcement.four_eyes');
    expect(await submitAndApprove(controller, 'deputy', after)).toMatchObject({ state: 'approved' });
  });

  it('of a recording on the clerk’s phone is given by the chairman whose voice it is', async () => {
    const controller = await startController();
    const made = await write(controller, 'editor', { recordedBy: 'chairman' });
    expect(made).toMatchObject({ composers: ['editor'], recordedBy: 'chairman' });
    expect(await submitAndApprove(controller, 'chairman', made)).toMatchObject({ state: 'approved' });
  });

  it('is a leader’s own to give for his own recording, and for nothing else of his', async () => {
    const controller = await startController();
    const own = await write(controller, 'chairman', { recordedBy: 'chairman' });
    expect(await submitAndApprove(controller, 'chairman', own)).toMatchObject({ state: 'approved' });
    const read = await write(controller, 'chairman', { recordedBy: 'deputy' });
    expect(codeOf(await submitAndApprove(controller, 'chairman', read))).toBe('announcement.four_eyes');
    const plain = await write(controller, 'chairman');
    expect(codeOf(await submitAndApprove(controller, 'chairman', plain))).toBe('announcement.four_eyes');
    // A relay is nobody's voice, whoever is named.
    const stream = { url: 'http://phatthanh.test/vov1.mp3', station: 'VOV1', durationMs: 1_800_000 };
    const relay = await write(controller, 'chairman', { stream, recordedBy: 'chairman' });
    expect(codeOf(await submitAndApprove(controller, 'chairman', relay))).toBe('announcement.four_eyes');
    expect(await submitAndApprove(controller, 'deputy', relay)).toMatchObject({ state: 'approved' });
  });
});

describe('a withdrawal', { timeout: 60_000 }, () => {
  it('takes back what was ordered, wherever, in the same transaction; what is over stays as it ended', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    await controller.speaker('loa-2', 'ap-2');
    const made = await write(controller, 'editor');
    await submitAndApprove(controller, 'chairman', made);
    const other = await write(controller, 'editor', { title: 'Bản tin khác' });
    await submitAndApprove(controller, 'chairman', other);
    const play = async (announcementId: string, areas: readonly string[]) => {
      const request = { announcementId, targets: { areas }, leadMs: 60_000 };
      return (await controller.post<BroadcastView>('editor', 'broadcasts', request)).body;
    };
    const [one, two, ended, untouched] = [
      await play(made.id, ['ap-1']),
      await play(made.id, ['ap-2']),
      await play(made.id, ['ap-1']),
      await play(other.id, ['ap-1']),
    ];
    const { storage } = controller.context;
    await storage.transaction(async (tx) => {
      await tx.broadcasts.transition(two.id, ['planned', 'issued'], 'on_air');
      await tx.broadcasts.transition(ended.id, ['planned', 'issued'], 'failed');
    });
    const withdrawn = await controller.post<Answered>('editor', `announcements/${made.id}/withdraw`, {});
    expect(withdrawn.body.state).toBe('withdrawn');
    const { broadcasts } = storage.read;
    const taken = { state: 'cancelled', cancelReason: 'announcement.withdrawn' };
    expect(await broadcasts.get(one.id)).toMatchObject(taken);
    expect(await broadcasts.get(two.id)).toMatchObject(taken);
    expect(await broadcasts.get(ended.id)).toMatchObject({ state: 'failed' });
    expect((await broadcasts.get(untouched.id))?.state).not.toBe('cancelled');
    for (const { id, areas } of [
      { id: one.id, areas: 'ap-1' },
      { id: two.id, areas: 'ap-2' },
    ]) {
      const cancels = (await broadcasts.orders(id)).filter(({ kind }) => kind === 'cancel');
      expect(cancels.map(({ topics }) => topics)).toEqual([[`loa/1/area/${areas}/order`]]);
    }
    expect((await broadcasts.orders(ended.id)).map(({ kind }) => kind)).toEqual(['play']);
    const again = await controller.post<Problem>('editor', 'broadcasts', {
      ...{ announcementId: made.id, targets: TARGETS },
    });
    expect(again.body.error.code).toBe('announcement.not_approved');
  });

  it('stops what airs without an approval too: as an emergency, or as it was ordered before a change', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    await controller.speaker('loa-2', 'ap-2');
    const { broadcasts } = controller.context.storage.read;
    const withdraw = async (who: Who, id: string, body: object = {}) =>
      (await controller.post<Answered>(who, `announcements/${id}/withdraw`, body)).body;
    const taken = { state: 'cancelled', cancelReason: 'announcement.withdrawn' };
    const ordered = async () => {
      const made = await write(controller, 'editor');
      await submitAndApprove(controller, 'chairman', made);
      const request = { announcementId: made.id, targets: TARGETS, leadMs: 60_000 };
      const { body } = await controller.post<BroadcastView>('editor', 'broadcasts', request);
      expect((await change(controller, 'editor', made.id, { title: 'Sửa' })).state).toBe('draft');
      return { id: made.id, broadcastId: body.id };
    };
    const changed = await ordered();
    expect(await withdraw('editor', changed.id)).toMatchObject({ state: 'withdrawn' });
    expect(await broadcasts.get(changed.broadcastId)).toMatchObject(taken);
    expect(codeOf(await withdraw('editor', changed.id))).toBe('request.conflict');

    // In one hamlet alone: the draft stays one, and the other hamlet hears what was ordered.
    const part = await ordered();
    expect(await withdraw('chairman', part.id, { areas: ['ap-1'] })).toMatchObject({ state: 'draft' });
    expect((await broadcasts.get(part.broadcastId))?.state).not.toBe('cancelled');
    const cancels = (await broadcasts.orders(part.broadcastId)).filter(({ kind }) => kind === 'cancel');
    expect(cancels.map(({ topics }) => topics)).toEqual([['loa/1/speaker/loa-1/down/order']]);

    const urgent = await write(controller, 'editor', { priority: 'emergency' });
    const emergency = { announcementId: urgent.id, sha256: urgent.approvalHash, targets: TARGETS };
    const { body: aired } = await controller.post<EmergencyOutcome>('chairman', 'emergencies', emergency);
    expect(await withdraw('editor', urgent.id)).toMatchObject({ state: 'withdrawn' });
    expect(await broadcasts.get(aired.broadcast?.id ?? '')).toMatchObject(taken);

    const handedIn = await write(controller, 'editor');
    await controller.post('editor', `announcements/${handedIn.id}/submit`, {});
    const nowhere = await withdraw('chairman', handedIn.id, { areas: [COMMUNE] });
    expect(nowhere).toMatchObject({ state: 'withdrawn' });
  });

  it('takes the slots out of the plan, and the broadcast of one that is issued with them', async () => {
    const { clock, controller, scheduling } = await startMonday();
    await controller.speaker('loa-1', 'ap-1');
    const id = await scheduling.announcement(60);
    const { body } = await scheduling.create('editor', scheduling.wanted(id, daily('05:40')));
    const { slots } = controller.context.planSide;
    const planned = () => slots.between(clock.now(), vietnam(3, '00:00'));
    const inTime = (what: string, look: () => boolean) =>
      until(what, async () => {
        await clock.advance(200);
        return look();
      });
    await inTime('the plan', () => planned().length > 0);
    const broadcastId = planned()[0]?.broadcastId ?? '';
    await clock.advance(vietnam(0, '05:30') - clock.now());
    await inTime('its broadcast', () => typeof slots.get(broadcastId)?.issuedAt === 'number');
    const { broadcasts } = controller.context.storage.read;
    expect(await broadcasts.get(broadcastId)).toMatchObject({ state: 'issued' });
    await controller.post('editor', `announcements/${id}/withdraw`, {});
    expect(await broadcasts.get(broadcastId)).toMatchObject({
      ...{ state: 'cancelled', cancelReason: 'announcement.withdrawn', scheduleId: body.id },
    });
    // That slot at once, the others with the next compilation.
    expect(slots.get(broadcastId)?.withdrawnAt).toBeTypeOf('number');
    await inTime('the plan without it', () => planned().length === 0);
  });
});
