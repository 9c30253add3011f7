import { Secret, TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../server/demo/free-port.ts';
import { describeWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { TestController } from '../integration/http/support.ts';
import { Chromium } from './devtools.ts';
import type { Page } from './page.ts';

const PASSWORD = 'trăng lên đầu núi muộn';
/** The narrowest phone that is to be served, and a desk. */
const [PHONE, DESK] = [360, 1280];

/** The code that an authenticator app shows for the secret on the page. */
async function codeFor(page: Page): Promise<string> {
  await page.press('Không quét được? Nhập khóa này bằng tay:');
  const secret = await page.until<string>("document.querySelector('.secret')?.innerText");
  return new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate();
}

describeWith(['chromium'], 'the web console', () => {
  let browser: Chromium;
  let controller: TestController;
  let url: string;
  let admin: Page;
  const pages: Page[] = [];

  const person = async (width?: number) => {
    const page = await browser.person(width);
    pages.push(page);
    return page;
  };
  /** The page as it is on a phone and on a desk; on neither is it wider than the screen. */
  const look = async (page: Page, name: string) => {
    for (const width of [PHONE, DESK]) {
      await page.resize(width);
      const over = await page.value<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect([name, width, over]).toEqual([name, width, 0]);
      await page.picture(`${name}-${width}`);
    }
  };

  beforeAll(async () => {
    const port = await freePort();
    url = `http://localhost:${port}`;
    controller = new TestController(tempDir('console'), new Map());
    const env = { LOA_PUBLIC_URL: url, LOA_TOKENS: '' };
    [browser] = await Promise.all([Chromium.start(), controller.start({}, env)]);
    await controller.app.listen({ host: '127.0.0.1', port });
    admin = await person(DESK);
  });
  afterAll(() => Promise.all([browser?.stop(), controller?.stop()]));
  afterEach(() => {
    expect(pages.flatMap(({ breaches, errors }) => [...breaches, ...errors])).toEqual([]);
  });

  it('makes the first administrator behind the printed link, with an authenticator app', async () => {
    await admin.goTo(`${url}/`);
    await admin.sees('Máy chủ này chưa có người quản trị');
    await admin.goTo(controller.context.services.people.setup.link() ?? '');
    await admin.sees('Đài truyền thanh xã Tân An');
    await look(admin, 'setup');
    await admin.press('Tạo người quản trị đầu tiên');
    await admin.fill('Họ và tên', 'Nguyễn Thị Hạnh');
    await admin.fill('Mật khẩu', 'tan an');
    await admin.sees('Ít nhất 12 ký tự (đang có 6)');
    await admin.fill('Mật khẩu', 'Tân An tân an 2026');
    await admin.press('Tạo tài khoản');
    await admin.sees('Mật khẩu gần như chỉ là tên người hay tên xã');
    await look(admin, 'setup-administrator');
    await admin.fill('Mật khẩu', PASSWORD);
    await admin.press('Tạo tài khoản');
    await admin.press('Dùng ứng dụng sinh mã');
    await admin.fill('Mã sáu chữ số', '000000');
    await admin.press('Xác nhận');
    await admin.sees('Mã chưa đúng hoặc đã qua lượt');
    await look(admin, 'setup-app');
    await admin.fill('Mã sáu chữ số', await codeFor(admin));
    await admin.press('Xác nhận');
    await admin.sees('Mã dự phòng của tài khoản nguyen-thi-hanh');
    await look(admin, 'setup-codes');
    await admin.tick('Tôi đã cất các mã này');
    await admin.press('Xong');
    await admin.sees('Đăng xuất');
    expect(await admin.value('location.href')).toBe(`${url}/`);
  });
});
