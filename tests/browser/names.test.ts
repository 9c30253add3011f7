import { expect, it } from 'vitest';
import type { AnnouncementView } from '#protocols';
import { describeWith } from '../helpers/requirements.ts';
import { COMMUNE } from '../integration/http/support.ts';
import { act, useStation } from './station.ts';

const SMALL = "[...document.querySelectorAll('dd .small.mono')].map(({ innerText }) => innerText)";

describeWith(['chromium'], 'what people are called', () => {
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
});
