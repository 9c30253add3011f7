import { expect, it } from 'vitest';
import type { AnnouncementView } from '#protocols';
import { FakeClock } from '../helpers/fake-clock.ts';
import { describeWith } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';
import { once, Scheduling, vietnam } from '../integration/http/schedule-support.ts';
import type { Page } from './page.ts';
import { act, PASSWORD, PHONE, useStation } from './station.ts';

const TOLD = 'của ngày 06/01/2026 chưa được duyệt.';
/** More than there are things to stop at before the list. */
const MOST_STOPS = 60;

// One evening and what comes of it: each test goes on where the one before stopped.
describeWith(['chromium'], 'what of tomorrow is not approved', () => {
  const clock = new FakeClock({ start: vietnam(0, '19:50') });
  const station = useStation(() => ({ clock }));
  let chairman: Page;

  const focused = () => chairman.value<string>("document.activeElement?.textContent ?? ''");
  const press = async (key: string, windowsVirtualKeyCode: number, text?: string) => {
    const stroke = { key, code: key, windowsVirtualKeyCode };
    await chairman.send('Input.dispatchKeyEvent', { type: 'keyDown', ...stroke, ...(text && { text }) });
    await chairman.send('Input.dispatchKeyEvent', { type: 'keyUp', ...stroke });
  };

  it('is told to who was not there at 20:00, on whatever page is opened afterwards', async () => {
    const { controller, url } = station();
    const { directory } = controller.context.services.people;
    chairman = await station().member('chairman', 'Lê Văn Tâm', { width: PHONE });
    await chairman.send('Page.navigate', { url: 'about:blank' });
    const scheduling = new Scheduling(controller);
    await controller.speaker('loa-1', 'ap-1');
    for (const [title, time] of [
      ['Tin sáng', '05:40'],
      ['Tin chiều', '17:10'],
    ] as const) {
      const id = await scheduling.announcement(60, { title }, false);
      await controller.post('editor', `announcements/${id}/submit`, {});
      await scheduling.create('editor', scheduling.wanted(id, once(1, time)));
    }
    await clock.advance(vietnam(0, '20:00') - clock.now());
    await clock.advance(61_000);
    await until('the notice', () =>
      directory.get('le-van-tam').notices.some(({ kind }) => kind === 'approval_due'),
    );
    // Nobody tells it again: what was left with the account is all that this page has.
    await chairman.goTo(`${url}/account`);
    await chairman.sees(`Còn 2 lượt phát ${TOLD}`);
    await station().look(chairman, 'due-notice', PHONE);
    await chairman.press('Xem danh sách');
    await chairman.sees('Những gì sẽ phát từ nay đến hết ngày mai');
  });

  it('leads from the list to what it is about, without a mouse, and to a yes', async () => {
    await chairman.sees('Tin sáng');
    await station().look(chairman, 'due-list', PHONE);
    for (let stops = 0; (await focused()) !== 'Tin sáng' && stops < MOST_STOPS; stops += 1)
      await press('Tab', 9);
    expect(await focused()).toBe('Tin sáng');
    await press('Enter', 13, '\r');
    await chairman.sees('Người soạn editor');
    await chairman.until("!document.body.innerText.includes('Tin chiều')");
    await station().look(chairman, 'due-item', PHONE);
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đọc và nghe xong rồi mới duyệt');
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đã duyệt “Tin sáng”.');
    await chairman.sees('Bản tin này không chờ bạn duyệt. Bây giờ: đã duyệt.');
    await station().look(chairman, 'due-item-approved', PHONE);
    const { body } = await station().controller.get<{ announcements: AnnouncementView[] }>(
      'editor',
      'announcements',
    );
    expect(body.announcements.filter(({ state }) => state === 'approved')).toMatchObject([
      { title: 'Tin sáng' },
    ]);
    await chairman.press('‹ Tất cả những gì sắp phát');
    await chairman.sees('Tin chiều');
    await chairman.sees(`Còn 1 lượt phát ${TOLD}`);
  });

  it('is told no more once that day is over', async () => {
    clock.jump(vietnam(2, '00:01') - clock.now());
    await chairman.value(act('session', { name: 'le-van-tam', password: PASSWORD }));
    await chairman.goTo(`${station().url}/account`);
    await chairman.sees('Ngày hôm sau còn lượt phát chưa được duyệt');
    await chairman.sees('Nơi đang đăng nhập');
    expect(await chairman.value('document.body.innerText')).not.toContain(TOLD);
  });
});
