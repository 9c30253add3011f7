import { beforeAll, expect, it } from 'vitest';
import type { EnrolmentView, SpeakerView } from '#protocols';
import { describeWith } from '../helpers/requirements.ts';
import type { Page } from './page.ts';
import { readQr } from './read-qr.ts';
import { useStation } from './station.ts';

const ID = 'loa-nha-van-hoa-ap-1';
const CODE = "document.querySelector('.code').innerText";

// One loudspeaker from its entry to its end.
describeWith(['chromium'], 'the page of loudspeakers', () => {
  const station = useStation();
  let technician: Page;

  const speaker = async () =>
    (await station().controller.get<SpeakerView>('technician', `speakers/${ID}`)).body;
  const enrolment = async () =>
    (
      await station().controller.get<{ enrolment: EnrolmentView | null }>(
        'technician',
        `speakers/${ID}/enrolment`,
      )
    ).body.enrolment;

  beforeAll(async () => {
    technician = await station().member('technician', 'Đỗ Văn Hải');
  });

  it('adds one and prints its sheet, whose QR code says what it says', async () => {
    await technician.press('Thêm cụm loa');
    await technician.fill('Tên cụm loa', 'Loa nhà văn hóa ấp 1');
    await technician.press('Tạo và lấy phiếu ghi danh');
    await technician.sees('Chưa chọn địa bàn.');
    await station().look(technician, 'speaker-new');
    await technician.choose('Địa bàn', 'ap-1');
    await technician.press('Tạo và lấy phiếu ghi danh');
    await technician.sees('Mã chỉ hiện một lần này');
    const code = await technician.value<string>(CODE);
    expect(code).toMatch(/^(\w{4}-){4}\w{4}$/);
    const said = new URLSearchParams((await readQr(technician)).split('?')[1]);
    expect([said.get('u'), said.get('s'), said.get('c')]).toEqual([
      station().url,
      ID,
      code.replaceAll('-', ''),
    ]);
    await station().look(technician, 'enrolment-sheet');
    await technician.send('Emulation.setEmulatedMedia', { media: 'print' });
    // What is printed is the sheet and nothing else.
    const printed = await technician.value<string>('document.body.innerText');
    expect(printed).toContain(code);
    expect(printed).not.toContain('In phiếu');
    expect(printed).not.toContain('Đăng xuất');
    await technician.picture('enrolment-print');
    await technician.send('Emulation.setEmulatedMedia', { media: '' });
    await technician.press('Đóng');
    await technician.sees('Chưa kết nối lần nào');
    await station().look(technician, 'speakers');
  });

  it('makes a new code in place of the one on a lost sheet, and voids it', async () => {
    await technician.press('Chi tiết: Loa nhà văn hóa ấp 1');
    await technician.sees('Mã đang chờ dùng');
    await station().look(technician, 'speaker');
    const lost = await enrolment();
    await technician.press('Tạo mã ghi danh mới');
    await technician.sees('Mã cũ bị hủy');
    await technician.press('Tạo mã ghi danh mới');
    await technician.sees('Mã chỉ hiện một lần này');
    const code = await technician.value<string>(CODE);
    expect(code).toMatch(/^(\w{4}-){4}\w{4}$/);
    const next = await enrolment();
    expect([lost?.state, next?.state]).toEqual(['pending', 'pending']);
    expect(next?.createdAt).toBeGreaterThan(lost?.createdAt ?? 0);
    await technician.press('Đóng');
    await technician.press('Chi tiết: Loa nhà văn hóa ấp 1');
    await technician.press('Hủy mã ghi danh');
    await technician.sees('Phiếu đã in sẽ không dùng được nữa');
    await technician.press('Hủy mã ghi danh');
    await technician.sees('Mã đã hủy');
    expect((await enrolment())?.state).toBe('void');
  });

  it('blocks one that was stolen, and lets it in again', async () => {
    await technician.press('Chặn cụm loa');
    await technician.fill('Lý do', 'Mất trộm đêm qua');
    await technician.press('Chặn cụm loa');
    await technician.sees('Đã chặn');
    expect((await speaker()).lifecycle).toBe('blocked');
    await technician.press('Bỏ chặn');
    await technician.fill('Lý do', 'Đã tìm lại được');
    await technician.press('Bỏ chặn');
    await technician.sees('Chưa kết nối lần nào');
    expect((await speaker()).lifecycle).toBe('enrolled');
  });

  it('retires one for ever', async () => {
    await technician.press('Thôi dùng vĩnh viễn');
    await technician.sees('Không làm lại được');
    await technician.fill('Lý do', 'Cháy, đã thay cụm khác');
    await station().look(technician, 'speaker-retire');
    await technician.press('Thôi dùng vĩnh viễn');
    await technician.sees('Đã thôi dùng');
    expect((await speaker()).lifecycle).toBe('retired');
    // Nothing is left to do with it.
    const buttons = "[...document.querySelectorAll('dialog .actions button')].length";
    expect(await technician.value(buttons)).toBe(0);
  });
});
