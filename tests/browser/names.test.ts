import { expect, it } from 'vitest';
import type { AnnouncementView } from '#protocols';
import { describeWith } from '../helpers/requirements.ts';
import { COMMUNE, ELSEWHERE } from '../integration/http/support.ts';
import { act, useStation } from './station.ts';

const SMALL = "[...document.querySelectorAll('dd .small.mono')].map(({ innerText }) => innerText)";

describeWith(['chromium'], 'what people and stations are called', () => {
  const station = useStation();

  it('calls who wrote something by name, and tells two of one name apart', async () => {
    const { controller } = station();
    const editor = await station().member('editor', 'Trần Thị Bích');
    const audio = { mediaSha256: (await controller.approved()).sha256 };
    const written = async (title: string) => {
      const wanted = { areaId: COMMUNE, title, text: 'Lời', recordedBy: 'chairman', ...audio };
      const { id } = await editor.value<AnnouncementView>(act('announcements', wanted));
      await editor.value(act(`announcements/${id}/submit`, {}));
    };
    await written('Họp dân');
    const chairman = await station().member('chairman', 'Lê Văn Tâm');
    await chairman.sees('Người soạn Trần Thị Bích Giọng của chairman');
    expect(await chairman.value(SMALL)).toEqual([]);
    const other = {
      name: 'bich-2',
      displayName: 'trần thị  bích',
      grants: [{ role: 'viewer', areas: [COMMUNE] }],
    };
    await controller.post('administrator', 'accounts', other);
    await chairman.goTo(`${station().url}/approvals`);
    await chairman.sees('Người soạn Trần Thị Bích (tran-thi-bich)');
    expect(await chairman.value(SMALL)).toEqual(['(tran-thi-bich)']);
    await station().look(chairman, 'namesake');
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Người soạn Trần Thị Bích (tran-thi-bich)');
  });

  it('shows each reader the own station', async () => {
    const { controller } = station();
    const province = { id: 'tinh', parentId: null, kind: 'tỉnh', name: 'Đồng Nai', zone: null, policy: null };
    const { storage, services } = controller.context;
    await storage.transaction(async (tx) => {
      await tx.areas.insert({ ...province, createdAt: 0, retiredAt: null });
      for (const area of await tx.areas.all())
        if (area.id === COMMUNE || area.id === ELSEWHERE)
          await tx.areas.update({ ...area, parentId: 'tinh' }, services.clock.now());
    });
    services.areaDirectory.load(await storage.read.areas.all());
    const heading = async (displayName: string, areas: readonly string[]) => {
      const page = await station().member('viewer', displayName, { areas });
      await page.sees('Đài truyền thanh');
      await page.until(
        "document.title !== '' && document.querySelector('.station').innerText === document.title",
      );
      return (await page.value<string>('document.title')).replace(/\s+/g, ' ');
    };
    expect(await heading('Người Ở Ấp', ['ap-1', 'ap-2'])).toBe('Đài truyền thanh xã Tân An');
    expect(await heading('Người Ở Xã', [ELSEWHERE])).toBe('Đài truyền thanh xã Nơi khác');
    expect(await heading('Người Hai Xã', [COMMUNE, ELSEWHERE])).toBe(
      'Đài truyền thanh xã Tân An, xã Nơi khác',
    );
  });

  it('prints the sheet of a loudspeaker with the station that it belongs to', async () => {
    const technician = await station().member('technician', 'Đỗ Văn Hải', { areas: [COMMUNE, ELSEWHERE] });
    await technician.press('Thêm cụm loa');
    await technician.fill('Tên cụm loa', 'Loa đầu ấp 1');
    await technician.choose('Địa bàn', 'ap-1');
    await technician.press('Tạo và lấy phiếu ghi danh');
    await technician.sees('Mã chỉ hiện một lần này');
    const sheet = await technician.value<string>("document.querySelector('.sheet p').innerText");
    expect(sheet.replace(/\s+/g, ' ')).toBe('Đài truyền thanh xã Tân An');
    await station().look(technician, 'sheet-of-commune');
  });
});
