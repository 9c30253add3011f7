import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../server/demo/free-port.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { headerOf, SmtpServer, textOf } from '../../helpers/smtp.ts';
import { until } from '../../helpers/until.ts';
import { daily, Scheduling, vietnam } from './schedule-support.ts';
import { COMMUNE, startController } from './support.ts';
import { accountName } from './test-people.ts';

it('who may approve what airs tomorrow gets it by mail at 20:00, later where the mail server was away', {
  timeout: 90_000,
}, async () => {
  const clock = new FakeClock();
  const smtp = new SmtpServer();
  onTestFinished(() => smtp.stop());
  const port = await freePort();
  const env = { LOA_SMTP_URL: `smtp://127.0.0.1:${port}`, LOA_MAIL_FROM: 'loa@xa.test' };
  const controller = await startController({ clock }, env);
  const scheduling = new Scheduling(controller);
  await controller.speaker('loa-1', 'ap-1');
  const { directory } = controller.context.services.people;
  // Leaders of the commune, one of the commune beside, and somebody who approves nothing.
  for (const who of ['chairman', 'deputy', 'other chairman', 'editor']) {
    const account = { ...directory.get(accountName(who)), email: `${accountName(who)}@xa.test` };
    await controller.context.storage.transaction((tx) => tx.accounts.update(account));
    directory.put(account);
  }
  const id = await scheduling.announcement(60, { title: 'Tin sáng' }, false);
  const fallbackId = await scheduling.announcement(30, { title: 'Nhạc hiệu' });
  const fallback = { fallbackId, targets: { areas: [COMMUNE] } };
  expect(
    (await scheduling.create('editor', scheduling.wanted(id, daily('05:40', '17:10'), fallback))).status,
  ).toBe(201);
  await clock.advance(61_000);
  // A clock that moves while nothing runs fires no timer in between.
  const moveTo = async (at: number) => {
    await controller.stop();
    await clock.advance(at - clock.now());
    await controller.start({ clock }, env);
  };
  await moveTo(vietnam(0, '19:59'));
  await clock.advance(60_000);
  await clock.advance(61_000);
  await until(
    'the notices',
    () => controller.context.services.people.directory.get('chairman').notices.length > 0,
  );

  // Told and noted, though nobody can be written to.
  const warning = async () => (await controller.context.services.readiness.report()).checks['mail'];
  await until('the warning', async () => (await warning())?.detail.startsWith('NOT SENT') === true);
  expect(await warning()).toEqual({ ok: true, detail: 'NOT SENT: 2 wait (ESOCKET); see the log' });

  await controller.stop();
  await smtp.start(port);
  await clock.advance(30 * 60_000);
  await controller.start({ clock }, env);
  await until('both mails', () => smtp.mails.length === 2);
  await until('nothing to wait', async () => (await controller.context.storage.read.mails.count()) === 0);
  expect(smtp.mails.flatMap(({ to }) => to).sort()).toEqual(['chairman@xa.test', 'deputy@xa.test']);
  const mail = smtp.mails.find(({ to }) => to[0] === 'chairman@xa.test');
  if (mail === undefined) throw new Error('no mail');
  expect(headerOf(mail, 'Subject')).toBe('Còn 2 lượt phát chưa được duyệt, ngày 06/01/2026');
  expect(textOf(mail).trimEnd()).toBe(
    [
      'Kính gửi chairman,',
      '',
      'Còn 2 lượt phát có nội dung chưa được duyệt.',
      '',
      'Ngày 06/01/2026:',
      '- 05:40: Tin sáng. Chưa duyệt cho: xã Tân An. Nếu không được duyệt thì phát thay: Nhạc hiệu',
      '- 17:10: Tin sáng. Chưa duyệt cho: xã Tân An. Nếu không được duyệt thì phát thay: Nhạc hiệu',
      '',
      'Nơi nào chưa được duyệt thì loa ở đó không phát nội dung này.',
      'Xem và duyệt tại: http://controller.test:8080/approvals',
      '',
      'Thư này do hệ thống truyền thanh tự gửi, xin không trả lời. Thư của hệ thống không bao giờ hỏi mật khẩu hay mã xác thực.',
    ].join('\n'),
  );
  // Once, however often it is looked at.
  await clock.advance(10 * 60_000);
  expect(smtp.mails).toHaveLength(2);

  // What waits when everything of it has begun is not sent any more.
  await smtp.stop();
  await moveTo(vietnam(1, '20:00'));
  await until(
    'the mails of Tuesday',
    async () => (await controller.context.storage.read.mails.count()) === 2,
  );
  await controller.stop();
  await clock.advance(vietnam(2, '17:10') - clock.now());
  await smtp.start(port);
  await controller.start({ clock }, env);
  await until('them to be given up', async () => (await controller.context.storage.read.mails.count()) === 0);
  expect(smtp.mails).toHaveLength(2);
});

it('two looks at what is due that begin together remind once', async () => {
  const clock = new FakeClock();
  const env = { LOA_SMTP_URL: `smtp://127.0.0.1:${await freePort()}`, LOA_MAIL_FROM: 'loa@xa.test' };
  const controller = await startController({ clock }, env);
  const scheduling = new Scheduling(controller);
  await controller.speaker('loa-1', 'ap-1');
  const { storage, services } = controller.context;
  const { directory } = services.people;
  const chairman = { ...directory.get('chairman'), email: 'chairman@xa.test' };
  await storage.transaction((tx) => tx.accounts.update(chairman));
  directory.put(chairman);
  const id = await scheduling.announcement(60, { title: 'Tin sáng' }, false);
  const made = await scheduling.create('editor', scheduling.wanted(id, daily('05:40')));
  expect(made.status).toBe(201);
  // Of yesterday evening, when nobody was there.
  const noted = JSON.stringify({ 'Asia/Ho_Chi_Minh': vietnam(-2, '20:00') });
  await storage.transaction((tx) => tx.settings.put('approvals.reminded', noted, 0));
  await Promise.all([services.approvalsDue.look(), services.approvalsDue.look()]);
  expect(await storage.read.mails.count()).toBe(1);
});
