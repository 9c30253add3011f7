import { beforeAll, expect, it } from 'vitest';
import type { ScheduleView, UndecidedList } from '#protocols';
import { FakeClock } from '../helpers/fake-clock.ts';
import { describeWith } from '../helpers/requirements.ts';
import { daily, policy, Scheduling, vietnam } from '../integration/http/schedule-support.ts';
import { COMMUNE, HAMLETS } from '../integration/http/support.ts';
import type { Page } from './page.ts';
import { useStation } from './station.ts';

// It is Monday 2026-01-05, 05:00 in Vietnam.
describeWith(['chromium'], 'the page of priority items that meet', () => {
  const clock = new FakeClock();
  const station = useStation(() => ({ clock }));
  let editor: Page;
  let ours: ScheduleView;

  const undecided = async () =>
    (await station().controller.get<UndecidedList>('viewer', 'collisions')).body.undecided;

  beforeAll(async () => {
    const { controller } = station();
    const scheduling = new Scheduling(controller);
    await scheduling.setPolicy(COMMUNE, policy());
    await controller.speaker('loa-1', HAMLETS[0]);
    await controller.speaker('loa-2', HAMLETS[1]);
    const priority = { priority: 'priority' };
    const flood = await scheduling.announcement(120, { ...priority, title: 'Tin lũ của xã' });
    const power = await scheduling.announcement(60, { ...priority, title: 'Tin cắt điện' });
    const { body } = await scheduling.create('editor', scheduling.wanted(flood, daily('05:40')));
    ours = body;
    const { compiler, collisions } = controller.context.planSide;
    const compiled = compiler.compiled();
    await clock.advance(200);
    await compiled;
    await controller.post('editor', 'broadcasts', {
      ...{ announcementId: power, targets: { areas: [COMMUNE] }, startsAt: vietnam(0, '05:41') },
    });
    await collisions.idle();
    editor = await station().member('editor', 'Trần Văn Bình');
  });

  it('says who meets, when and where, and lets the clerk say who comes first', async () => {
    expect(await undecided()).toMatchObject([{ areaIds: ['ap-1', 'ap-2'], speakers: 2 }]);
    await editor.press('Ưu tiên trùng giờ');
    await editor.sees('Trùng từ 05:41');
    await editor.sees('ấp ap-1, ấp ap-2');
    await station().look(editor, 'collisions');
    await editor.press('“Tin cắt điện” phát trước');
    await editor.sees('“Tin lũ của xã” được lùi lại, phát ngay khi bản kia hết.');
    await editor.fill('Lý do', 'Điện cắt lúc 6 giờ');
    await station().look(editor, 'collision-decide');
    await editor.press('Chọn như vậy');
    await editor.sees('Đã chọn: “Tin cắt điện” trước, “Tin lũ của xã” ngay sau.');
    const { body } = await station().controller.get<ScheduleView>('editor', `schedules/${ours.id}`);
    expect(body.rule.changes).toMatchObject([
      { kind: 'move', startsAt: vietnam(0, '05:42'), reason: 'Điện cắt lúc 6 giờ' },
    ]);
  });

  it('only shows them to those who plan nothing', async () => {
    const viewer = await station().member('viewer', 'Phạm Thị Lan');
    await viewer.press('Ưu tiên trùng giờ');
    await viewer.sees('Ưu tiên trùng giờ');
    expect(await viewer.value("document.querySelectorAll('main .actions button').length")).toBe(0);
  });
});
