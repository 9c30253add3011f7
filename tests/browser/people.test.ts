import { expect, it } from 'vitest';
import type { AccountView, SessionView } from '#protocols';
import { suggestedName } from '../../server/console/ui/login-name.ts';
import { describeWith } from '../helpers/requirements.ts';
import type { Page } from './page.ts';
import { readQr } from './read-qr.ts';
import { PASSWORD, PHONE, useStation } from './station.ts';

const NEW_PASSWORD = 'bến đò ngang vắng khách';

// One commune, one story: each test goes on where the one before stopped.
describeWith(['chromium'], 'the page of people', () => {
  const station = useStation();
  let admin: Page;
  let editor: Page;

  /** Whether the person of this page is still logged in. */
  const holds = async (page: Page) =>
    (await page.value<number>("fetch('/api/v1/session').then(({ status }) => status)")) === 200;
  const account = async (name: string) => {
    const path = 'accounts?deactivated=true';
    const { body } = await station().controller.get<{ accounts: AccountView[] }>('administrator', path);
    return body.accounts.find((one) => one.name === name);
  };
  /** Invites a person as the administrator does; the link that comes of it. */
  const invite = async (displayName: string, role: string) => {
    await admin.press('Người dùng');
    await admin.press('Mời người mới');
    await admin.fill('Họ và tên', displayName);
    await admin.choose('Vai trò', role);
    await admin.fill('Địa chỉ thư điện tử', role === 'chairman' ? 'tam@xa.test' : '');
    await station().look(admin, 'invite');
    // No area is chosen for anybody: a slip would give away all of them.
    await admin.press('Tạo lời mời');
    await admin.sees('Chưa chọn địa bàn.');
    await admin.until("document.activeElement?.labels?.[0]?.textContent === 'Địa bàn'");
    await station().look(admin, 'invite-unplaced');
    expect(await account(suggestedName(displayName))).toBeUndefined();
    await admin.choose('Địa bàn', 'tan-an');
    await admin.until("!document.body.innerText.includes('Chưa chọn địa bàn')");
    await admin.press('Tạo lời mời');
    await admin.sees('Liên kết chỉ hiện một lần này');
    const link = await readQr(admin);
    expect(link).toBe(await admin.value("document.querySelector('.secret').innerText"));
    return link;
  };

  it('invites an editor, who chooses a password', async () => {
    admin = (await station().administrator('Nguyễn Thị Hạnh')).page;
    const link = await invite('Trần Văn Bình', 'editor');
    await station().look(admin, 'invitation');
    await admin.press('Đóng');
    editor = await station().person(PHONE);
    await editor.goTo(link);
    await editor.sees('Chào Trần Văn Bình');
    await station().look(editor, 'welcome', PHONE);
    await editor.fill('Mật khẩu mới', PASSWORD);
    await editor.press('Đặt mật khẩu và vào');
    await editor.sees('Mọi thứ sẽ phát đến hết ngày mai đều đã được duyệt');
    // The link works once, and says no more than that it does not.
    await editor.goTo(link);
    await editor.sees('Liên kết đã dùng, đã hết hạn hoặc không đúng');
    await editor.goTo(`${station().url}/`);
  });

  it('lets the chairman in on his phone by a QR code', async () => {
    await invite('Lê Văn Tâm', 'chairman');
    expect(await account('le-van-tam')).toMatchObject({ email: 'tam@xa.test' });
    await admin.press('Đóng');
    await admin.press('Quản lý: Lê Văn Tâm');
    await admin.press('Ghép điện thoại');
    await admin.sees('Lê Văn Tâm: mở máy ảnh điện thoại và quét');
    const link = await readQr(admin);
    await station().look(admin, 'pairing');
    const chairman = await station().person(PHONE);
    await chairman.goTo(link);
    await chairman.sees('Chào Lê Văn Tâm');
    await chairman.press('Đăng nhập');
    await chairman.sees('Không có bản tin nào chờ bạn duyệt');
    await admin.sees('Điện thoại đã đăng nhập');
    await admin.press('Đóng');
    await admin.until("!document.body.innerText.includes('Chưa nhận lời mời')");
    await station().look(admin, 'people');
  });

  it('pairs a phone by a clerk’s QR code with the person’s own proof alone', async () => {
    await station().member('viewer', 'Phạm Thị Lan');
    await editor.goTo(`${station().url}/pairing`);
    await editor.fill('Tên đăng nhập của người đó', 'pham-thi-lan');
    await station().look(editor, 'pairing-ask', PHONE);
    await editor.press('Mở mã QR');
    await editor.sees('Sau khi quét, người đó nhập mật khẩu');
    await editor.sees('Phạm Thị Lan: mở máy ảnh điện thoại và quét');
    const phone = await station().person(PHONE);
    await phone.goTo(await readQr(editor));
    await phone.sees('Mã QR do người khác mở giúp');
    await phone.fill('Mật khẩu của bạn', 'sai mật khẩu này rồi');
    await phone.press('Đăng nhập');
    await phone.sees('Tên, mật khẩu hoặc mã chưa đúng');
    await station().look(phone, 'pairing-proof', PHONE);
    await phone.fill('Mật khẩu của bạn', PASSWORD);
    await phone.press('Đăng nhập');
    await phone.sees('cụm loa');
    await editor.sees('Điện thoại đã đăng nhập.');
    await editor.press('Đóng');
    const session = await phone.value<SessionView>(
      "fetch('/api/v1/session').then((answer) => answer.json())",
    );
    expect(session).toMatchObject({ account: { name: 'pham-thi-lan' }, kind: 'phone' });
    expect(session.notices.at(-1)).toMatchObject({ kind: 'phone_paired', by: 'tran-van-binh' });
  });

  it('changes what somebody may do, and where', async () => {
    await admin.press('Quản lý: Trần Văn Bình');
    await station().look(admin, 'person');
    await admin.press('Sửa thông tin, vai trò');
    await admin.choose('Vai trò', 'technician');
    await admin.press('Thêm vai trò');
    // Told where it is entered that nothing is sent, as long as nobody set a mail server.
    await admin.sees('Máy chủ này chưa được cài đặt để gửi thư');
    await admin.fill('Địa chỉ thư điện tử', 'binh@xa.test');
    await admin.press('Lưu');
    await admin.sees('Chưa chọn địa bàn.');
    await station().look(admin, 'person-change');
    expect((await account('tran-van-binh'))?.grants).toMatchObject([{ role: 'editor' }]);
    await admin.value("window.loa.set([...document.querySelectorAll('dialog select')].at(-1), 'tan-an')");
    await admin.press('Lưu');
    await admin.sees('Kỹ thuật viên: xã Tân An');
    expect((await account('tran-van-binh'))?.grants).toMatchObject([
      { role: 'technician', areas: ['tan-an'] },
      { role: 'viewer', areas: ['tan-an'] },
    ]);
    await admin.sees('binh@xa.test');
    expect(await account('tran-van-binh')).toMatchObject({ email: 'binh@xa.test' });
    // What another administrator changes while the form is open stays, where nobody touches it here.
    const elsewhere = async (body: object) => {
      const changed = await station().controller.call('administrator', 'PATCH', 'accounts/tran-van-binh', {
        body,
      });
      expect(changed.status).toBe(200);
    };
    await admin.press('Sửa thông tin, vai trò');
    await elsewhere({ email: 'binh@tinh.test' });
    await admin.fill('Họ và tên', 'Trần Văn Bình (đài)');
    await admin.press('Lưu');
    await admin.sees('binh@tinh.test');
    expect(await account('tran-van-binh')).toMatchObject({
      ...{ displayName: 'Trần Văn Bình (đài)', email: 'binh@tinh.test' },
      grants: [{ role: 'technician' }, { role: 'viewer' }],
    });
    // Roles go as one list: one that was taken away elsewhere does not come back with another one.
    const role = (name: string, area: string) => ({ role: name, areas: [area] });
    await admin.press('Sửa thông tin, vai trò');
    await elsewhere({ displayName: 'Trần Văn Bình', grants: [role('technician', 'tan-an')] });
    await admin.choose('Vai trò', 'editor');
    await admin.press('Lưu');
    await admin.sees('có người khác đã đổi vai trò của “tran-van-binh”');
    expect((await account('tran-van-binh'))?.grants).toMatchObject([role('technician', 'tan-an')]);
    await admin.press('Đóng');
    // The form that is opened anew shows what is there now.
    await admin.until("!document.querySelector('dialog').innerText.includes('Người xem')");
    await admin.press('Sửa thông tin, vai trò');
    await admin.press('Thêm vai trò');
    await admin.value("window.loa.set([...document.querySelectorAll('dialog select')].at(-1), 'tan-an')");
    await admin.press('Lưu');
    await admin.sees('Người xem: xã Tân An');
    expect((await account('tran-van-binh'))?.grants).toMatchObject([
      ...[role('technician', 'tan-an'), role('viewer', 'tan-an')],
    ]);
    await admin.press('Đóng');
    // What was taken is gone with the next request.
    await editor.goTo(`${station().url}/approvals`);
    await editor.sees('Không có trang này');
    await editor.goTo(`${station().url}/account`);
    await editor.sees('Vai trò của tài khoản đã thay đổi');
    await editor.sees('Địa chỉ thư nhận thông báo đã thay đổi, bởi Nguyễn Thị Hạnh');
  });

  it('makes a link by which a password is set anew, and ends what was logged in with the old one', async () => {
    await admin.press('Quản lý: Trần Văn Bình');
    await admin.press('Đặt lại mật khẩu');
    await admin.fill('Lý do', 'Quên mật khẩu');
    await station().look(admin, 'reset');
    await admin.press('Tạo liên kết');
    await admin.sees('Liên kết cho Trần Văn Bình');
    const link = await readQr(admin);
    await admin.press('Đóng');
    expect(await holds(editor)).toBe(true);
    const again = await station().person();
    await again.goTo(link);
    await again.sees('Chọn mật khẩu mới. Mọi nơi đang đăng nhập bằng tài khoản này sẽ bị đăng xuất.');
    await again.fill('Mật khẩu mới', NEW_PASSWORD);
    await again.press('Đặt mật khẩu và vào');
    await again.sees('Cụm loa');
    expect([await holds(editor), await holds(again)]).toEqual([false, true]);
    editor = again;
  });

  it('logs a person out everywhere who lost a phone', async () => {
    await admin.press('Quản lý: Trần Văn Bình');
    await admin.press('Đăng xuất ở mọi nơi');
    await admin.fill('Lý do', 'Mất điện thoại');
    await station().look(admin, 'end-sessions');
    await admin.press('Đăng xuất ở mọi nơi');
    await admin.sees('Sửa thông tin, vai trò');
    await admin.press('Đóng');
    expect(await holds(editor)).toBe(false);
    expect(await account('tran-van-binh')).toMatchObject({ deactivatedAt: null });
  });

  it('deactivates a person at once, and lets him in again', async () => {
    await admin.press('Quản lý: Trần Văn Bình');
    await admin.press('Ngừng tài khoản');
    await admin.sees('bị đăng xuất ở mọi nơi ngay lập tức');
    await admin.fill('Lý do', 'Chuyển công tác');
    await station().look(admin, 'deactivate');
    await admin.press('Ngừng tài khoản');
    await admin.until("!document.body.innerText.includes('Trần Văn Bình')");
    expect(await account('tran-van-binh')).toMatchObject({ deactivatedAt: expect.any(Number) });
    expect(await holds(editor)).toBe(false);
    await admin.tick('Hiện cả tài khoản đã ngừng');
    await admin.sees('Đã ngừng');
    await admin.press('Quản lý: Trần Văn Bình');
    await admin.press('Mở lại tài khoản');
    await admin.fill('Lý do', 'Về lại');
    await admin.press('Mở lại tài khoản');
    await admin.sees('Sửa thông tin, vai trò');
    await admin.press('Đóng');
    await admin.until("!document.body.innerText.includes('Đã ngừng')");
    expect(await account('tran-van-binh')).toMatchObject({ deactivatedAt: null });
  });

  it('gives the only area there is to who has no other', async () => {
    const { page } = await station().administrator('Đặng Thị Hoa', Date.now(), ['ap-1']);
    await page.press('Người dùng');
    await page.press('Mời người mới');
    await page.fill('Họ và tên', 'Võ Văn Út');
    expect(await page.value("window.loa.find('field', 'Địa bàn').value")).toBe('ap-1');
    await page.press('Tạo lời mời');
    await page.sees('Liên kết chỉ hiện một lần này');
    expect((await account('vo-van-ut'))?.grants).toMatchObject([{ role: 'editor', areas: ['ap-1'] }]);
  });
});
