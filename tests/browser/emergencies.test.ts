import { beforeAll, expect, it } from 'vitest';
import type { AnnouncementView, EmergencyOutcome, EmergencyView } from '#protocols';
import { medium } from '../contract/storage/samples.ts';
import { describeWith } from '../helpers/requirements.ts';
import { COMMUNE, ELSEWHERE } from '../integration/http/support.ts';
import type { Page } from './page.ts';
import { act, PHONE, useStation } from './station.ts';

const WIDE = { areas: [COMMUNE, ELSEWHERE] };

// The leader of both communes with a phone: each test goes on where the one before stopped.
describeWith(['chromium'], 'the page of emergencies', () => {
  const station = useStation();
  let leader: Page;

  const written = async (title: string): Promise<AnnouncementView> => {
    const { controller } = station();
    const audio = medium({ durationMs: 20_000, bytes: 200_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(audio));
    const wanted = { areaId: COMMUNE, title, priority: 'emergency', mediaSha256: audio.sha256 };
    return (await controller.post<AnnouncementView>('editor', 'announcements', wanted)).body;
  };
  /** Asked for by another person for both communes; it waits for a second one. */
  const asked = async (title: string, targets: object = WIDE): Promise<EmergencyView> => {
    const { id: announcementId, approvalHash: sha256 } = await written(title);
    const wish = { announcementId, sha256, targets };
    const { body } = await station().controller.post<EmergencyOutcome>(
      'province editor',
      'emergencies',
      wish,
    );
    return body.emergency;
  };
  const state = async ({ id }: EmergencyView) => {
    const { body } = await station().controller.get<{ emergencies: EmergencyView[] }>(
      'province chairman',
      'emergencies',
    );
    return body.emergencies.find((one) => one.id === id);
  };

  beforeAll(async () => {
    const { controller } = station();
    await controller.speaker('loa-1', 'ap-1');
    await controller.post('other technician', 'speakers', { id: 'loa-9', areaId: ELSEWHERE, name: 'Loa 9' });
    leader = await station().member('chairman', 'Lê Văn Tâm', { areas: WIDE.areas, width: PHONE });
  });

  it('lets a second person confirm one, after reading what it says', async () => {
    await leader.sees('Không có bản tin nào chờ bạn duyệt');
    // The page is told: it does not ask so soon again by itself.
    const waiting = await asked('Xả lũ hồ chứa', { ...WIDE, excludeAreas: ['ap-2'] });
    await leader.sees('Có bản tin khẩn cấp đang chờ người thứ hai xác nhận.');
    await leader.press('Xem ngay');
    await leader.sees('Người yêu cầu province editor');
    await leader.sees(', trừ ấp ap-2');
    await station().look(leader, 'emergency', PHONE);
    await leader.press('Xác nhận, phát ngay');
    await leader.sees('át mọi chương trình khác');
    await leader.sees(', trừ ấp ap-2.');
    await station().look(leader, 'emergency-confirm', PHONE);
    await leader.press('Xác nhận, phát ngay');
    await leader.sees('Đã xác nhận “Xả lũ hồ chứa”: đang phát.');
    expect(await state(waiting)).toMatchObject({ state: 'aired', decidedBy: 'le-van-tam' });
  });

  it('lets a second person drop one, with the reason', async () => {
    const waiting = await asked('Vỡ đê bao');
    // Handed in as well: an approval would not send it out, so none is offered.
    await station().controller.post('editor', `announcements/${waiting.announcementId}/submit`, {});
    await leader.goTo(`${station().url}/approvals`);
    await leader.sees('Duyệt ở đây không làm nó phát');
    expect(await leader.value('document.body.innerText')).not.toContain('Duyệt cho phát');
    await leader.press('Đến mục Khẩn cấp');
    await leader.press('Không phát');
    await leader.fill('Lý do', 'Đã kiểm tra, đê không vỡ');
    await station().look(leader, 'emergency-drop', PHONE);
    await leader.press('Không phát');
    await leader.sees('Đã bỏ yêu cầu “Vỡ đê bao”.');
    await leader.sees('Không có bản tin khẩn cấp nào chờ xác nhận');
    expect(await state(waiting)).toMatchObject({ state: 'dropped', decidedBy: 'le-van-tam' });
    await station().controller.post('editor', `announcements/${waiting.announcementId}/withdraw`, {});
  });

  it('lets her approve it first where a "no" of hers stands in its way', async () => {
    const { controller, url } = station();
    const waiting = await asked('Sạt lở bờ sông');
    const path = `announcements/${waiting.announcementId}`;
    await controller.post('editor', `${path}/submit`, {});
    await leader.value(act(`${path}/reject`, { reason: 'Chưa rõ đoạn nào' }));
    await controller.post('editor', `${path}/submit`, {});
    await leader.goTo(`${url}/approvals`);
    await leader.sees('trước đó đã có người trả lời không duyệt');
    await station().look(leader, 'emergency-refused', PHONE);
    await leader.press('Duyệt cho phát');
    await leader.sees('Đọc và nghe xong rồi mới duyệt');
    await leader.press('Duyệt cho phát');
    await leader.sees('Đã duyệt “Sạt lở bờ sông”.');
    await leader.goTo(`${url}/approvals?part=emergencies`);
    await leader.press('Xác nhận, phát ngay');
    await leader.sees('át mọi chương trình khác');
    await leader.press('Xác nhận, phát ngay');
    await leader.sees('Đã xác nhận “Sạt lở bờ sông”: đang phát.');
  });

  it('does not let the one who asked answer', async () => {
    const { id: announcementId, approvalHash: sha256 } = await written('Cháy rừng');
    await leader.value(act('emergencies', { announcementId, sha256, targets: WIDE }));
    await leader.goTo(`${station().url}/approvals`);
    // All lists are there: a count that comes in later moves the tabs.
    await leader.sees('Không có bản tin nào chờ bạn duyệt');
    await leader.press('Khẩn cấp 1');
    await leader.sees('Bạn là người yêu cầu, nên phải có người khác xác nhận.');
    expect(await leader.value('document.body.innerText')).not.toContain('Xác nhận, phát ngay');
  });

  it('has somebody review what one person sent out alone', async () => {
    const editor = await station().member('editor', 'Trần Văn Bình');
    const { id: announcementId, approvalHash: sha256 } = await written('Nước tràn bờ');
    // The editor breaks the glass: at once, alone, with a reason.
    const breakGlass = { reason: 'Nước tràn đê, không gọi được Chủ tịch' };
    const wish = { announcementId, sha256, targets: { areas: [COMMUNE] }, breakGlass };
    expect(await editor.value(act('emergencies', wish))).toMatchObject({ emergency: { state: 'aired' } });
    await leader.goTo(`${station().url}/approvals`);
    // All lists are there: a count that comes in later moves the tabs.
    await leader.sees('Không có bản tin nào chờ bạn duyệt');
    await leader.press('Khẩn cấp 2');
    await leader.sees('Nước tràn đê, không gọi được Chủ tịch');
    await station().look(leader, 'review', PHONE);
    await leader.press('Ghi nhận xét');
    await leader.fill('Nhận xét', 'Đúng quy trình');
    await leader.press('Ghi nhận xét');
    await leader.sees('Đã ghi nhận xét về “Nước tràn bờ”.');
    await leader.sees('CHỦ TỊCH Lê Văn Tâm: phát đúng. Đúng quy trình');
  });

  it('says where no area is called a commune, and what to do', async () => {
    const { controller, url } = station();
    for (const [who, id] of [
      ['administrator', COMMUNE],
      ['other administrator', ELSEWHERE],
    ] as const)
      await controller.call(who, 'PATCH', `areas/${id}`, { body: { kind: 'vùng' } });
    await leader.goTo(`${url}/approvals?part=emergencies`);
    await leader.sees('Chưa địa bàn nào được ghi là xã, phường, thị trấn hay đặc khu');
    await station().look(leader, 'emergency-no-commune', PHONE);
    await controller.call('other administrator', 'PATCH', `areas/${ELSEWHERE}`, { body: { kind: 'xã' } });
    await leader.goTo(`${url}/speakers`);
    await leader.sees('Có cụm loa ở nơi không thuộc xã, phường, thị trấn hay đặc khu nào: ấp ap-1.');
    await station().look(leader, 'speakers-no-commune', PHONE);
  });
});
