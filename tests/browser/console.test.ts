import { createHash, randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { AnnouncementView } from '#protocols';
import { freePort } from '../../server/demo/free-port.ts';
import { OwnProcess } from '../helpers/processes.ts';
import { inRepo } from '../helpers/repo-root.ts';
import { describeWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { BUILT_WORKER } from '../integration/backup/support.ts';
import { COMMUNE, speechLikeWav, TestController } from '../integration/http/support.ts';
import { Chromium } from './devtools.ts';
import type { Page } from './page.ts';
import { readQr } from './read-qr.ts';

const PASSWORD = 'trăng lên đầu núi muộn';
/** The narrowest phone that is to be served, and a desk. */
const [PHONE, DESK] = [360, 1280];

/** The code that an authenticator app shows for the secret on the page. */
async function codeFor(page: Page): Promise<string> {
  await page.press('Không quét được? Nhập khóa này bằng tay:');
  const secret = await page.until<string>("document.querySelector('.secret')?.innerText");
  return new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate();
}

/** In a page: what a person who is logged in there gets for an act of the API. */
function act(path: string, body: object): string {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomBytes(8).toString('hex') };
  const init = JSON.stringify({ method: 'POST', headers, body: JSON.stringify(body) });
  return `fetch('/api/v1/${path}', ${init}).then((answer) => answer.json())`;
}

// A browser beside a controller, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

// One commune, one story: each test goes on where the one before stopped.
describeWith(['chromium'], 'the web console', () => {
  let browser: Chromium;
  let controller: TestController;
  let url: string;
  let admin: Page;
  let folder: string;
  let passphrase: string;
  let mediaSha256: string;
  let editor: Page;
  let chairman: Page;
  const pages: Page[] = [];

  const person = async (width?: number) => {
    const page = await browser.person(width);
    pages.push(page);
    return page;
  };
  /** The page as it is on a phone and on a desk: on neither is it wider than the screen. */
  const look = async (page: Page, name: string, left = DESK) => {
    for (const width of [PHONE, DESK]) {
      await page.resize(width);
      expect([name, width, await page.tooWide()]).toEqual([name, width, 0]);
      await page.picture(`${name}-${width}`);
    }
    await page.resize(left);
  };
  /** Invites a person as the administrator does; the link that comes of it. */
  const invite = async (displayName: string, role: string) => {
    await admin.press('Người dùng');
    await admin.press('Mời người mới');
    await admin.fill('Họ và tên', displayName);
    await admin.choose('Vai trò', role);
    await admin.press('Tạo lời mời');
    await admin.sees('Liên kết chỉ hiện một lần này');
    const link = await readQr(admin);
    expect(link).toBe(await admin.value("document.querySelector('.secret').innerText"));
    return link;
  };

  beforeAll(async () => {
    const port = await freePort();
    url = `http://localhost:${port}`;
    folder = tempDir('console');
    // The editor's programme of another maker, say: it hands announcements in by the API.
    const token = randomBytes(32).toString('base64url');
    const sha256 = createHash('sha256').update(token).digest('hex');
    const tokens = [{ name: 'phan-mem-soan', role: 'editor', areas: [COMMUNE], sha256 }];
    await writeFile(join(folder, 'tokens.json'), JSON.stringify(tokens));
    controller = new TestController(folder, new Map([['editor', token]]));
    [browser] = await Promise.all([
      Chromium.start(),
      controller.start({ backupWorker: BUILT_WORKER }, { LOA_PUBLIC_URL: url }),
    ]);
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

  it('invites an editor, who chooses a password', async () => {
    const link = await invite('Trần Văn Bình', 'editor');
    await look(admin, 'invitation');
    await admin.press('Đóng');
    editor = await person(PHONE);
    await editor.goTo(link);
    await editor.sees('Chào Trần Văn Bình');
    await look(editor, 'welcome', PHONE);
    await editor.fill('Mật khẩu mới', PASSWORD);
    await editor.press('Đặt mật khẩu và vào');
    await editor.sees('Mọi thứ sẽ phát đến hết ngày mai đều đã được duyệt');
    // The link works once, and says no more than that it does not.
    await editor.goTo(link);
    await editor.sees('Liên kết đã dùng, đã hết hạn hoặc không đúng');
  });

  it('lets the chairman in on his phone by a QR code, where he listens, reads and approves', async () => {
    await invite('Lê Văn Tâm', 'chairman');
    await admin.press('Đóng');
    await admin.press('Quản lý: Lê Văn Tâm');
    await admin.press('Ghép điện thoại');
    await admin.sees('mở máy ảnh điện thoại và quét');
    const link = await readQr(admin);
    await look(admin, 'pairing');
    chairman = await person(PHONE);
    await chairman.goTo(link);
    await chairman.sees('Chào Lê Văn Tâm');
    await chairman.press('Đăng nhập');
    await chairman.sees('Không có bản tin nào chờ bạn duyệt');
    await admin.sees('Điện thoại đã đăng nhập');
    await admin.press('Đóng');
    await admin.until("!document.body.innerText.includes('Chưa nhận lời mời')");
    await look(admin, 'people');

    mediaSha256 = await controller.prepared(speechLikeWav());
    const draft = { areaId: COMMUNE, title: 'Lịch tiêm phòng tháng 12', category: 'Y tế', mediaSha256 };
    const text = 'Trạm y tế xã tiêm phòng cho trẻ dưới 5 tuổi,\nsáng thứ Ba, tại nhà văn hóa ấp 1.';
    const { body } = await controller.post<AnnouncementView>('editor', 'announcements', { ...draft, text });
    await controller.post('editor', `announcements/${body.id}/submit`, {});
    await chairman.goTo(`${url}/approvals`);
    await chairman.sees('Trạm y tế xã tiêm phòng');
    // The prepared audio itself can be listened to.
    const seconds = await chairman.value<number>(`new Promise((resolve, reject) => {
      const audio = document.querySelector('audio');
      audio.onloadedmetadata = () => resolve(audio.duration);
      audio.onerror = () => reject(new Error(audio.error.message));
      audio.load();
    })`);
    expect(seconds).toBeGreaterThan(1);
    await look(chairman, 'approvals', PHONE);
    await chairman.press('Duyệt cho phát');
    await chairman.sees('Đã duyệt “Lịch tiêm phòng tháng 12”. Không có bản tin nào chờ bạn duyệt.');
    const { body: now } = await controller.get<AnnouncementView>('editor', `announcements/${body.id}`);
    expect([now.state, now.approvedSha256]).toEqual(['approved', now.approvalHash]);

    await chairman.press('Đã duyệt');
    await chairman.press('Rút lại');
    await chairman.sees('Không làm lại được');
    await look(chairman, 'withdraw', PHONE);
    await chairman.press('Rút lại');
    await chairman.sees('Đã rút lại “Lịch tiêm phòng tháng 12”.');
  });

  it('adds a loudspeaker and prints its sheet, whose QR code says what it says', async () => {
    await admin.press('Cụm loa');
    await admin.press('Thêm cụm loa');
    await admin.fill('Tên cụm loa', 'Loa nhà văn hóa ấp 1');
    await admin.press('Tạo và lấy phiếu ghi danh');
    await admin.sees('Mã chỉ hiện một lần này');
    const code = await admin.value<string>("document.querySelector('.code').innerText");
    expect(code).toMatch(/^(\w{4}-){4}\w{4}$/);
    const said = new URLSearchParams((await readQr(admin)).split('?')[1]);
    expect([said.get('u'), said.get('s'), said.get('c')]).toEqual([
      url,
      'loa-nha-van-hoa-ap-1',
      code.replaceAll('-', ''),
    ]);
    await look(admin, 'enrolment-sheet');
    await admin.send('Emulation.setEmulatedMedia', { media: 'print' });
    // What is printed is the sheet and nothing else.
    const printed = await admin.value<string>('document.body.innerText');
    expect(printed).toContain(code);
    expect(printed).not.toContain('In phiếu');
    expect(printed).not.toContain('Đăng xuất');
    await admin.picture('enrolment-print');
    await admin.send('Emulation.setEmulatedMedia', { media: '' });
    await admin.press('Đóng');
    await admin.sees('Chưa kết nối lần nào');
    await look(admin, 'speakers');
    await admin.press('Chi tiết: Loa nhà văn hóa ấp 1');
    await admin.sees('Mã đang chờ dùng');
    await look(admin, 'speaker');
    await admin.press('Chặn cụm loa');
    await admin.fill('Lý do', 'Mất trộm đêm qua');
    await admin.press('Chặn cụm loa');
    await admin.sees('Đã chặn');
    await admin.press('Bỏ chặn');
    await admin.fill('Lý do', 'Đã tìm lại được');
    await admin.press('Bỏ chặn');
    await admin.sees('Chưa kết nối lần nào');
    await admin.press('Đóng');
  });

  it('shows the chairman what airs unapproved, takes his leave for a series, and has him review an emergency', async () => {
    const wanted = { areaId: COMMUNE, title: 'Bản tin sáng', mediaSha256 };
    const { body: news } = await controller.post<AnnouncementView>('editor', 'announcements', wanted);
    await controller.post('editor', `announcements/${news.id}/submit`, {});
    await controller.post('editor', 'schedules', {
      ...{ areaId: COMMUNE, title: 'Chương trình sáng', targets: { areas: [COMMUNE] } },
      content: { kind: 'announcement', announcementId: news.id },
      recurrence: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times: ['06:30'] },
    });
    await chairman.goTo(`${url}/approvals`);
    await chairman.press('Sắp phát 1');
    await chairman.sees('Nếu không duyệt: im lặng.');
    await look(chairman, 'due', PHONE);
    await chairman.press('Theo loạt');
    await chairman.press('Cho phép một loạt');
    await chairman.sees('Không gồm: bản tin dài hơn');
    await look(chairman, 'standing-new', PHONE);
    await chairman.press('Cho phép');
    await chairman.sees('Đã cho phép theo loạt “Chương trình sáng”.');
    await look(chairman, 'standing', PHONE);
    await chairman.press('Sắp phát');
    await chairman.sees('đều đã được duyệt');

    // The editor breaks the glass: at once, alone, with a reason.
    const urgent = await editor.value<AnnouncementView>(
      act('announcements', { ...wanted, title: 'Vỡ đê', priority: 'emergency' }),
    );
    const asked = {
      ...{ announcementId: urgent.id, sha256: urgent.approvalHash, targets: { areas: [COMMUNE] } },
      breakGlass: { reason: 'Nước tràn đê, không gọi được Chủ tịch' },
    };
    expect(await editor.value(act('emergencies', asked))).toMatchObject({ emergency: { state: 'aired' } });
    await chairman.goTo(`${url}/approvals`);
    await chairman.press('Khẩn cấp 1');
    await chairman.sees('Nước tràn đê, không gọi được Chủ tịch');
    await look(chairman, 'review', PHONE);
    await chairman.press('Ghi nhận xét');
    await chairman.fill('Nhận xét', 'Đúng quy trình');
    await chairman.press('Ghi nhận xét');
    await chairman.sees('Đã ghi nhận xét về “Vỡ đê”.');
    await chairman.sees('tran-van-binh');
  });

  it('makes the backup sheet, a backup, a machine’s token, and shows all of it in the audit log', async () => {
    await admin.press('Sao lưu');
    await admin.sees('Chưa có phiếu sao lưu');
    await admin.press('Lập phiếu mới');
    await admin.press('Lập phiếu và hiện mật khẩu');
    await admin.sees('PHIẾU SAO LƯU SỐ 1');
    passphrase = await admin.value<string>("document.querySelector('.code').innerText");
    expect(passphrase).toMatch(/^(\w{4}-){5}\w{4}$/);
    await look(admin, 'backup-sheet');
    await admin.tick('Tôi đã in và cất phiếu này');
    await admin.press('Đóng');
    await admin.press('Sao lưu ngay');
    await admin.sees('đã đọc lại và kiểm tra');
    await look(admin, 'backups');

    await admin.press('Mã cho máy');
    await admin.press('Tạo mã mới');
    await admin.fill('Tên máy', 'bang-theo-doi');
    await look(admin, 'token-new');
    await admin.press('Tạo mã');
    await admin.sees('Mã chỉ hiện một lần này');
    const secret = await admin.value<string>("document.querySelector('.secret').innerText");
    const asks = () =>
      fetch(`${url}/api/v1/speakers`, { headers: { authorization: `Bearer ${secret}` } }).then(
        ({ status }) => status,
      );
    expect(await asks()).toBe(200);
    await admin.press('Đóng');
    await admin.press('Thu hồi mã của bang-theo-doi');
    await admin.press('Thu hồi');
    await admin.sees('Đã thu hồi');
    expect(await asks()).toBe(401);
    await look(admin, 'tokens');

    await admin.press('Nhật ký hệ thống');
    await admin.sees('Thu hồi mã máy');
    await admin.choose('Việc làm', 'speaker.block');
    await admin.until("document.querySelectorAll('tbody tr').length === 1");
    await look(admin, 'audit');
    const link = await admin.value<string>("document.querySelector('a[download]').getAttribute('href')");
    expect(link).toContain('action=speaker.block');
    expect(await admin.value(`fetch(${JSON.stringify(link)}).then((answer) => answer.text())`)).toContain(
      'Mất trộm đêm qua',
    );
  });

  it('keeps a passkey and logs in with it', async () => {
    await admin.send('WebAuthn.enable');
    await admin.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
    await admin.press('Tài khoản của tôi');
    await admin.fill('Tên để nhận ra', 'Máy ở văn phòng');
    await admin.press('Thêm khóa truy cập');
    await admin.press('Xóa khóa');
    await admin.press('Thôi');
    await look(admin, 'account');
    await admin.press('Đăng xuất');
    await admin.sees('Quên mật khẩu hoặc mất điện thoại?');
    await look(admin, 'login');
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

  it('puts the backup back on a new controller, whose accounts are those of the old one', async () => {
    const other = `http://localhost:${await freePort()}`;
    const log = join(folder, 'restored.log');
    const env = { LOA_DATA: join(folder, 'restored'), LOA_HOST: '127.0.0.1', LOA_PORT: new URL(other).port };
    const replacement = new OwnProcess(
      [inRepo('dist/server/main.js')],
      { ...env, LOA_PUBLIC_URL: other, LOA_MQTT_PORT: 'off', LOA_TOKENS: '' },
      log,
    );
    onTestFinished(() => replacement.end('SIGKILL'));
    const link = await new Promise<string>((resolve) => {
      replacement.child.stderr?.on('data', (said: Buffer) => {
        const found = /http\S+\/setup#\S+/.exec(said.toString())?.[0];
        if (found !== undefined) resolve(found);
      });
    });
    const page = await person(DESK);
    await page.goTo(link);
    await page.press('Khôi phục từ bản sao lưu');
    const backups = join(folder, 'data', 'backups');
    const [name = ''] = (await readdir(backups)).filter((one) => one.endsWith('.tar'));
    // The wrong file first, then the right one, typed as people type it.
    await page.choosesFile('Tệp sao lưu', join(folder, 'tokens.json'));
    await page.fill('Mật khẩu trên phiếu', passphrase.toLowerCase().replaceAll('-', ' '));
    await page.tick('Máy chủ cũ đã tắt hẳn');
    await page.press('Khôi phục');
    await page.sees('Tệp sao lưu không nguyên vẹn');
    await look(page, 'restore');
    await page.choosesFile('Tệp sao lưu', join(backups, name));
    await page.sees('Mật khẩu trên phiếu số 1');
    await page.press('Khôi phục');
    await page.sees('Khôi phục xong');
    await page.press('Tới trang đăng nhập');
    await page.fill('Tên đăng nhập', 'le-van-tam');
    await page.fill('Mật khẩu', PASSWORD);
    await page.press('Đăng nhập');
    // He never chose one: the phone was paired. The account is there, and the page does not tell so.
    await page.sees('Tên, mật khẩu hoặc mã chưa đúng.');
    await page.fill('Tên đăng nhập', 'tran-van-binh');
    await page.press('Đăng nhập');
    await page.sees('Ghép điện thoại');
  });
});
