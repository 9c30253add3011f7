import { expect, it } from 'vitest';
import type { AnnouncementView, ScheduleView } from '#protocols';
import { asApproved } from '../../server/domain/announcements/approval-hash.ts';
import { announcement, medium } from '../contract/storage/samples.ts';
import { FakeClock } from '../helpers/fake-clock.ts';
import { describeWith } from '../helpers/requirements.ts';
import { underLeave } from '../integration/http/leave-support.ts';
import { daily, Scheduling, vietnam } from '../integration/http/schedule-support.ts';
import { COMMUNE } from '../integration/http/support.ts';
import type { Page } from './page.ts';
import { DESK, PHONE, useStation } from './station.ts';

const ASKED = [{ areaId: COMMUNE, kind: 'asked' }] as const;
const PAST = 'Đã phát theo loạt, không còn lần phát nào';

// One chairman and one Monday: each test goes on where the one before stopped.
describeWith(['chromium'], 'what waits, and what is over', () => {
  const clock = new FakeClock();
  const station = useStation(() => ({ clock }));
  let chairman: Page;
  let aired: Awaited<ReturnType<typeof underLeave>>;

  const now = async (id: string) =>
    (await station().controller.get<AnnouncementView>('editor', `announcements/${id}`)).body;

  it('tells of what aired by a leave and is planned no more, apart from what waits', async () => {
    const { controller, url } = station();
    aired = await underLeave(controller, clock, { title: 'Chuyện làng tuần này' });
    await aired.air();
    chairman = await station().member('chairman', 'Lê Văn Tâm', { width: PHONE });
    await chairman.goTo(`${url}/approvals`);
    await chairman.sees('Không có bản tin nào chờ bạn duyệt.');
    await chairman.sees(`${PAST} (1)`);
    // Closed, and counted by no tab: nobody has to decide anything.
    await chairman.until(`!document.querySelector('details').open`);
    await chairman.sees('Chờ duyệt Sắp phát');
    await chairman.press(`${PAST} (1)`);
    await chairman.sees('Những bản này đã phát đúng như dưới đây nhờ phép theo loạt');
    await chairman.sees('Lần phát cuối: 05:40');
    await chairman.sees('Phát ở: xã Tân An');
    await station().look(chairman, 'past', PHONE);
    const desk = await station().member('chairman', 'Ngô Thị Ba', { areas: ['ap-1'], width: DESK });
    await desk.goTo(`${url}/approvals`);
    await desk.press(`${PAST} (1)`);
    await desk.sees('Phát ở: ấp ap-1');
    await station().look(desk, 'past-hamlet', DESK);
  });

  it('lets it be approved all the same, exactly as it aired', async () => {
    await chairman.press('Duyệt để phát lại: Chuyện làng tuần này');
    await chairman.sees('Đọc và nghe xong rồi mới duyệt');
    expect((await now(aired.episode)).state).toBe('submitted');
    await station().look(chairman, 'past-approve', PHONE);
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đã duyệt “Chuyện làng tuần này”.');
    await chairman.until(`!document.body.innerText.includes('${PAST}')`);
    const after = await now(aired.episode);
    expect([after.state, after.approvedSha256]).toEqual(['approved', after.approvalHash]);
  });

  it('or be refused, with the reason', async () => {
    const { controller } = station();
    await controller.call('editor', 'PATCH', `announcements/${aired.episode}`, { body: { text: 'Lời mới' } });
    await controller.post('editor', `announcements/${aired.episode}/submit`, {});
    // What was changed has not aired: it waits.
    await chairman.sees('Lời mới');
    await chairman.sees('Chờ duyệt 1');
    await controller.call('editor', 'PATCH', `announcements/${aired.episode}`, { body: { text: null } });
    await controller.post('editor', `announcements/${aired.episode}/submit`, {});
    await chairman.press(`${PAST} (1)`);
    await chairman.press('Không duyệt: Chuyện làng tuần này');
    await chairman.sees('Bản tin được trả lại cho người soạn');
    await chairman.fill('Lý do', 'Đừng phát lại');
    await station().look(chairman, 'past-reject', PHONE);
    await chairman.press('Không duyệt');
    await chairman.sees('Đã trả lại “Chuyện làng tuần này”.');
    await chairman.until(`!document.body.innerText.includes('${PAST}')`);
    expect(await now(aired.episode)).toMatchObject({ state: 'rejected', rejectedReason: 'Đừng phát lại' });
  });

  it('says of what waits that its session is longer than the leave of its series', async () => {
    const { controller } = station();
    const scheduling = new Scheduling(controller);
    const id = await scheduling.announcement(60, { title: 'Văn nghệ cuối tuần' });
    const wanted = scheduling.wanted(id, daily('17:10'));
    const { body } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
    const leave = { maxMinutes: 10, sessionMinutes: 2, expiresAt: vietnam(20, '00:00') };
    await controller.post('chairman', `schedules/${body.id}/standing-approval`, leave);
    const audio = medium({ durationMs: 150_000, bytes: 1_000_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(audio));
    const change = { body: { mediaSha256: audio.sha256 } };
    await controller.call('editor', 'PATCH', `announcements/${id}`, change);
    await controller.post('editor', `announcements/${id}/submit`, {});
    await chairman.sees('Văn nghệ cuối tuần');
    const why = 'Có phép theo loạt, nhưng buổi phát dài 3 phút mà phép chỉ cho 2 phút: phải duyệt riêng.';
    await chairman.sees(why);
    await station().look(chairman, 'waiting-too-long', PHONE);
    // The same words where it is about to air.
    await chairman.press('Sắp phát 2');
    await chairman.sees(why);
  });

  it('shows long lists page by page', async () => {
    const { controller, url } = station();
    const file = { stored: false, decisions: [], forAreas: [] };
    const made = (title: string, createdAt: number) =>
      announcement(COMMUNE, { ...file, title, createdAt, updatedAt: createdAt, state: 'submitted' });
    const at = clock.now();
    await controller.context.storage.transaction(async (tx) => {
      for (let n = 1; n <= 104; n += 1) await tx.announcements.insert(made(`Tin chờ ${n}`, at + n), ASKED);
      for (let n = 1; n <= 55; n += 1)
        await tx.announcements.insert(asApproved(made(`Tin cũ ${n}`, at - n * 1000)), []);
    });
    await chairman.goTo(`${url}/approvals`);
    await chairman.sees('Tin chờ 99');
    await chairman.sees('Chờ duyệt 100+');
    const shows = (title: string) =>
      chairman.value<boolean>(
        `[...document.querySelectorAll('main article h2')].some((one) => one.innerText === '${title}')`,
      );
    expect(await shows('Tin chờ 104')).toBe(false);
    // What is there stays while more is read.
    await chairman.value(`(() => {
      const count = () => document.querySelectorAll('main article').length;
      window.fewest = count();
      new MutationObserver(() => { window.fewest = Math.min(window.fewest, count()); })
        .observe(document.querySelector('main'), { childList: true, subtree: true });
      return true;
    })()`);
    await chairman.press('Xem thêm');
    await chairman.sees('Tin chờ 104');
    expect(await chairman.value<number>('window.fewest')).toBeGreaterThanOrEqual(100);
    await chairman.sees('Chờ duyệt 105');
    expect(await shows('Tin chờ 1')).toBe(true);
    await chairman.until(
      `![...document.querySelectorAll('main button')].some((one) => one.innerText === 'Xem thêm')`,
    );
    await chairman.press('Đã duyệt');
    await chairman.sees('Tin cũ 50');
    expect(await shows('Tin cũ 55')).toBe(false);
    await chairman.press('Xem thêm');
    await chairman.sees('Tin cũ 55');
    expect(await shows('Tin cũ 1')).toBe(true);
  });
});
