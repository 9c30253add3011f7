import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { BackupSheet, BackupState } from '#protocols';
import { freePort } from '../../server/demo/free-port.ts';
import { OwnProcess } from '../helpers/processes.ts';
import { inRepo } from '../helpers/repo-root.ts';
import { describeWith } from '../helpers/requirements.ts';
import { until } from '../helpers/until.ts';
import { ofEarlierVersion } from '../integration/backup/repack.ts';
import { backupOf, dataFolder } from '../integration/backup/support.ts';
import { COMMUNE, PEOPLE } from '../integration/http/support.ts';
import type { Page } from './page.ts';
import { codeOf, PASSWORD, useStation } from './station.ts';

/** The code that an authenticator app shows for the secret on the page. */
async function codeFor(page: Page): Promise<string> {
  await page.press('Không quét được? Nhập khóa này bằng tay:');
  return codeOf(await page.until<string>("document.querySelector('.secret')?.innerText"));
}

describeWith(['chromium'], 'a controller that nobody has set up', () => {
  const station = useStation(() => ({}), []);
  let backup: { readonly name: string; readonly path: string };
  let passphrase: string;
  let rootKey: string;
  let replacement: OwnProcess | undefined;
  let page: Page;
  /** What the replacement printed, one with each start. */
  const links: string[] = [];
  afterAll(() => replacement?.end('SIGKILL'));

  it('makes the first administrator behind the printed link, with an authenticator app', async () => {
    const { url, controller } = station();
    const admin = await station().person();
    await admin.goTo(`${url}/`);
    await admin.sees('Máy chủ này chưa có người quản trị');
    await admin.goTo(controller.context.services.people.setup.link() ?? '');
    await admin.sees('Đài truyền thanh xã Tân An');
    await station().look(admin, 'setup');
    await admin.press('Tạo người quản trị đầu tiên');
    await admin.fill('Họ và tên', 'Nguyễn Thị Hạnh');
    await admin.fill('Mật khẩu', 'tan an');
    await admin.sees('Ít nhất 12 ký tự (đang có 6)');
    await admin.fill('Mật khẩu', 'Tân An tân an 2026');
    await admin.press('Tạo tài khoản');
    await admin.sees('Mật khẩu gần như chỉ là tên người hay tên xã');
    await station().look(admin, 'setup-administrator');
    await admin.fill('Mật khẩu', PASSWORD);
    await admin.press('Tạo tài khoản');
    await admin.press('Dùng ứng dụng sinh mã');
    await admin.fill('Mã sáu chữ số', '000000');
    await admin.press('Xác nhận');
    await admin.sees('Mã chưa đúng hoặc đã qua lượt');
    await station().look(admin, 'setup-app');
    await admin.fill('Mã sáu chữ số', await codeFor(admin));
    await admin.press('Xác nhận');
    await admin.sees('Mã dự phòng của tài khoản nguyen-thi-hanh');
    await station().look(admin, 'setup-codes');
    await admin.tick('Tôi đã cất các mã này');
    await admin.press('Xong');
    await admin.sees('Đăng xuất');
    expect(await admin.value('location.href')).toBe(`${url}/`);
  });

  it('makes a backup that is worth putting back', async () => {
    const { controller } = station();
    await controller.enter(PEOPLE);
    await station().member('editor', 'Trần Văn Bình');
    // Invited, and never came.
    const grants = [{ role: 'chairman', areas: [COMMUNE] }];
    const invited = { name: 'le-van-tam', displayName: 'Lê Văn Tâm', grants };
    await controller.post('administrator', 'accounts', invited);
    const { body: sheet } = await controller.post<BackupSheet>('administrator', 'backups/passphrase', {});
    passphrase = sheet.passphrase ?? '';
    rootKey = sheet.rootKey;
    await controller.post('administrator', 'backups', {});
    await until('the backup', async () => {
      const { body } = await controller.get<BackupState>('administrator', 'backups');
      return body.last?.verified;
    });
    const folder = join(controller.folder, 'data', 'backups');
    const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.tar'));
    backup = { name, path: join(folder, name) };
  });

  it('refuses a wrong file and a wrong passphrase, and nothing has to be done again but the typing', async () => {
    // What came in is kept for the next test.
    const folder = join(station().controller.folder, 'restored');
    await mkdir(folder);
    const other = `http://localhost:${await freePort()}`;
    const env = { LOA_DATA: join(folder, 'data'), LOA_HOST: '127.0.0.1', LOA_PORT: new URL(other).port };
    replacement = new OwnProcess(
      [inRepo('dist/controller/main.js')],
      { ...env, LOA_PUBLIC_URL: other, LOA_MQTT_PORT: 'off', LOA_TOKENS: '' },
      join(folder, 'restored.log'),
    );
    replacement.child.stderr?.on('data', (said: Buffer) => {
      const found = /http\S+\/setup#\S+/.exec(said.toString())?.[0];
      if (found !== undefined) links.push(found);
    });
    page = await station().person();
    await page.goTo(await until('the link', async () => links[0]));
    await page.press('Khôi phục từ bản sao lưu');
    // The wrong file first, then the passphrase of another sheet.
    const wrong = join(folder, 'anh.tar');
    await writeFile(wrong, 'not a backup');
    await page.choosesFile('Tệp sao lưu', wrong);
    await page.fill('Mật khẩu trên phiếu', 'aaaa bbbb cccc dddd eeee ffff');
    await page.sees('24 chữ và số (đang có 24)');
    await page.tick('Máy chủ cũ đã tắt hẳn');
    await page.press('Kiểm tra tệp');
    await page.sees('Tệp sao lưu không nguyên vẹn');
    expect(await page.value('document.body.innerText')).not.toContain('{');
    await page.choosesFile('Tệp sao lưu', backup.path);
    await page.sees('Mật khẩu trên phiếu số 1');
    await page.press('Kiểm tra tệp');
    await page.sees('Mật khẩu không mở được tệp này');
    await page.sees('Tệp đã ở trên máy chủ, không phải gửi lại');
    await station().look(page, 'restore');
    await page.sees(`Đã chọn “${backup.name}”`);
    expect(
      await page.value(
        `[document.querySelector('input.mono').value, document.querySelector('input[type=checkbox]').checked]`,
      ),
    ).toEqual(['aaaa bbbb cccc dddd eeee ffff', true]);
  });

  it('says why a restore was undone, and that there is a new link', async () => {
    // Something lies where the restore puts its own mark, which comes last.
    const odd = await dataFolder();
    await mkdir(join(odd, 'restored.json'));
    await writeFile(join(odd, 'restored.json', 'x'), 'x');
    const undone = await backupOf(odd);
    await page.choosesFile('Tệp sao lưu', undone.file);
    await page.fill('Mật khẩu trên phiếu', undone.passphrase);
    await page.press('Kiểm tra tệp');
    await page.sees('Bản sao lưu này là của ai?');
    await page.tick('Tôi đã so');
    await page.press('Khôi phục bản này');
    await page.sees('Không đặt được bản sao lưu vào chỗ của nó');
    await page.sees('Liên kết đang mở không còn dùng được');
    await station().look(page, 'restore-undone');
    await page.goTo(await until('the new link', async () => links[1]));
    await page.press('Khôi phục từ bản sao lưu');
    await page.choosesFile('Tệp sao lưu', backup.path);
    await page.tick('Máy chủ cũ đã tắt hẳn');
  });

  it('is the old one again once its backup is put back', async () => {
    // Typed as people type it.
    await page.fill('Mật khẩu trên phiếu', passphrase.toLowerCase().replaceAll('-', ' '));
    await page.press('Kiểm tra tệp');
    await page.sees('Bản sao lưu này là của ai?');
    await page.sees('xã Tân An');
    await page.sees(rootKey);
    // This machine is elsewhere than the one before.
    await page.sees(`Cụm loa tìm máy chủ ở ${station().url}`);
    await station().look(page, 'restore-confirm');
    await page.press('Không phải tệp này');
    await page.sees('24 chữ và số (đang có 0)');
    // As the version before made it: it takes two words to put it back.
    await page.choosesFile('Tệp sao lưu', await ofEarlierVersion(backup.path, passphrase));
    await page.fill('Mật khẩu trên phiếu', passphrase);
    await page.press('Kiểm tra tệp');
    await page.sees('KHÔNG CÓ CHỮ KÝ');
    await page.tick('Tôi đã so');
    expect(await page.value("document.querySelector('button.danger').disabled")).toBe(true);
    await station().look(page, 'restore-unsigned');
    await page.press('Không phải tệp này');
    await page.sees('24 chữ và số (đang có 0)');
    await page.choosesFile('Tệp sao lưu', backup.path);
    await page.fill('Mật khẩu trên phiếu', passphrase);
    await page.press('Kiểm tra tệp');
    await page.sees('Chữ ký đúng');
    await page.tick('Tôi đã so');
    await page.press('Khôi phục bản này');
    await page.sees('Khôi phục xong');
    await page.press('Tới trang đăng nhập');
    await page.fill('Tên đăng nhập', 'le-van-tam');
    await page.fill('Mật khẩu', PASSWORD);
    await page.press('Đăng nhập');
    // He never chose one. The account is there, and the page does not tell so.
    await page.sees('Tên, mật khẩu hoặc mã chưa đúng.');
    await page.fill('Tên đăng nhập', 'tran-van-binh');
    await page.press('Đăng nhập');
    await page.sees('Ghép điện thoại');
  });
});
