import { expect, it } from 'vitest';
import type { AnnouncementView, EmergencyOutcome, ScheduleView } from '#protocols';
import { dayOf, endOfDay, isoDay } from '../../server/console/ui/format.ts';
import { medium } from '../contract/storage/samples.ts';
import { describeWith } from '../helpers/requirements.ts';
import { COMMUNE, type Who } from '../integration/http/support.ts';
import type { Page } from './page.ts';
import { act, PHONE, useStation } from './station.ts';

const SIGNED = 'KT. CHỦ TỊCH · PHÓ CHỦ TỊCH Nguyễn Thị Thu Hương';
const DAY_MS = 24 * 3_600_000;

// The deputy with her phone: each test goes on where the one before stopped.
describeWith(['chromium'], 'what a deputy signs for the chairman', () => {
  const station = useStation();
  const until = endOfDay(isoDay(Date.now() + 9 * DAY_MS));
  let deputy: Page;

  const written = async (wanted: object): Promise<AnnouncementView> => {
    const { controller } = station();
    const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(audio));
    const body = { areaId: COMMUNE, mediaSha256: audio.sha256, ...wanted };
    return (await controller.post<AnnouncementView>('editor', 'announcements', body)).body;
  };
  const handedIn = async (title: string): Promise<AnnouncementView> => {
    const { id } = await written({ title });
    return (await station().controller.post<AnnouncementView>('editor', `announcements/${id}/submit`, {}))
      .body;
  };
  const approves = async (who: Who, { id, approvalHash: sha256 }: AnnouncementView, areas: string[]) =>
    station().controller.post(who, `announcements/${id}/approve`, { sha256, areas });

  it('greets her with where and until when, and names her so under what she approves', async () => {
    const { url } = station();
    deputy = await station().member('deputy', 'Nguyễn Thị Thu Hương', { until, width: PHONE });
    await deputy.sees('Xin chào Nguyễn Thị Thu Hương.');
    await deputy.sees(
      `Bạn ký thay Chủ tịch (KT. CHỦ TỊCH) ở xã Tân An đến hết ${dayOf(Date.now() + 9 * DAY_MS)}.`,
    );
    const both = await handedIn('Lịch họp dân');
    await approves('ap-1 chairman', both, ['ap-1']);
    await deputy.goTo(`${url}/approvals`);
    // What waits says who has decided elsewhere.
    await deputy.sees('ấp ap-1: CHỦ TỊCH ap-1 chairman duyệt');
    await deputy.press('Duyệt cho phát');
    await deputy.sees('Đọc và nghe xong rồi mới duyệt');
    await deputy.press('Duyệt cho phát');
    await deputy.sees('Đã duyệt “Lịch họp dân”.');
    await deputy.press('Đã duyệt');
    await deputy.sees(`xã Tân An: ${SIGNED} duyệt`);
    await station().look(deputy, 'deputy-approved', PHONE);
  });

  it('names her so under a leave for a series, when it is given and when it ends', async () => {
    const { controller, url } = station();
    const news = await handedIn('Bản tin sáng');
    const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', {
      ...{ areaId: COMMUNE, title: 'Chương trình sáng', targets: { areas: [COMMUNE] } },
      content: { kind: 'announcement', announcementId: news.id },
      recurrence: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times: ['06:30'] },
    });
    const leave = { expiresAt: Date.now() + 30 * DAY_MS, maxMinutes: 30 };
    await deputy.value(act(`schedules/${schedule.id}/standing-approval`, leave));
    await deputy.goTo(`${url}/approvals?part=standing`);
    await deputy.sees(`Người cho phép ${SIGNED}`);
    await deputy.press('Thôi cho phép');
    await deputy.fill('Lý do', 'Chủ tịch đã về');
    await deputy.press('Thôi cho phép');
    await deputy.press('Đã hết');
    await deputy.sees(`${SIGNED}, `);
    await station().look(deputy, 'deputy-standing', PHONE);
  });

  it('names her so under an emergency that she reviewed, and in the audit log', async () => {
    const { controller, url } = station();
    await controller.speaker('loa-1', 'ap-1');
    const { id: announcementId, approvalHash: sha256 } = await written({
      ...{ title: 'Nước tràn bờ', priority: 'emergency' },
    });
    const breakGlass = { reason: 'Nước tràn đê, không gọi được Chủ tịch' };
    const wish = { announcementId, sha256, targets: { areas: [COMMUNE] }, breakGlass };
    const { body } = await controller.post<EmergencyOutcome>('editor', 'emergencies', wish);
    await deputy.value(
      act(`reviews/${body.emergency.id}/resolve`, { justified: true, note: 'Đúng quy trình' }),
    );
    await deputy.goTo(`${url}/approvals?part=emergencies`);
    await deputy.sees(`${SIGNED}: phát đúng. Đúng quy trình`);
    await station().look(deputy, 'deputy-review', PHONE);
    await deputy.goTo(`${url}/audit`);
    await deputy.sees(SIGNED);
    await deputy.choose('Việc làm', 'standing.end');
    await deputy.until("document.querySelectorAll('tbody tr').length === 1");
    await deputy.sees(`${SIGNED} nguyen-thi-thu-huong`);
    await station().look(deputy, 'deputy-audit', PHONE);
  });

  it('tells her no more than is so once it has ended, and takes no word of hers any more', async () => {
    const { controller, url } = station();
    const waiting = await handedIn('Tin chưa ai duyệt');
    await deputy.goTo(`${url}/account`);
    await deputy.sees('Bạn ký thay Chủ tịch');
    const ends = { role: 'deputy', areas: [COMMUNE], until: Date.now() + 5_000 };
    await controller.call('province administrator', 'PATCH', 'accounts/nguyen-thi-thu-huong', {
      body: { grants: [{ role: 'viewer', areas: [COMMUNE] }, ends] },
    });
    await deputy.goTo(`${url}/account`);
    await deputy.sees('nguyen-thi-thu-huong');
    await deputy.until("!document.body.innerText.includes('Bạn ký thay Chủ tịch')");
    await deputy.until("!document.querySelector('nav').textContent.includes('Duyệt bản tin')");
    const { approvalHash: sha256 } = waiting;
    expect(await deputy.value(act(`announcements/${waiting.id}/approve`, { sha256 }))).toMatchObject({
      error: { code: 'request.forbidden' },
    });
  });
});
