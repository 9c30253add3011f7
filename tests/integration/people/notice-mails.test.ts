import { expect, it, onTestFinished } from 'vitest';
import type { LinkView } from '#protocols';
import { headerOf, type ReceivedMail, SmtpServer, textOf } from '../../helpers/smtp.ts';
import { until } from '../../helpers/until.ts';
import { COMMUNE } from '../http/support.ts';
import { ORIGIN, PASSWORD, secretOf, startPeople } from './support.ts';

const OWN = 'tam@xa.test';

async function start() {
  const smtp = new SmtpServer();
  const port = await smtp.start();
  onTestFinished(() => smtp.stop());
  const people = await startPeople(undefined, {
    ...{ LOA_SMTP_URL: `smtp://127.0.0.1:${port}`, LOA_MAIL_FROM: 'loa@xa.test' },
  });
  const { admin } = await people.setUp();
  /** Resolves with the newest when so many have come. */
  const came = async (count: number): Promise<ReceivedMail> => {
    await until(`mail number ${count}`, () => smtp.mails.length >= count);
    expect(smtp.mails).toHaveLength(count);
    const mail = smtp.mails[count - 1];
    if (mail === undefined) throw new Error('no mail');
    return mail;
  };
  return { smtp, people, admin, came };
}

it('tell the owner of what happened to the account, without anything that lets in', {
  timeout: 90_000,
}, async () => {
  const { smtp, people, admin, came } = await start();
  const grants = [{ role: 'chairman', areas: [COMMUNE] }];
  const made = await admin.post<{ link: LinkView }>('accounts', {
    ...{ name: 'tam', displayName: 'Ông Tám', grants, email: OWN },
  });
  const secrets = [secretOf(made.body.link.url), PASSWORD];
  const tam = people.browser();
  await tam.post('links/password', { secret: secrets[0], password: PASSWORD });
  const first = await came(1);
  expect([first.from, first.to]).toEqual(['loa@xa.test', [OWN]]);
  expect(headerOf(first, 'To')).toBe(OWN);
  expect(headerOf(first, 'Subject')).toBe('Thông báo về tài khoản tam');
  expect(textOf(first)).toContain('Kính gửi Ông Tám,');
  expect(textOf(first)).toContain(
    'Tài khoản tam, lúc 05:00 ngày 05/01/2026:\nMật khẩu của tài khoản đã được đặt mới.\nNgười làm: chính tài khoản này.',
  );

  await admin.send('PATCH', 'accounts/tam', { grants: [...grants, { role: 'viewer', areas: [COMMUNE] }] });
  expect(textOf(await came(2))).toContain(
    'Vai trò hoặc địa bàn của tài khoản đã thay đổi.\nNgười làm: Quản trị viên.',
  );
  const pairing = await admin.post<LinkView>('accounts/tam/pairing');
  secrets.push(secretOf(pairing.body.url));
  await people.browser().post('links/pair', { secret: secrets.at(-1) });
  expect(textOf(await came(3))).toContain('Một điện thoại đã được ghép vào tài khoản');
  const { secret, recoveryCodes } = await people.app(tam);
  secrets.push(secret, ...recoveryCodes);
  expect(textOf(await came(4))).toContain('Bước xác thực thứ hai');
  const reset = await admin.post<LinkView>('accounts/tam/reset', { reason: 'quên' });
  secrets.push(secretOf(reset.body.url));
  expect(textOf(await came(5))).toContain('một liên kết để đặt lại mật khẩu');
  // A name alone is no matter of the account’s safety.
  await admin.send('PATCH', 'accounts/tam', { displayName: 'Ông Tám Nhỏ' });
  for (const mail of smtp.mails) {
    const text = `${mail.data} ${textOf(mail)}`;
    expect(secrets.filter((one) => text.includes(one))).toEqual([]);
    expect(text).not.toContain(ORIGIN);
    expect(textOf(mail)).not.toMatch(/https?:|www\./);
  }
  expect(new Set(smtp.mails.map((mail) => headerOf(mail, 'Message-ID'))).size).toBe(5);
});

it('tell of another address also at the one of before', { timeout: 60_000 }, async () => {
  const { smtp, people, admin, came } = await start();
  const tam = await people.person(admin, 'tam', [{ role: 'viewer', areas: [COMMUNE] }]);
  // Nobody to write to.
  expect(smtp.mails).toEqual([]);
  await tam.post('account/email', { email: OWN });
  expect((await came(1)).to).toEqual([OWN]);
  await admin.send('PATCH', 'accounts/tam', { email: 'moi@xa.test' });
  await came(3);
  expect(smtp.mails.slice(1).flatMap(({ to }) => to)).toEqual(expect.arrayContaining([OWN, 'moi@xa.test']));
  for (const mail of smtp.mails) {
    expect(textOf(mail)).toContain('Địa chỉ thư nhận thông báo của tài khoản đã thay đổi.');
    // None is told the other one.
    const other = mail.to[0] === OWN ? 'moi@xa.test' : OWN;
    expect(`${mail.data} ${textOf(mail)}`).not.toContain(other);
  }
  await tam.post('account/email', { email: null });
  expect((await came(4)).to).toEqual(['moi@xa.test']);
  expect((await people.controller.context.services.readiness.report()).checks['mail']).toEqual({
    ...{ ok: true, detail: 'sent, or nothing to send' },
  });
});
