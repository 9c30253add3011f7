import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { AuditHeadView, BackupState, StorageUse } from '#protocols';
import { ADDRESS_SETTING } from '../../server/domain/backup/known-address.ts';
import { BackupLogFile } from '../../server/storage/backup/index.ts';
import { status } from '../contract/storage/samples.ts';
import { describeWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import type { Page } from './page.ts';
import { useStation } from './station.ts';

const DAY_MS = 24 * 3_600_000;

// One administrator, page after page.
describeWith(['chromium'], 'the pages of who keeps the controller', () => {
  const station = useStation();
  let admin: Page;

  const backups = async () => (await station().controller.get<BackupState>('administrator', 'backups')).body;

  beforeAll(async () => {
    admin = (await station().administrator('Nguyễn Thị Hạnh')).page;
  });

  it('makes the backup sheet and a backup', async () => {
    await admin.press('Sao lưu');
    await admin.sees('Chưa có phiếu sao lưu');
    await admin.press('Lập phiếu mới');
    await admin.press('Lập phiếu và hiện mật khẩu');
    await admin.sees('PHIẾU SAO LƯU SỐ 1');
    const passphrase = await admin.value<string>("document.querySelector('.code').innerText");
    expect(passphrase).toMatch(/^(\w{4}-){5}\w{4}$/);
    await station().look(admin, 'backup-sheet');
    await admin.tick('Tôi đã in và cất phiếu này');
    await admin.press('Đóng');
    await admin.press('Sao lưu ngay');
    await admin.sees('đã đọc lại và kiểm tra');
    await station().look(admin, 'backups');
    expect((await backups()).last).toMatchObject({ verified: true, sheet: 1 });
  });

  it('says on every page that nothing has left the box for too long, until something has', async () => {
    const log = new BackupLogFile({ dataFolder: join(station().controller.folder, 'data') });
    const carriedAway = (at: number) => {
      const place = { id: 'usb', folder: '/usb', ok: true, away: true, error: null };
      const run = { at, endedAt: at, verified: true, by: 'terminal', name: 'x', bytes: 1, missing: 0 };
      return log.append({ ...run, sheet: 1, error: null, places: [place] });
    };
    await carriedAway(Date.now() - 20 * DAY_MS);
    const alarm = 'Đã 20 ngày không có bản sao lưu nào ra khỏi máy này';
    await admin.goTo(`${station().url}/people`);
    await admin.sees(alarm);
    await station().look(admin, 'backup-alarm');
    await admin.press('Nhật ký hệ thống');
    await admin.sees(alarm);
    await admin.press('Tới trang Sao lưu');
    await admin.sees('Sao lưu ngay');
    await admin.sees(alarm);
    // Who does not keep the controller has another business.
    const technician = await station().member('technician', 'Lê Văn Kỹ');
    await technician.press('Cụm loa');
    expect(await technician.value('document.body.innerText')).not.toContain('bản sao lưu nào');
    await carriedAway(Date.now());
    await admin.press('Sao lưu ngay');
    await admin.until("!document.body.innerText.includes('không có bản sao lưu nào ra khỏi máy này')");
  });

  it('adds a place for backups, and gives it up', async () => {
    const folder = join(tempDir('place'), 'sao-luu');
    await mkdir(folder);
    await admin.press('Thêm nơi lưu');
    await admin.fill('Tên', 'Máy của kế toán');
    await admin.choose('Loại', 'folder');
    await admin.fill('Thư mục trên máy chủ', folder);
    await station().look(admin, 'place-new');
    await admin.press('Lưu');
    await admin.sees('Máy của kế toán');
    const added = (await backups()).settings.destinations.at(-1);
    expect(added).toMatchObject({ name: 'Máy của kế toán', kind: 'folder', folder });
    // The drive is pulled out.
    await rm(folder, { recursive: true });
    await admin.press('Sao lưu ngay');
    const gone = `Không có thư mục “${folder}”. Cắm ổ`;
    await admin.sees(`Máy của kế toán: ${gone}`);
    await admin.until(`document.body.innerText.split(${JSON.stringify(gone)}).length === 3`);
    await station().look(admin, 'place-gone');
    await admin.press('Bỏ nơi này: Máy của kế toán');
    await admin.sees('Các bản đã có ở đó vẫn còn nguyên');
    await admin.press('Bỏ nơi này');
    await admin.until("!document.body.innerText.includes('Máy của kế toán')");
    expect((await backups()).settings.destinations.map(({ name }) => name)).not.toContain('Máy của kế toán');
  });

  it('shows what takes the disk, and how long it is kept', async () => {
    await admin.press('Dung lượng và lưu giữ');
    await admin.sees('Cơ sở dữ liệu');
    // The picture is as wide as the disk is large.
    const width = await admin.value<number>(
      "[...document.querySelectorAll('.disk rect')].reduce((sum, one) => sum + one.width.baseVal.value, 0)",
    );
    expect(width).toBeCloseTo(100, 3);
    await admin.fill('Giữ báo cáo tình trạng cụm loa', '20');
    await admin.press('Lưu thời hạn');
    expect(await admin.value("document.querySelector('input:invalid').validity.rangeUnderflow")).toBe(true);
    await admin.fill('Giữ báo cáo tình trạng cụm loa', '90');
    await admin.tick('Giữ mãi mọi âm thanh');
    await station().look(admin, 'storage');
    await admin.press('Lưu thời hạn');
    await admin.sees('Đã lưu thời hạn.');
    const { body } = await station().controller.get<StorageUse>('administrator', 'storage');
    expect(body.retention).toEqual({ healthDays: 90, unusedAudioDays: null });
  });

  it('makes a machine’s token, and takes it back', async () => {
    await admin.press('Mã cho máy');
    await admin.press('Tạo mã mới');
    await admin.fill('Tên máy', 'bang-theo-doi');
    await admin.press('Tạo mã');
    await admin.sees('Chưa chọn địa bàn.');
    await station().look(admin, 'token-new');
    await admin.choose('Địa bàn', 'tan-an');
    await admin.press('Tạo mã');
    await admin.sees('Mã chỉ hiện một lần này');
    const secret = await admin.value<string>("document.querySelector('.secret').innerText");
    const asks = () =>
      fetch(`${station().url}/api/v1/speakers`, { headers: { authorization: `Bearer ${secret}` } }).then(
        ({ status }) => status,
      );
    expect(await asks()).toBe(200);
    await admin.press('Đóng');
    await admin.press('Thu hồi mã của bang-theo-doi');
    await admin.press('Thu hồi');
    await admin.sees('Đã thu hồi');
    await admin.sees('tạo bởi Nguyễn Thị Hạnh, ');
    expect(await asks()).toBe(401);
    await station().look(admin, 'tokens');
  });

  it('shows all of it in the audit log, and what is sought alone', async () => {
    const { controller, url } = station();
    const speaker = { id: 'loa-1', areaId: 'ap-1', name: 'Loa 1' };
    await controller.post('technician', 'speakers', speaker);
    await controller.post('technician', 'speakers/loa-1/block', { reason: 'Mất trộm đêm qua' });
    await admin.press('Nhật ký hệ thống');
    await admin.sees('Thu hồi mã máy');
    await admin.choose('Việc làm', 'speaker.block');
    await admin.until("document.querySelectorAll('tbody tr').length === 1");
    await station().look(admin, 'audit');
    const link = await admin.value<string>("document.querySelector('a[download]').getAttribute('href')");
    expect(link).toContain('action=speaker.block');
    expect(await admin.value(`fetch(${JSON.stringify(link)}).then((answer) => answer.text())`)).toContain(
      'Mất trộm đêm qua',
    );
    // Each action that is offered can be asked for.
    const offered = await admin.value<string[]>(
      "[...document.querySelectorAll('option')].map(({ value }) => value).filter((one) => /^(\\w+\\.\\w+|logout)$/.test(one))",
    );
    expect(offered.length).toBeGreaterThan(80);
    const answers = await admin.value<number[]>(
      `Promise.all(${JSON.stringify(offered)}.map((one) => fetch('/api/v1/audit?action=' + one).then(({ status }) => status)))`,
    );
    expect(new Set(answers)).toEqual(new Set([200]));
    await admin.goTo(`${url}/audit`);
  });

  it('signs the head of the audit log, and prints it', async () => {
    await admin.press('Phiếu đầu nhật ký');
    await admin.sees('Chưa có nơi nhận nào ngoài máy chủ');
    await admin.press('Ký phiếu ngay bây giờ');
    await admin.sees('Đã ký phiếu số 1. In ra và cất ở ngoài máy chủ.');
    await station().look(admin, 'heads');
    const { body } = await station().controller.get<{ heads: AuditHeadView[] }>('auditor', 'audit/heads');
    const [head] = body.heads;
    await admin.sees(`Đến dòng ${head?.seq}`);
    const sheet = await admin.value<string>("document.querySelector('a[target=_blank]').href");
    await admin.goTo(sheet);
    await admin.sees('ĐẦU NHẬT KÝ HỆ THỐNG SỐ 1');
    await admin.sees(head?.document ?? '');
    await station().look(admin, 'head-sheet');
  });

  it('says after a restore elsewhere how many loudspeakers look for the old address', async () => {
    const { controller, url } = station();
    expect(await controller.context.storage.read.settings.get(ADDRESS_SETTING)).toContain(url);
    const old = { v: 1, url: 'http://truyen-thanh.xa-tan-an.example:8080', restoredAt: Date.now() };
    await controller.speaker('loa-cu', 'ap-1');
    await controller.context.storage.transaction(async (tx) => {
      await tx.speakers.activate('loa-cu');
      await tx.speakers.saveStatuses([status('loa-cu', { lastSeenAt: old.restoredAt - DAY_MS })]);
      await tx.settings.put(ADDRESS_SETTING, JSON.stringify(old), old.restoredAt);
    });
    await controller.stop();
    await controller.start({}, { LOA_PUBLIC_URL: url });
    await controller.app.listen({ host: '127.0.0.1', port: Number(new URL(url).port) });
    await admin.goTo(`${url}/account`);
    await admin.sees(`Còn 1 cụm loa vẫn tìm máy chủ ở ${old.url}`);
    await admin.sees(`đặt LOA_PUBLIC_URL=${old.url}`);
    await station().look(admin, 'old-address');
  });
});
