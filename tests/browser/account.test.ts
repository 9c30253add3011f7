import { beforeAll, expect, it } from 'vitest';
import type { SessionView } from '#protocols';
import { FakeClock } from '../helpers/fake-clock.ts';
import { describeWith } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';
import type { Page } from './page.ts';
import { codeOf, PASSWORD, useStation } from './station.ts';

const HOUR_MS = 3_600_000;

// One administrator, logged in and out again.
describeWith(['chromium'], 'the pages of the own account', () => {
  const clock = new FakeClock();
  const station = useStation(() => ({ clock }));
  let admin: Page;
  let secret: string;
  let recoveryCodes: string[];

  const session = (page: Page) =>
    page.value<SessionView>("fetch('/api/v1/session').then((answer) => answer.json())");

  beforeAll(async () => {
    const made = await station().administrator('Nguyễn Thị Hạnh', clock.now());
    ({ page: admin, secret, recoveryCodes } = made);
    await admin.send('WebAuthn.enable');
    await admin.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
  });

  it('asks once more who somebody is before a passkey is added to an old session', async () => {
    await admin.press('Tài khoản của tôi');
    clock.jump(HOUR_MS);
    await admin.fill('Tên để nhận ra', 'Máy ở văn phòng');
    await admin.press('Thêm khóa truy cập');
    await admin.sees('Xác nhận lại bạn là ai');
    await station().look(admin, 'fresh-proof');
    await admin.fill('Mật khẩu của bạn', 'sai mật khẩu này rồi');
    await admin.press('Xác nhận');
    await admin.sees('Mật khẩu chưa đúng. Hãy thử lại.');
    await admin.fill('Mật khẩu của bạn', PASSWORD);
    await admin.press('Xác nhận');
    await admin.press('Xóa khóa');
    await admin.press('Thôi');
    await admin.sees('Máy ở văn phòng');
    expect((await session(admin)).factors.passkeys).toBe(1);
    await station().look(admin, 'account');
  });

  it('takes the address for notices, after the same proof, and takes it back', async () => {
    const saved = "document.body.innerText.includes('Đã lưu địa chỉ thư')";
    clock.jump(HOUR_MS);
    await admin.fill('Địa chỉ thư điện tử', 'hanh@xa.test');
    await admin.press('Lưu địa chỉ thư');
    await admin.sees('Xác nhận lại bạn là ai');
    await admin.fill('Mật khẩu của bạn', PASSWORD);
    await admin.press('Xác nhận');
    await admin.until(saved);
    expect((await session(admin)).account.email).toBe('hanh@xa.test');
    await admin.sees('Địa chỉ thư nhận thông báo đã thay đổi, bởi chính bạn');
    await station().look(admin, 'account-mail');
    await admin.fill('Địa chỉ thư điện tử', 'hanh@xa.test, ai@khac.test');
    await admin.press('Lưu địa chỉ thư');
    // The browser says what is wrong with it, and nothing is sent.
    expect(await admin.value("document.querySelector('input[type=email]').checkValidity()")).toBe(false);
    await admin.fill('Địa chỉ thư điện tử', '');
    await admin.press('Lưu địa chỉ thư');
    await until('no address', async () => (await session(admin)).account.email === null);
  });

  it('logs in with the passkey', async () => {
    await admin.press('Đăng xuất');
    await admin.sees('Quên mật khẩu hoặc mất điện thoại?');
    await station().look(admin, 'login');
    await admin.press('Đăng nhập bằng khóa truy cập');
    await admin.press('Tài khoản của tôi');
    await admin.sees('Máy ở văn phòng');
    await admin.press('Đăng xuất');
    // A wrong name and a wrong password are told alike.
    for (const name of ['nguyen-thi-hanh', 'khong-co-ai']) {
      await admin.fill('Tên đăng nhập', name);
      await admin.fill('Mật khẩu', 'sai mật khẩu này rồi');
      await admin.press('Đăng nhập');
      await admin.sees('Tên, mật khẩu hoặc mã chưa đúng.');
    }
  });

  it('logs in with a recovery code, once', async () => {
    const [code = ''] = recoveryCodes;
    const page = await station().person();
    const enter = async (proof: string) => {
      await page.goTo(`${station().url}/`);
      await page.fill('Tên đăng nhập', 'nguyen-thi-hanh');
      await page.fill('Mật khẩu', PASSWORD);
      await page.press('Đăng nhập');
      await page.sees('Mật khẩu đúng. Nhập thêm mã xác thực.');
      await page.fill('Mã xác thực', proof);
      await page.press('Đăng nhập');
    };
    clock.jump(HOUR_MS);
    await enter(code);
    await page.press('Tài khoản của tôi');
    await page.sees(`Đang dùng. Còn ${recoveryCodes.length - 1} mã dự phòng chưa dùng.`);
    expect((await session(page)).factors.recoveryCodesLeft).toBe(recoveryCodes.length - 1);
    await page.press('Đăng xuất');
    await page.sees('Quên mật khẩu');
    await enter(code);
    await page.sees('Tên, mật khẩu hoặc mã chưa đúng.');
    await station().look(page, 'login-code');
    await enter(codeOf(secret, clock.now()));
    await page.sees('Đăng xuất');
  });

  it('replaces the recovery codes', async () => {
    const page = station().pages.at(-1);
    if (page === undefined) throw new Error('nobody is logged in');
    await page.goTo(`${station().url}/account`);
    await page.press('Tạo mã dự phòng mới');
    clock.jump(HOUR_MS);
    await page.fill('Mã của ứng dụng, hoặc một mã dự phòng', codeOf(secret, clock.now()));
    await station().look(page, 'codes-ask');
    await page.press('Tạo mã dự phòng mới');
    await page.sees('Mã dự phòng của tài khoản nguyen-thi-hanh');
    const shown = await page.value<string[]>(
      "[...document.querySelectorAll('.codes li')].map(({ innerText }) => innerText)",
    );
    expect(shown.filter((one) => recoveryCodes.includes(one))).toEqual([]);
    expect(shown).toHaveLength(recoveryCodes.length);
    await page.tick('Tôi đã cất các mã này');
    await page.press('Xong');
    await page.sees(`Còn ${shown.length} mã dự phòng`);
  });

  it('says that a password is too long instead of cutting it', async () => {
    const page = station().pages.at(-1);
    if (page === undefined) throw new Error('nobody is logged in');
    await page.goTo(`${station().url}/account`);
    await page.press('Đổi mật khẩu');
    await page.fill('Mật khẩu mới', PASSWORD.repeat(7));
    await page.sees(`Nhiều nhất 128 ký tự (đang có ${[...PASSWORD.repeat(7)].length})`);
    await station().look(page, 'password-long');
  });

  it('clears the screen when the controller does not hear that somebody logs out, and says so', async () => {
    const page = station().pages.at(-1);
    if (page === undefined) throw new Error('nobody is logged in');
    await page.goTo(`${station().url}/account`);
    await page.sees('nguyen-thi-hanh');
    const line = (offline: boolean) =>
      page.send('Network.emulateNetworkConditions', {
        ...{ offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 },
      });
    await page.send('Network.enable');
    await line(true);
    await page.press('Đăng xuất');
    await page.sees('phiên đăng nhập có thể còn mở trên máy chủ');
    expect(await page.value('document.body.innerText')).not.toContain('nguyen-thi-hanh');
    await station().look(page, 'logout-unheard');
    await line(false);
    await page.press('Đăng xuất lần nữa');
    await page.sees('Quên mật khẩu');
    expect(await page.value("fetch('/api/v1/session').then(({ status }) => status)")).toBe(401);
  });
});
