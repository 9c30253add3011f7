import { expect, it } from 'vitest';
import type { AnnouncementView, ApprovalsDue, ScheduleView, StandingView } from '#protocols';
import { dayOf, isoDay } from '../../server/console/ui/format.ts';
import { medium } from '../contract/storage/samples.ts';
import { describeWith } from '../helpers/requirements.ts';
import { COMMUNE, ELSEWHERE, speechLikeWav, type Who } from '../integration/http/support.ts';
import type { Page } from './page.ts';
import { PHONE, useStation } from './station.ts';

// One chairman with his phone: each test goes on where the one before stopped.
describeWith(['chromium'], 'the page of approvals', () => {
  const station = useStation();
  let chairman: Page;

  /** Handed in by whoever writes it; the sound is not listened to. */
  const handedIn = async (who: Who, wanted: object): Promise<AnnouncementView> => {
    const { controller } = station();
    const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(audio));
    const body = { areaId: COMMUNE, mediaSha256: audio.sha256, ...wanted };
    const { body: made } = await controller.post<AnnouncementView>(who, 'announcements', body);
    return (await controller.post<AnnouncementView>(who, `announcements/${made.id}/submit`, {})).body;
  };
  const now = async ({ id }: { readonly id: string }, who: Who = 'editor') =>
    (await station().controller.get<AnnouncementView>(who, `announcements/${id}`)).body;

  it('lets the chairman listen, read and approve on his phone', async () => {
    const { controller, url } = station();
    chairman = await station().member('chairman', 'Lê Văn Tâm', { width: PHONE });
    const mediaSha256 = await controller.prepared(speechLikeWav());
    const draft = { areaId: COMMUNE, title: 'Lịch tiêm phòng tháng 12', category: 'Y tế', mediaSha256 };
    const text = 'Trạm y tế xã tiêm phòng cho trẻ dưới 5 tuổi,\nsáng thứ Ba, tại nhà văn hóa ấp 1.';
    const { body } = await controller.post<AnnouncementView>('editor', 'announcements', { ...draft, text });
    await controller.post('editor', `announcements/${body.id}/submit`, {});
    await chairman.goTo(`${url}/approvals`);
    await chairman.sees('Trạm y tế xã tiêm phòng');
    // The prepared audio itself can be listened to.
    const seconds = await chairman.value<number>(`new Promise((resolve, reject) => {
      const audio = document.querySelector('audio');
      audio.onloadedmetadata = () => resolve(audio.duration);
      audio.onerror = () => reject(new Error(audio.error.message));
      audio.load();
    })`);
    expect(seconds).toBeGreaterThan(1);
    await station().look(chairman, 'approvals', PHONE);
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đọc và nghe xong rồi mới duyệt');
    await chairman.sees('Trạm y tế xã tiêm phòng');
    await chairman.sees('Thời lượng: ');
    expect((await now(body)).state).toBe('submitted');
    await station().look(chairman, 'approve', PHONE);
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đã duyệt “Lịch tiêm phòng tháng 12”. Không có bản tin nào chờ bạn duyệt.');
    const after = await now(body);
    expect([after.state, after.approvedSha256]).toEqual(['approved', after.approvalHash]);
  });

  it('says yes only to what was read, and holds the list still meanwhile', async () => {
    const { controller } = station();
    const made = await handedIn('editor', { title: 'Cắt nước ấp 2', text: 'Cắt nước từ 8 giờ.' });
    await chairman.sees('Cắt nước từ 8 giờ.');
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đọc và nghe xong rồi mới duyệt');
    const asked =
      "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/approvals')).length";
    const before = await chairman.value<number>(asked);
    const body = { text: 'Cắt nước từ 10 giờ.' };
    await controller.call('editor', 'PATCH', `announcements/${made.id}`, { body });
    await controller.post('editor', `announcements/${made.id}/submit`, {});
    const other = await handedIn('editor', { title: 'Tin chen vào' });
    await chairman.until(`${asked} > ${before}`);
    const cards = "[...document.querySelectorAll('main article')].map(({ innerText }) => innerText).join()";
    expect(await chairman.value(cards)).toContain('Cắt nước từ 8 giờ.');
    expect(await chairman.value(cards)).not.toContain('Tin chen vào');
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Bản tin vừa được sửa. Dưới đây là nội dung mới');
    await chairman.sees('Cắt nước từ 10 giờ.');
    expect((await now(made)).state).toBe('submitted');
    await station().look(chairman, 'approve-changed', PHONE);
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đã duyệt “Cắt nước ấp 2”.');
    const after = await now(made);
    expect([after.state, after.approvedSha256]).toEqual(['approved', after.approvalHash]);
    // The list goes on now that the window is closed.
    await chairman.until("!document.querySelector('main').innerText.includes('Cắt nước từ 10 giờ.')");
    await chairman.sees('Tin chen vào');
    // What is being written again cannot be approved at all.
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đọc và nghe xong rồi mới duyệt');
    await controller.call('editor', 'PATCH', `announcements/${other.id}`, { body });
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Bản tin không còn chờ duyệt (bây giờ: Bản nháp).');
    await chairman.press('Thôi');
    await chairman.sees('Không có bản tin nào chờ bạn duyệt');
    await controller.post('chairman', `announcements/${made.id}/withdraw`, {});
  });

  it('says no again where a "no" to what it was before waits, and only there', async () => {
    const { controller } = station();
    const made = await handedIn('editor', { title: 'Thu phí vệ sinh' });
    const path = `announcements/${made.id}`;
    await controller.post('chairman', `${path}/approve`, { sha256: made.approvalHash });
    await controller.post('chairman', `${path}/withdraw`, { areas: ['ap-2'], reason: 'Ấp 2 đã thu' });
    await controller.call('editor', 'PATCH', path, { body: { title: 'Thu phí vệ sinh tháng 12' } });
    const again = await controller.post<AnnouncementView>('editor', `${path}/submit`, {});
    await controller.post('chairman', `${path}/approve`, { sha256: again.body.approvalHash });
    await chairman.sees('Bạn duyệt cho: ấp ap-2');
    await chairman.press('Không duyệt');
    await chairman.sees('Bạn trả lời không cho: ấp ap-2');
    await chairman.fill('Lý do', 'Ấp 2 vẫn không thu');
    await station().look(chairman, 'reject-there', PHONE);
    await chairman.press('Không duyệt');
    await chairman.sees('Không có bản tin nào chờ bạn duyệt');
    expect(await now(made)).toMatchObject({
      state: 'approved',
      decisions: [
        { areaId: COMMUNE, verdict: 'approved' },
        { areaId: 'ap-2', verdict: 'rejected', reason: 'Ấp 2 vẫn không thu' },
      ],
    });
    await controller.post('chairman', `${path}/withdraw`, {});
  });

  it('says of a yes that opens nothing yet who is still asked', async () => {
    const { controller, url } = station();
    const made = await handedIn('editor', { title: 'Đắp đường' });
    const path = `announcements/${made.id}`;
    await controller.post('chairman', `${path}/reject`, { reason: 'Chưa có kinh phí' });
    await controller.post('editor', `${path}/submit`, {});
    const hamlet = await station().member('chairman', 'Ngô Thị Ba', { areas: ['ap-1'], width: PHONE });
    await hamlet.goTo(`${url}/approvals`);
    await hamlet.press('Duyệt cho phát');
    await hamlet.sees('Đọc và nghe xong rồi mới duyệt');
    await hamlet.press('Duyệt cho phát');
    await hamlet.sees(
      'Đã ghi bạn duyệt “Đắp đường”, nhưng chưa phát ở đâu: người duyệt của xã Tân An đã trả lời không',
    );
    await station().look(hamlet, 'approve-not-yet', PHONE);
    await controller.post('chairman', `${path}/withdraw`, {});
    await chairman.sees('Không có bản tin nào chờ bạn duyệt');
  });

  it('sends one back with the reason', async () => {
    // The page is told of it: it does not ask so soon again by itself.
    const text = 'Mời bà con ấp 1 đến nhà văn hóa họp lúc 19 giờ thứ Bảy.';
    const made = await handedIn('editor', { title: 'Họp dân ấp 1', text });
    await chairman.sees('Họp dân ấp 1');
    await chairman.press('Không duyệt');
    await chairman.sees('Bản tin được trả lại cho người soạn');
    await chairman.fill('Lý do', 'Sai ngày họp');
    await station().look(chairman, 'reject', PHONE);
    await chairman.press('Không duyệt');
    await chairman.sees('Đã trả lại “Họp dân ấp 1”. Không có bản tin nào chờ bạn duyệt.');
    expect(await now(made)).toMatchObject({ state: 'rejected', rejectedReason: 'Sai ngày họp' });

    // The same words in another one: he is told before he says yes, and may.
    const again = { title: 'Mời họp', text: text.toUpperCase() };
    const copy = await handedIn('editor', again);
    await chairman.sees('Nội dung này đã từng không được duyệt trong một bản tin khác.');
    await chairman.sees('Cùng lời với “Họp dân ấp 1”. xã Tân An: CHỦ TỊCH Lê Văn Tâm không duyệt');
    await station().look(chairman, 'refused-before', PHONE);
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đọc và nghe xong rồi mới duyệt');
    await chairman.until("document.querySelector('dialog').innerText.includes('“Sai ngày họp”')");
    await chairman.press('Thôi');
    await station().controller.post('editor', `announcements/${copy.id}/withdraw`, {});
    await chairman.sees('Không có bản tin nào chờ bạn duyệt');
  });

  it('takes one back in a hamlet, and then for good', async () => {
    const [one] = (
      await station().controller.get<{ announcements: AnnouncementView[] }>('editor', 'announcements')
    ).body.announcements.filter(({ state }) => state === 'approved');
    if (one === undefined) throw new Error('nothing is approved');
    await chairman.press('Đã duyệt');
    await chairman.press('Rút lại: Lịch tiêm phòng tháng 12');
    await chairman.choose('Rút lại ở', 'ap-1');
    await chairman.sees('Các địa bàn khác vẫn phát');
    await chairman.fill('Lý do', 'Ấp 1 đã tiêm xong');
    await station().look(chairman, 'withdraw-part', PHONE);
    await chairman.press('Rút lại');
    await chairman.sees('Đã rút lại “Lịch tiêm phòng tháng 12”.');
    expect((await now(one)).decisions).toMatchObject([
      { areaId: COMMUNE, verdict: 'approved' },
      { areaId: 'ap-1', verdict: 'withdrawn', by: 'le-van-tam', reason: 'Ấp 1 đã tiêm xong' },
    ]);
    await chairman.sees('ấp ap-1: CHỦ TỊCH Lê Văn Tâm rút lại');
    await chairman.press('Rút lại: Lịch tiêm phòng tháng 12');
    await chairman.sees('Không làm lại được');
    await station().look(chairman, 'withdraw', PHONE);
    await chairman.press('Rút lại');
    await chairman.sees('Chưa có bản tin nào được duyệt');
    expect((await now(one)).state).toBe('withdrawn');
  });

  it('takes back what another station made, in the own areas alone', async () => {
    const wanted = { areaId: ELSEWHERE, title: 'Tin của xã bên', forAreas: [COMMUNE, ELSEWHERE] };
    const made = await handedIn('province editor', wanted);
    await station().controller.post('province chairman', `announcements/${made.id}/approve`, {
      sha256: made.approvalHash,
    });
    await chairman.goTo(`${station().url}/approvals`);
    await chairman.press('Đã duyệt');
    await chairman.sees('Của đài khác. Bạn rút lại được ở xã Tân An.');
    await station().look(chairman, 'approved', PHONE);
    await chairman.press('Rút lại: Tin của xã bên');
    // For good, and for others, is not his to say.
    const offered = await chairman.value<string[]>(
      "[...document.querySelectorAll('dialog option')].map(({ value }) => value)",
    );
    expect(offered).toEqual([COMMUNE, 'ap-1', 'ap-2']);
    await chairman.fill('Lý do', 'Không đúng với xã này');
    await chairman.press('Rút lại');
    await chairman.sees('Đã rút lại “Tin của xã bên”.');
    await chairman.sees('Chưa có bản tin nào được duyệt');
    const after = await now(made, 'province editor');
    expect([after.state, after.missing.map(({ areaId }) => areaId)]).toEqual(['approved', [COMMUNE]]);
  });

  it('shows what airs unapproved, takes leave for a series, and takes the leave back', async () => {
    const { controller, url } = station();
    const news = await handedIn('editor', { title: 'Bản tin sáng' });
    await controller.post('editor', 'schedules', {
      ...{ areaId: COMMUNE, title: 'Chương trình sáng', targets: { areas: [COMMUNE] } },
      content: { kind: 'announcement', announcementId: news.id },
      recurrence: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times: ['06:30'] },
    });
    const standing = async () =>
      (await controller.get<{ standing: StandingView[] }>('viewer', 'standing-approvals')).body.standing;
    // Until 06:30 today's counts too.
    const dueNow = async () =>
      (await controller.get<ApprovalsDue>('chairman', 'approvals/due')).body.due.length;
    await chairman.goTo(`${url}/approvals`);
    await chairman.press(`Sắp phát ${await dueNow()}`);
    await chairman.sees('Nếu không duyệt: im lặng.');
    await station().look(chairman, 'due', PHONE);
    await chairman.press('Theo loạt');
    await chairman.press('Cho phép một loạt');
    await chairman.sees('Không gồm: bản tin dài hơn');
    // Nothing is chosen for him.
    const chosen =
      "[...document.querySelectorAll('dialog select, dialog [type=date]')].map(({ value }) => value)";
    expect(await chairman.value(chosen)).toEqual(['', '']);
    const [series] = (await controller.get<{ schedules: ScheduleView[] }>('viewer', 'schedules')).body
      .schedules;
    await chairman.choose('Lịch phát', series?.id ?? '');
    await chairman.choose('Đến hết ngày', isoDay(Date.now() + 30 * 24 * 3_600_000));
    await station().look(chairman, 'standing-new', PHONE);
    await chairman.press('Xem lại trước khi cho phép');
    await chairman.sees('Loạt Chương trình sáng (xã Tân An)');
    await chairman.sees(`Ngày cuối ${dayOf(Date.now() + 30 * 24 * 3_600_000)}`);
    await station().look(chairman, 'standing-confirm', PHONE);
    expect(await standing()).toEqual([]);
    await chairman.press('Cho phép');
    await chairman.sees('Đã cho phép theo loạt “Chương trình sáng”.');
    await station().look(chairman, 'standing', PHONE);
    await chairman.press('Sắp phát');
    await chairman.sees('đều đã được duyệt');
    expect(await standing()).toMatchObject([{ by: 'le-van-tam', state: 'in_force' }]);

    // What it covers waits for nobody, and is to be read, listened to and refused all the same.
    await chairman.press('Chờ duyệt');
    await chairman.sees('Theo loạt “Chương trình sáng”, CHỦ TỊCH Lê Văn Tâm cho phép đến hết');
    await station().look(chairman, 'covered', PHONE);
    await chairman.press('Không duyệt: Bản tin sáng');
    await chairman.sees('Bản tin không phát nữa dù loạt đã được cho phép');
    await chairman.fill('Lý do', 'Sai tên người');
    await chairman.press('Không duyệt');
    await chairman.sees('Đã trả lại “Bản tin sáng”.');
    await chairman.until("!document.body.innerText.includes('Phát theo loạt đã cho phép')");
    expect(await now(news)).toMatchObject({ state: 'rejected', rejectedReason: 'Sai tên người' });

    await chairman.press('Theo loạt');
    await chairman.press('Thôi cho phép');
    await chairman.sees('Từ giờ mỗi bản phải được duyệt');
    await chairman.fill('Lý do', 'Đổi người soạn');
    await station().look(chairman, 'standing-revoke', PHONE);
    await chairman.press('Thôi cho phép');
    await chairman.sees('Đã thôi cho phép “Chương trình sáng”.');
    await chairman.press('Đã hết');
    await chairman.sees('Đổi người soạn');
    expect(await standing()).toMatchObject([{ state: 'ended', endedReason: 'Đổi người soạn' }]);
    await chairman.press(`Sắp phát ${await dueNow()}`);
    await chairman.sees('Bản tin sáng');
  });

  it('says at 20:00 how much of tomorrow is not approved, on whatever page, by one stream while the page is shown', async () => {
    const { controller, url } = station();
    await chairman.send('Page.addScriptToEvaluateOnNewDocument', {
      source: `window.streams = [];
        window.EventSource = class extends EventSource {
          constructor(...args) {
            super(...args);
            streams.push(this);
            // What is waited for is looked at whenever the page changes.
            this.addEventListener('open', () => document.documentElement.setAttribute('data-open', streams.length));
          }
        };`,
    });
    await chairman.goTo(`${url}/account`);
    await chairman.sees('le-van-tam');
    const open = 'streams.filter(({ readyState }) => readyState !== 2).length';
    await chairman.until('streams.some(({ readyState }) => readyState === 1)');
    expect(await chairman.value(open)).toBe(1);
    const shown = (state: string) =>
      chairman.value(`(Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }),
        document.dispatchEvent(new Event('visibilitychange')), ${open})`);
    expect(await shown('hidden')).toBe(0);
    // Told while nobody looks, it is heard when somebody does.
    const tomorrow = Date.now() + 24 * 3_600_000;
    const day = isoDay(tomorrow);
    const told = {
      id: `${COMMUNE} ${day}`,
      areaId: COMMUNE,
      day,
      count: 1,
      firstAt: tomorrow,
      targetAreas: [],
    };
    controller.context.services.events.publish('approval.due', told);
    expect(await shown('visible')).toBe(1);
    await chairman.sees(`Còn 1 lượt phát của ngày ${dayOf(tomorrow)} chưa được duyệt.`);
    await station().look(chairman, 'due-banner', PHONE);
    await chairman.press('Xem danh sách');
    await chairman.sees('Những gì sẽ phát từ nay đến hết ngày mai');
    await chairman.sees('Bản tin sáng');
    expect(await chairman.value(open)).toBe(1);
  });
});
