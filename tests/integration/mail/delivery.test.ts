import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMailer } from '../../../server/context/mailer.ts';
import { freePort } from '../../../server/demo/free-port.ts';
import { MailDelivery } from '../../../server/domain/mail/mail-delivery.ts';
import { MailQueue } from '../../../server/domain/mail/mail-queue.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { headerOf, SmtpServer, textOf } from '../../helpers/smtp.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A database, a mail server that does not listen yet, and what sends from the one to the other. */
async function post() {
  const clock = new FakeClock();
  const smtp = new SmtpServer();
  const port = await freePort();
  const storage = openStorage({ url: `file:${join(tempDir('mail'), 'loa.db')}`, clock });
  await storage.start();
  const errors: string[] = [];
  const givenUp: string[] = [];
  const deliveries: MailDelivery[] = [];
  onTestFinished(async () => {
    for (const one of deliveries) await one.stop();
    await smtp.stop();
    await storage.stop();
  });
  const deliver = () => {
    const delivery = new MailDelivery({
      ...{
        storage,
        clock,
        mailer: createMailer({ smtpUrl: `smtp://127.0.0.1:${port}`, from: 'loa@xa.test' }),
      },
      onError: (error, account) =>
        errors.push(`${account}: ${error instanceof Error ? error.message : error}`),
      onGivenUp: (account) => givenUp.push(account),
    });
    deliveries.push(delivery);
    return delivery;
  };
  const queue = new MailQueue({ clock, kick: () => deliveries.at(-1)?.kick() });
  const add = (account: string, hours = 24, text = 'Chào.\n') =>
    storage.transaction((tx) =>
      queue.add(
        tx,
        account,
        `${account}@xa.test`,
        { subject: `Thông báo cho ${account}`, text },
        clock.now() + hours * HOUR_MS,
      ),
    );
  const waiting = () => storage.read.mails.count();
  return { clock, smtp, listen: () => smtp.start(port), storage, errors, givenUp, deliver, add, waiting };
}

describe('mails', { timeout: 60_000 }, () => {
  it('are sent in their order, each once, with what was written', async () => {
    const { smtp, listen, deliver, add, waiting, clock, errors } = await post();
    await listen();
    await deliver().start();
    await add('hanh', 24, 'Kính gửi bà Hạnh,\n.\nXin chào: “Tin sáng”.\n');
    await clock.advance(1);
    await add('tam');
    await until('both', async () => smtp.mails.length === 2 && (await waiting()) === 0);
    expect(smtp.mails.map(({ from, to }) => [from, to])).toEqual([
      ['loa@xa.test', ['hanh@xa.test']],
      ['loa@xa.test', ['tam@xa.test']],
    ]);
    const [first] = smtp.mails;
    if (first === undefined) throw new Error('no mail');
    expect(textOf(first).trimEnd()).toBe('Kính gửi bà Hạnh,\n.\nXin chào: “Tin sáng”.');
    expect(headerOf(first, 'Subject')).toBe('Thông báo cho hanh');
    expect(headerOf(first, 'Message-ID')).toMatch(/^<loa-mai_[0-9a-z]{26}@loa-lang>$/);
    expect(headerOf(first, 'Auto-Submitted')).toBe('auto-generated');
    expect(headerOf(first, 'Content-Type')).toContain('text/plain');
    await clock.advance(HOUR_MS);
    expect([smtp.mails.length, errors]).toEqual([2, []]);
  });

  it('wait for a server that is away, with growing pauses, also over a restart', async () => {
    const { smtp, listen, deliver, add, waiting, clock, errors } = await post();
    const first = deliver();
    await first.start();
    await add('hanh');
    await clock.advance(1);
    await add('tam');
    await clock.advance(1);
    await until('the first attempt', async () => errors.length === 1);
    expect(errors).toEqual(['hanh: ESOCKET']);
    expect(await first.state()).toEqual({ waiting: 2, failing: 'ESOCKET' });
    // Whatever is added meanwhile does not make it ask more often.
    await add('bich');
    await clock.advance(29_000);
    expect(errors).toHaveLength(1);
    const attempts = async (span: number) => {
      const before = errors.length;
      for (let at = 0; at < span; at += 30_000) {
        await clock.advance(30_000);
        // What an attempt ends with is a pause: the next look finds it.
        await first.idle();
      }
      return errors.length - before;
    };
    await attempts(HOUR_MS);
    // Ten minutes at most, half of that at least.
    const later = await attempts(HOUR_MS);
    expect(later).toBeGreaterThanOrEqual(5);
    expect(later).toBeLessThanOrEqual(13);
    await first.stop();
    await listen();
    const second = deliver();
    await second.start();
    await until('all', async () => (await waiting()) === 0);
    expect(smtp.mails.map(({ to }) => to[0])).toEqual(['hanh@xa.test', 'tam@xa.test', 'bich@xa.test']);
    expect((await second.state()).failing).toBeNull();
  });

  it('are given up when what they tell is over', async () => {
    const { listen, smtp, deliver, add, waiting, clock, givenUp, errors } = await post();
    const delivery = deliver();
    await delivery.start();
    await add('hanh', 1);
    await add('tam', 24);
    await until('the first attempt', async () => errors.length > 0);
    await delivery.stop();
    await clock.advance(2 * HOUR_MS);
    await listen();
    await delivery.start();
    await until('the rest', async () => (await waiting()) === 0);
    expect(givenUp).toEqual(['hanh']);
    expect(smtp.mails.map(({ to }) => to)).toEqual([['tam@xa.test']]);
  });

  it('that the server refuses keep no other one back, and their address gets into no message', async () => {
    const { smtp, listen, deliver, add, waiting, clock, errors } = await post();
    await listen();
    smtp.unknown.add('cu@xa.test');
    const delivery = deliver();
    await delivery.start();
    await add('cu');
    await clock.advance(1);
    await add('tam');
    await until('the other', async () => smtp.mails.length === 1);
    expect(errors).toEqual(['cu: EENVELOPE 550']);
    await until('only the refused one to wait', async () => (await waiting()) === 1);
    expect(await delivery.state()).toEqual({ waiting: 1, failing: 'EENVELOPE 550' });
    smtp.unknown.clear();
    await clock.advance(2 * MINUTE_MS);
    await until('the refused one', async () => (await waiting()) === 0);
    expect((await delivery.state()).failing).toBeNull();
  });

  it('that were taken before a break are sent again as the same message', async () => {
    const { smtp, listen, deliver, add, waiting, errors } = await post();
    await listen();
    smtp.breaksOff = true;
    const first = deliver();
    await first.start();
    await add('hanh');
    await until('the break', async () => errors.length === 1);
    await first.stop();
    smtp.breaksOff = false;
    await deliver().start();
    await until('the end', async () => (await waiting()) === 0);
    expect(smtp.mails).toHaveLength(2);
    expect(new Set(smtp.mails.map((mail) => headerOf(mail, 'Message-ID'))).size).toBe(1);
    expect(new Set(smtp.mails.map((mail) => headerOf(mail, 'Date'))).size).toBe(1);
  });

  it('hold no stop up: a connection to a server that says nothing is broken off', async () => {
    const { smtp, listen, deliver, add, waiting, errors } = await post();
    await listen();
    smtp.silent = true;
    const delivery = deliver();
    await delivery.start();
    await add('hanh');
    await until('the connection', async () => smtp.connections === 1);
    const before = performance.now();
    await delivery.stop();
    // The mail server would be waited for 20 s.
    expect(performance.now() - before).toBeLessThan(10_000);
    await until('the connection to end', async () => smtp.connections === 0);
    expect([await waiting(), errors]).toEqual([1, []]);
  });
});
