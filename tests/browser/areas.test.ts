import { beforeAll, expect, it } from 'vitest';
import type { AreaView, AuditEntryView } from '#protocols';
import { describeWith } from '../helpers/requirements.ts';
import { COMMUNE } from '../integration/http/support.ts';
import type { Page } from './page.ts';
import { useStation } from './station.ts';

// One administrator, one change after the other.
describeWith(['chromium'], 'the page of areas', () => {
  const station = useStation();
  let admin: Page;

  const area = async (id: string) =>
    (await station().controller.get<AreaView>('administrator', `areas/${id}`)).body;
  const changes = async () => {
    const path = 'audit?action=area.change';
    const { body } = await station().controller.get<{ entries: AuditEntryView[] }>('administrator', path);
    return body.entries.filter(({ actor }) => actor === 'nguyen-thi-hanh');
  };
  const tree = () => admin.value<string>("document.querySelector('.tree').innerText.replace(/\\s+/g, ' ')");

  beforeAll(async () => {
    await station().controller.speaker('loa-1', 'ap-1');
    admin = (await station().administrator('Nguyễn Thị Hạnh')).page;
  });

  it('shows the tree, and which of it are communes', async () => {
    await admin.press('Địa bàn');
    await admin.sees('Cây địa bàn của bạn');
    await admin.until("document.querySelector('.tree .tree') !== null");
    expect(await tree()).toBe('xã Tân An Cấp xã Sửa ấp ap-1 Sửa ấp ap-2 Sửa');
    await station().look(admin, 'areas');
  });

  it('renames one and says that it is of another kind, after saying what that changes', async () => {
    await admin.press('Sửa ấp ap-1');
    await admin.choose('Loại', 'tổ dân phố');
    await admin.fill('Tên địa bàn', 'Số 1');
    await station().look(admin, 'area-edit');
    await admin.press('Xem lại trước khi lưu');
    await admin.sees('Đang là ấp ap-1 Đổi thành tổ dân phố Số 1');
    await admin.sees('Những gì đã phát trước đây vẫn ghi tên cũ');
    await admin.sees('Quy định hai người khi phát khẩn cấp không đổi.');
    await station().look(admin, 'area-confirm');
    expect(await changes()).toEqual([]);
    await admin.press('Lưu');
    await admin.sees('Đã lưu “tổ dân phố Số 1”.');
    await admin.until("document.querySelector('.tree').innerText.includes('tổ dân phố Số 1')");
    expect(await area('ap-1')).toMatchObject({ kind: 'tổ dân phố', name: 'Số 1', level: 'inside' });
    const [change] = await changes();
    expect([change?.before, change?.after].map((text) => JSON.parse(text ?? ''))).toEqual([
      { kind: 'ấp', name: 'ap-1' },
      { kind: 'tổ dân phố', name: 'Số 1' },
    ]);
  });

  it('says that two persons are asked for no more where nothing is a commune any more, and again', async () => {
    await admin.press('Sửa xã Tân An');
    await admin.choose('Loại', '');
    await admin.fill('Tên loại', 'vùng');
    await admin.press('Xem lại trước khi lưu');
    await admin.sees('phát khẩn cấp nhiều nơi thì một lãnh đạo quyết định cũng đủ');
    await station().look(admin, 'area-no-commune');
    await admin.press('Quay lại');
    await admin.sees('Xã, phường, thị trấn và đặc khu được tính là cấp xã');
    await admin.press('Xem lại trước khi lưu');
    await admin.press('Lưu');
    await admin.sees('Đã lưu “vùng Tân An”.');
    await admin.sees('Có cụm loa ở nơi không thuộc xã, phường, thị trấn hay đặc khu nào');
    await admin.until("!document.querySelector('.tree').innerText.includes('Cấp xã')");
    await station().look(admin, 'areas-no-commune');
    // From where it is told elsewhere one comes here.
    await admin.press('Cụm loa');
    await admin.press('Sửa loại địa bàn');
    await admin.press('Sửa vùng Tân An');
    await admin.choose('Loại', 'phường');
    await admin.press('Xem lại trước khi lưu');
    await admin.sees(
      '“phường Tân An” được tính là một xã: phát khẩn cấp chỉ ở trong đó thì một lãnh đạo quyết định là đủ',
    );
    await admin.press('Lưu');
    await admin.sees('Đã lưu “phường Tân An”.');
    await admin.until("!document.body.innerText.includes('Có cụm loa ở nơi không thuộc')");
    await admin.until("document.querySelector('.station').innerText.includes('phường')");
    expect(await area(COMMUNE)).toMatchObject({ kind: 'phường', level: 'commune' });
  });

  it('sends the same once more after the line was cut, and something else where it was changed', async () => {
    const before = (await changes()).length;
    // What is asked for reaches the controller; its answer does not come back.
    await admin.value(`(window.keys = [], window.cut = true, window.fetch = ((real) => async (path, init) => {
      const answer = await real(path, init);
      const key = init?.headers['idempotency-key'];
      if (key !== undefined) keys.push(key);
      if (key !== undefined && cut) throw new TypeError('cut');
      return answer;
    })(window.fetch), true)`);
    await admin.press('Sửa ấp ap-2');
    await admin.fill('Tên địa bàn', 'Hai B');
    await admin.press('Xem lại trước khi lưu');
    await admin.press('Lưu');
    await admin.sees('Không kết nối được');
    await admin.press('Lưu');
    await admin.until('keys.length === 2');
    await admin.sees('Không kết nối được');
    expect((await changes()).length).toBe(before + 1);
    await admin.press('Quay lại');
    await admin.fill('Tên địa bàn', 'Hai');
    await admin.value('(window.cut = false, true)');
    await admin.press('Xem lại trước khi lưu');
    await admin.press('Lưu');
    await admin.sees('Đã lưu “ấp Hai”.');
    const [first, again, other] = await admin.value<string[]>('keys');
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect((await changes()).length).toBe(before + 2);
    expect(await area('ap-2')).toMatchObject({ name: 'Hai' });
  });
});
