import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type {
  AnnouncementView,
  ApprovalsDue,
  ScheduleView,
  StandingView,
  WaitingListSchema,
} from '#protocols';
import { LackBook } from '../../../server/domain/schedule/lack-book.ts';
import { ScheduleGuard } from '../../../server/domain/schedule/schedule-guard.ts';
import { medium } from '../../contract/storage/samples.ts';
import { daily, once, policy, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, type Who } from './support.ts';

type Approvals = Static<typeof WaitingListSchema>;

it('what a leave for its series covers does not wait for an approval, and what it does not cover does', {
  timeout: 60_000,
}, async () => {
  const { controller, scheduling } = await startMonday();
  for (const area of ['ap-1', 'ap-2']) await controller.speaker(`loa-${area}`, area);
  const episode = await scheduling.announcement(60);
  const wanted = scheduling.wanted(episode, daily('05:40'));
  const { body: schedule } = await scheduling.create('editor', wanted);
  const leave = { maxMinutes: 2, expiresAt: vietnam(20, '00:00') };
  const path = `schedules/${schedule.id}/standing-approval`;
  const { body: standing } = await controller.post<StandingView>('chairman', path, leave);
  const audio = medium({ durationMs: 90_000, bytes: 1_000_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  const body = { mediaSha256: audio.sha256 };
  await controller.call('editor', 'PATCH', `announcements/${episode}`, { body });
  await controller.post('editor', `announcements/${episode}/submit`, {});
  const news = await scheduling.announcement(30, {}, false);
  await controller.post('editor', `announcements/${news}/submit`, {});

  const listed = async (who: Who) => {
    const { body: found } = await controller.get<Approvals>(who, 'approvals');
    const of = (items: Approvals['covered'] | Approvals['past'] | Approvals['waiting']) =>
      items
        .map(({ announcement, areas }) => [announcement.id, areas.map(({ areaId }) => areaId).join()])
        .sort();
    return { waiting: of(found.waiting), covered: of(found.covered) };
  };
  // What nobody has planned waits, as ever.
  const whole = { waiting: [[news, COMMUNE]], covered: [[episode, COMMUNE]] };
  expect(await listed('chairman')).toEqual(whole);
  // The leave that covers it is named, also to who answers for a hamlet.
  const { id: standingId, title, expiresAt } = standing;
  const named = { standingId, title, expiresAt, by: 'chairman', byName: 'chairman', as: 'chairman' };
  for (const who of ['chairman', 'ap-1 chairman'] as const) {
    const { body: found } = await controller.get<Approvals>(who, 'approvals');
    expect(found.covered.map(({ leaves }) => leaves)).toEqual([[named]]);
  }
  // Planned once more without a leave, it waits for that.
  const beside = await controller.post<ScheduleView>(
    'editor',
    'schedules',
    scheduling.wanted(episode, daily('06:10')),
  );
  const both = [
    [episode, COMMUNE],
    [news, COMMUNE],
  ].sort();
  expect(await listed('chairman')).toEqual({ waiting: both, covered: [] });
  await controller.call('editor', 'DELETE', `schedules/${beside.body.id}`);
  expect(await listed('chairman')).toEqual(whole);
  // As what sounds in another one's place it needs an approval of its own.
  const other = await scheduling.announcement(20, {}, false);
  const instead = scheduling.wanted(other, daily('06:10'), { fallbackId: episode });
  const stands = await controller.post<ScheduleView>('editor', 'schedules', instead);
  expect((await listed('chairman')).waiting).toEqual(both);
  await controller.call('editor', 'DELETE', `schedules/${stands.body.id}`);
  // Taken back in one hamlet it waits for who answers there.
  const back = { reason: 'nghe lại đã', areas: ['ap-1'] };
  await controller.post('ap-1 chairman', `standing-approvals/${standing.id}/revoke`, back);
  const inHamlet = (items: readonly (readonly string[])[], id: string) =>
    items.map(([announcementId]) => [announcementId, id]);
  expect(await listed('ap-1 chairman')).toEqual({ waiting: inHamlet(both, 'ap-1'), covered: [] });
  expect(await listed('ap-2 chairman')).toEqual({
    ...{ waiting: inHamlet(whole.waiting, 'ap-2'), covered: inHamlet(whole.covered, 'ap-2') },
  });
});

it('what a leave will cover beyond the days of a plan is listed as waiting, and covered once it comes near', {
  timeout: 60_000,
}, async () => {
  const { clock, controller, scheduling } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  const episode = await scheduling.announcement(60);
  const wanted = scheduling.wanted(episode, once(20, '05:40'));
  const { body: schedule } = await scheduling.create('editor', wanted);
  const leave = { maxMinutes: 2, expiresAt: vietnam(30, '00:00') };
  await controller.post('chairman', `schedules/${schedule.id}/standing-approval`, leave);
  await controller.call('editor', 'PATCH', `announcements/${episode}`, { body: { text: 'Lời mới' } });
  await controller.post('editor', `announcements/${episode}/submit`, {});
  const listed = async () => {
    const { body } = await controller.get<Approvals>('chairman', 'approvals');
    const of = (items: Approvals['covered'] | Approvals['waiting']) =>
      items.map(({ announcement }) => announcement.id);
    return [of(body.waiting), of(body.covered)];
  };
  expect(await listed()).toEqual([[episode], []]);
  await controller.stop();
  await clock.advance(vietnam(7, '05:00') - clock.now());
  await controller.start({ clock });
  expect(await listed()).toEqual([[], [episode]]);
});

it('what is planned elsewhere alone, by its own approval, waits here: no leave covers it', {
  timeout: 60_000,
}, async () => {
  const { controller, scheduling } = await startMonday();
  for (const area of ['ap-1', 'ap-2']) await controller.speaker(`loa-${area}`, area);
  const news = await scheduling.announcement(60, {}, false);
  const { body } = await controller.post<AnnouncementView>('editor', `announcements/${news}/submit`, {});
  const yes = { sha256: body.approvalHash };
  await controller.post('ap-2 chairman', `announcements/${news}/approve`, yes);
  const there = scheduling.wanted(news, daily('05:40'), { targets: { areas: ['ap-2'] } });
  await scheduling.create('editor', there);
  const { body: found } = await controller.get<Approvals>('ap-1 chairman', 'approvals');
  expect(found.waiting.map(({ announcement }) => announcement.id)).toEqual([news]);
  expect(found.covered).toEqual([]);
});

it('asking again makes no slot anew that nothing changed of, and has what changed at once', {
  timeout: 60_000,
}, async () => {
  const { clock, controller, scheduling } = await startMonday();
  const { read, areaDirectory: areas, speakerIndex: speakers, holidays } = controller.context.services;
  const guard = new ScheduleGuard({ areas, speakers, holidays, clock });
  // Days go by for who asks; the controller need not live through them.
  let ahead = 0;
  const later = { now: () => clock.now() + ahead, monotonic: () => clock.monotonic() };
  const wait = async (ms: number) => {
    ahead += ms;
  };
  const options = { read, guard, holidays, clock: later };
  const kept = new LackBook(options);
  await controller.speaker('loa-1', 'ap-1');
  const episode = await scheduling.announcement(60);
  const news = await scheduling.announcement(30, {}, false);
  const { body: series } = await scheduling.create('editor', scheduling.wanted(episode, daily('05:40')));
  const { body: other } = await scheduling.create('editor', scheduling.wanted(news, daily('17:10')));
  const ids = new Set([episode, news]);
  /** How many schedules were made anew; what is answered is what one says who keeps nothing. */
  const anew = async (): Promise<number> => {
    const before = kept.made;
    const [answer, again] = await Promise.all([kept.of(ids), kept.of(ids)]);
    const made = kept.made - before;
    expect(answer).toEqual(await new LackBook(options).of(ids));
    expect(again).toEqual(answer);
    return made;
  };
  const patch = (path: string, body: object) => controller.call('editor', 'PATCH', path, { body });
  expect(await anew()).toBe(2);
  expect(await anew()).toBe(0);
  const changes: readonly [string, number, () => Promise<unknown>][] = [
    ['handed in', 1, () => controller.post('editor', `announcements/${news}/submit`, {})],
    ['changed', 1, () => patch(`announcements/${episode}`, { text: 'Lời mới' })],
    ['handed in again', 1, () => controller.post('editor', `announcements/${episode}/submit`, {})],
    [
      'a leave',
      1,
      () => {
        const terms = { maxMinutes: 2, expiresAt: vietnam(3, '00:00') };
        return controller.post('chairman', `schedules/${series.id}/standing-approval`, terms);
      },
    ],
    [
      'another hour',
      1,
      () => {
        const body = { span: { kind: 'all' }, change: { recurrence: daily('17:20') } };
        return controller.post('editor', `schedules/${other.id}/change`, body);
      },
    ],
    ['paused', 0, () => controller.post('editor', `schedules/${other.id}/pause`, {})],
    ['goes on', 1, () => controller.post('editor', `schedules/${other.id}/resume`, {})],
    ['a speaker where none was', 2, () => controller.speaker('loa-2', 'ap-2')],
    [
      'an area',
      2,
      () => {
        const body = { id: 'ap-3', parentId: COMMUNE, kind: 'ấp', name: 'ấp 3' };
        return controller.post('administrator', 'areas', body);
      },
    ],
    ['windows', 2, () => scheduling.setPolicy(COMMUNE, policy())],
    ['deleted', 0, () => controller.call('editor', 'DELETE', `schedules/${other.id}`)],
    // The hour of today is over; the day is not.
    ['an hour later', 0, () => wait(3_600_000)],
    ['a day later', 1, () => wait(24 * 3_600_000)],
  ];
  for (const [what, made, change] of changes) {
    const answer = await change();
    const { status = 200 } = (answer ?? {}) as { readonly status?: number };
    expect([what, status < 300, await anew()]).toEqual([what, true, made]);
    expect([what, await anew()]).toEqual([what, 0]);
  }
  // What the leave covered until the third day lacks an approval after it.
  const { areas: lacks = [], leaves = [] } = (await kept.of(ids)).get(episode) ?? {};
  expect([[...lacks], leaves.map(({ seriesId }) => seriesId)]).toEqual([[COMMUNE], [series.seriesId]]);
});

it('a fallback that is not approved everywhere is told with what it stands for', {
  timeout: 60_000,
}, async () => {
  const { controller, scheduling } = await startMonday();
  for (const area of ['ap-1', 'ap-2']) await controller.speaker(`loa-${area}`, area);
  const news = await scheduling.announcement(60, { title: 'Tin sáng' }, false);
  const fallbackId = await scheduling.announcement(30, { title: 'Nhạc hiệu' }, false);
  const { body: music } = await controller.get<AnnouncementView>('editor', `announcements/${fallbackId}`);
  await controller.post('editor', `announcements/${fallbackId}/submit`, {});
  const yes = { sha256: music.approvalHash };
  await controller.post('ap-1 chairman', `announcements/${fallbackId}/approve`, yes);
  await scheduling.create('editor', scheduling.wanted(news, daily('05:40'), { fallbackId }));
  const range = `from=${vietnam(1, '00:00')}&to=${vietnam(2, '00:00')}`;
  const { body } = await controller.get<ApprovalsDue>('viewer', `approvals/due?${range}`);
  expect(body.due).toMatchObject([
    {
      announcementId: news,
      areas: [{ areaId: COMMUNE }],
      fallback: { announcementId: fallbackId, missing: [{ areaId: 'ap-2' }] },
    },
  ]);
});
