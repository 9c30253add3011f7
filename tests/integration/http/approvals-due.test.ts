import { expect, it } from 'vitest';
import type { AnnouncementView, ApprovalsDue } from '#protocols';
import { until } from '../../helpers/until.ts';
import { daily, dayOf, policy, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, ELSEWHERE, type Problem } from './support.ts';

it('people are reminded at 20:00 of what airs tomorrow and is not approved, once, and later after a pause', {
  timeout: 90_000,
}, async () => {
  const { clock, controller, scheduling } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  const id = await scheduling.announcement(60, { title: 'Tin sáng' }, false);
  const fallbackId = await scheduling.announcement(30, { title: 'Nhạc hiệu' });
  const approved = await scheduling.announcement(45);
  await controller.call('other administrator', 'PATCH', `areas/${ELSEWHERE}`, { body: { policy: policy() } });
  const { body: fallback } = await controller.get<AnnouncementView>('editor', `announcements/${fallbackId}`);
  await controller.post('province chairman', `announcements/${fallbackId}/approve`, {
    ...{ sha256: fallback.approvalHash, areas: [ELSEWHERE] },
  });
  const targets = { areas: [COMMUNE, ELSEWHERE] };
  const wide = scheduling.wanted(id, daily('05:40', '17:10'), { fallbackId, targets });
  expect((await scheduling.create('province editor', wide)).status).toBe(201);
  await scheduling.create('editor', scheduling.wanted(approved, daily('06:10')));
  const paused = await scheduling.create('editor', scheduling.wanted(id, daily('06:20')));
  await controller.post('editor', `schedules/${paused.body.id}/pause`, {});

  const due = async (query = '') =>
    (await controller.get<ApprovalsDue & Problem>('viewer', `approvals/due${query}`)).body;
  const found = await due();
  expect(found.to).toBe(vietnam(2, '00:00'));
  expect(found.due.map(({ startsAt }) => startsAt)).toEqual(
    [0, 1].flatMap((day) => [vietnam(day, '05:40'), vietnam(day, '17:10')]),
  );
  expect(found.due[0]).toMatchObject({
    ...{
      announcementId: id,
      title: 'Tin sáng',
      state: 'draft',
      areas: [{ areaId: COMMUNE }, { areaId: ELSEWHERE }],
    },
    fallback: { announcementId: fallbackId, title: 'Nhạc hiệu' },
  });
  const range = `from=${vietnam(1, '00:00')}&to=${vietnam(1, '12:00')}`;
  expect((await due(`?${range}&area=ap-1`)).due).toHaveLength(1);
  expect((await due(`?from=${vietnam(1, '00:00')}&to=${vietnam(1, '00:00')}`)).error.code).toBe(
    'request.invalid',
  );

  const reminders = () =>
    (controller.context.services.events.read(0, 20_000) ?? []).flatMap(({ event }) =>
      event.name === 'approval.due' ? [event.data] : [],
    );

  // A clock that moves while nothing runs fires no timer in between.
  const moveTo = async (at: number) => {
    await controller.stop();
    await clock.advance(at - clock.now());
    await controller.start({ clock });
  };
  await clock.advance(61_000);
  expect(reminders()).toEqual([]);
  await moveTo(vietnam(0, '19:59'));
  await clock.advance(59_000);
  expect(reminders()).toEqual([]);
  await clock.advance(2_000);
  await clock.advance(60_000);
  await until('the reminder', () => reminders().length === 2);
  const tomorrow = { day: dayOf(1), count: 2, firstAt: vietnam(1, '05:40') };
  const of = (areaId: string, said: typeof tomorrow) => {
    return { id: `${areaId} ${said.day}`, areaId, targetAreas: [areaId], ...said };
  };
  // Whose schedule it is, and where else it lacks an approval.
  expect(reminders()).toEqual([of(COMMUNE, tomorrow), of(ELSEWHERE, tomorrow)]);
  // Who may approve there finds it at the own account, also when nobody was looking.
  const noticed = () =>
    controller.context.services.people.directory
      .all()
      .filter(({ notices }) => notices.some(({ kind }) => kind === 'approval_due'));
  await until('the notices', () => noticed().length > 0);
  const roles = noticed().flatMap(({ grants }) => grants.map(({ role }) => role));
  expect(new Set(roles)).toEqual(new Set(['chairman', 'deputy']));
  await clock.advance(5 * 60_000);
  expect(reminders()).toHaveLength(2);

  // Nobody was there at 20:00 of Tuesday; on Wednesday what is still to come is told.
  await moveTo(vietnam(2, '06:00'));
  await until('the reminder that was missed', () => reminders().length === 2);
  const late = { day: dayOf(2), count: 1, firstAt: vietnam(2, '17:10') };
  expect(reminders()).toEqual([of(COMMUNE, late), of(ELSEWHERE, late)]);
  await until('the notices of Wednesday', () =>
    noticed().every(({ notices }) => notices.some(({ at }) => at > vietnam(2, '00:00'))),
  );
  // The last one alone.
  for (const { notices } of noticed())
    expect(notices.filter(({ kind }) => kind === 'approval_due')).toHaveLength(1);
});

it('people of every commune below a wider area are reminded of what lacks an approval there, and none is told twice', {
  timeout: 90_000,
}, async () => {
  const { clock, controller, scheduling } = await startMonday();
  const { storage } = controller.context;
  // A province above both communes.
  const province = {
    ...{ id: 'tinh', parentId: null, kind: 'tỉnh', name: 'Đồng Nai', zone: 'Asia/Ho_Chi_Minh' },
    ...{ policy: null, createdAt: 0, retiredAt: null },
  };
  await storage.transaction(async (tx) => {
    await tx.areas.insert(province);
    for (const area of await tx.areas.all())
      if (area.id === COMMUNE || area.id === ELSEWHERE)
        await tx.areas.update({ ...area, parentId: 'tinh' }, clock.now());
  });
  const id = await scheduling.announcement(60, { title: 'Tin sáng' }, false);
  const made = await scheduling.create('editor', scheduling.wanted(id, daily('05:40')));
  await storage.transaction(async (tx) => {
    const schedule = await tx.schedules.get(made.body.id);
    if (schedule === null) throw new Error('the schedule is gone');
    await tx.schedules.save({ ...schedule, targets: { ...schedule.targets, areas: ['tinh'] } });
  });
  await clock.advance(61_000);
  await controller.stop();
  await clock.advance(vietnam(0, '19:59') - clock.now());
  await controller.start({ clock });
  await controller.app.listen({ host: '127.0.0.1', port: 0 });
  const abort = new AbortController();
  const stream = await fetch(new URL('/api/v1/events', controller.app.listeningOrigin), {
    headers: controller.credentials('other viewer'),
    signal: abort.signal,
  });
  const { services } = controller.context;
  const reminders = () =>
    (services.events.read(0, 20_000) ?? []).flatMap(({ event }) =>
      event.name === 'approval.due' ? [event.data] : [],
    );
  await clock.advance(62_000);
  await until('the reminders', () => reminders().length === 3);
  const tomorrow = { day: dayOf(1), count: 1, firstAt: vietnam(1, '05:40') };
  expect(reminders()).toEqual(
    [COMMUNE, 'tinh', ELSEWHERE].map((areaId) => {
      // Who answers for a hamlet hears of the commune's.
      const targetAreas = areaId === 'tinh' ? [] : [areaId];
      return { id: `${areaId} ${dayOf(1)}`, areaId, targetAreas, ...tomorrow };
    }),
  );
  // What could not be noted is told once all the same.
  const noted = { 'Asia/Ho_Chi_Minh': vietnam(-1, '20:00') };
  await controller.context.storage.transaction((tx) =>
    tx.settings.put('approvals.reminded', JSON.stringify(noted), 0),
  );
  await services.approvalsDue.look();
  expect(reminders()).toHaveLength(3);
  // People of the other commune hear of theirs alone.
  let text = '';
  for await (const piece of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (text.includes('approval.due')) break;
  }
  abort.abort();
  const told = [...text.matchAll(/^event: approval\.due\ndata: (.*)$/gm)].map(([, data = '']) =>
    JSON.parse(data),
  );
  expect(told).toMatchObject([{ areaId: ELSEWHERE }]);
});
