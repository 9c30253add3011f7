import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BackupSheet,
  exportSigningKey,
  generateSigningKey,
  type LinkView,
  type TokenCreate,
} from '#protocols';
import { exchangeCode } from '../../../device-agent/enrol/exchange.ts';
import { freePort } from '../../../server/demo/free-port.ts';
import { createLogger } from '../../../server/logger.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { until } from '../../helpers/until.ts';
import { enter, invitationOf } from '../http/enrolment-support.ts';
import { COMMUNE, speechLikeWav, startControllerForFile, type TestController } from '../http/support.ts';
import { TestSpeaker } from '../mqtt/test-speaker.ts';
import { ORIGIN, PASSWORD, People, secretOf } from './support.ts';

const SMTP_PASSWORD = 'mat-khau-may-thu';
const WRONG = 'một mật khẩu gõ sai';

/** The forms in which a secret could stand in a text. */
function formsOf(secret: string | Buffer): string[] {
  const bytes = Buffer.from(secret as string);
  const encoded = [
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
  return typeof secret === 'string' ? [secret, encodeURIComponent(secret), ...encoded] : encoded;
}

/** Names of the secrets that a text has in it. */
function leaked(text: string, secrets: ReadonlyMap<string, string | Buffer>): string[] {
  return [...secrets].flatMap(([name, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [name] : [],
  );
}

describe('at the level "trace", through the whole life of a commune', { timeout: 90_000 }, () => {
  const secrets = new Map<string, string | Buffer>();
  const lines: string[] = [];
  const log = createLogger(
    'trace',
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString('utf8'));
        done();
      },
    }),
  );
  let controller: TestController;

  const know = (name: string, secret: string | Buffer | null | undefined) => {
    if (secret === null || secret === undefined || secret.length < 6) throw new Error(`${name} is no secret`);
    secrets.set(name, secret);
  };

  const clock = new FakeClock();
  beforeAll(async () => {
    controller = await startControllerForFile(
      { clock, log },
      {
        ...{ LOA_PUBLIC_URL: ORIGIN, LOA_TLS: 'off' },
        LOA_AUDIT_HEADS_MAIL: 'a@xa.test',
        LOA_MAIL_FROM: 'loa@xa.test',
        LOA_SMTP_URL: `smtp://loa:${SMTP_PASSWORD}@127.0.0.1:${await freePort()}`,
      },
      [],
    );
    const people = new People(controller, clock);
    know('password', PASSWORD);
    know('mistyped password', WRONG);
    know('password of the mail server', SMTP_PASSWORD);
    await livePeople(people);
    await liveSpeaker();
    await liveRest();
    for (const name of await readdir(join(controller.folder, 'data', 'keys')))
      if (/\.(pem|key)$/.test(name))
        for (const line of (await readFile(join(controller.folder, 'data', 'keys', name), 'utf8')).split(
          '\n',
        ))
          if (line.length > 20 && !line.startsWith('---')) know(`${name}`, line);
  }, 90_000);
  afterAll(() => controller.stop());

  /** First administrator, second factor, invitation, reset, pairing, token; everything mistyped once. */
  async function livePeople(people: People): Promise<void> {
    const setup = controller.context.services.people.setup.link();
    know('setup link', secretOf(setup));
    await people
      .browser()
      .post('setup', { secret: `${secretOf(setup)}x`, name: 'a', displayName: 'A', password: WRONG });
    const { admin, secret, recoveryCodes } = await people.setUp();
    know('TOTP secret', secret);
    for (const code of recoveryCodes) know(`recovery code ${code.slice(0, 2)}`, code);
    know('cookie of the administrator', admin.cookie);
    const browser = people.browser();
    await browser.login('quan-tri', WRONG);
    people.clock.jump(60_000);
    const code = people.code(secret);
    know('TOTP code', code);
    await browser.login('quan-tri', PASSWORD, { code: '000000' });
    await browser.login('quan-tri', PASSWORD, { code });
    await browser.login('quan-tri', PASSWORD, { code: recoveryCodes[0] ?? '' });
    know('cookie of another session', browser.cookie);
    const grants = [{ role: 'chairman', areas: [COMMUNE] }];
    const invited = await admin.post<{ link: LinkView }>('accounts', {
      name: 'tam',
      displayName: 'Tám',
      grants,
      email: 'tam.rieng@xa.test',
    });
    know('mail address', 'tam.rieng@xa.test');
    know('invitation', secretOf(invited.body.link.url));
    await people
      .browser()
      .post('links/password', { secret: secretOf(invited.body.link.url), password: PASSWORD });
    const pairing = await admin.post<LinkView>('accounts/tam/pairing');
    know('pairing link', secretOf(pairing.body.url));
    await people.browser().post('links/pair', { secret: secretOf(pairing.body.url), password: WRONG });
    const reset = await admin.post<LinkView>('accounts/tam/reset', { reason: 'quên' });
    know('reset link', secretOf(reset.body.url));
    const wanted: TokenCreate = {
      ...{ name: 'may', grants: [{ role: 'viewer', areas: [COMMUNE] }], scope: ['area:read'] },
      expiresAt: people.clock.now() + 24 * 3_600_000,
    };
    const made = await admin.post<{ secret: string }>('tokens', wanted);
    know('API token', made.body.secret);
    for (const url of ['/api/v1/areas', '/api/v1/nowhere', '/api/v1/accounts'])
      await controller.app.inject({ url, headers: { authorization: `Bearer ${made.body.secret}` } });
    await controller.app.inject({
      url: '/api/v1/areas',
      headers: { authorization: `Bearer ${made.body.secret}y` },
    });
  }

  /** Enrolment, MQTT with the right and a wrong secret, rubbish, a fetch over HTTP. */
  async function liveSpeaker(): Promise<void> {
    const code = await enter(controller);
    know('enrolment code', code.code);
    const key = generateSigningKey();
    const pem = exportSigningKey(key).split('\n')[1];
    know('private key of the loudspeaker', pem);
    const { secret } = await exchangeCode(invitationOf(code), key, controller.enrolmentPost);
    know('MQTT secret', secret);
    await controller.app.listen({ host: '127.0.0.1', port: 0 });
    const url = controller.app.listeningOrigin.replace('http', 'ws');
    const wrong = new TestSpeaker({ id: 'loa-1', secret: `${secret.slice(1)}z`, url: `${url}/mqtt` });
    await wrong.connect().catch(() => undefined);
    const speaker = new TestSpeaker({ id: 'loa-1', secret, key, url: `${url}/mqtt` });
    await speaker.connect([COMMUNE, 'ap-1']);
    await speaker.send('hello', speaker.hello());
    await until('the loudspeaker to be welcomed', async () => {
      await clock.advance(100);
      return speaker.received.some(({ name }) => name === 'welcome');
    });
    await speaker.send('answer', `{"v":1,"secret":"${secret}"`);
    await speaker.send('health', speaker.health());
    const basic = Buffer.from(`loa-1:${secret}`).toString('base64');
    know('basic authorization', basic);
    await controller.app.inject({
      url: `/api/v1/media/${'a'.repeat(64)}`,
      headers: { authorization: `Basic ${basic}` },
    });
    speaker.cut();
  }

  /** Backup passphrase, audio good and broken, a mail that does not go out. */
  async function liveRest(): Promise<void> {
    const sheet = await controller.post<BackupSheet>('administrator', 'backups/passphrase', {});
    know('backup passphrase', sheet.body.passphrase);
    const wav = speechLikeWav();
    // Somewhere in the middle of what was uploaded.
    know('audio', wav.subarray(20_000, 20_048));
    await controller.upload('editor', COMMUNE, wav);
    await controller.upload(
      'editor',
      COMMUNE,
      Buffer.concat([Buffer.from('RIFFxxxx'), wav.subarray(9_000, 30_000)]),
    );
    await controller.post('auditor', 'audit/heads', {});
    await until('the mails to have failed', () =>
      ['head of the audit log could not', 'a mail could not'].every((said) =>
        lines.some((line) => line.includes(said)),
      ),
    );
  }

  it('logs a lot, and no secret and no audio', () => {
    const text = lines.join('');
    expect(lines.length).toBeGreaterThan(20);
    expect(secrets.size).toBeGreaterThan(25);
    expect(leaked(text, secrets)).toEqual([]);
    // Control characters do not hide anything: every line is one JSON object.
    for (const line of text.trim().split('\n')) expect(typeof JSON.parse(line)).toBe('object');
  });

  it('keeps none in the audit log either', async () => {
    const { services, storage } = controller.context;
    await services.refusals.flush();
    const { read } = storage;
    const kept = JSON.stringify(await read.audit.list(1, 10_000));
    expect(kept).toContain('login.failed');
    expect(leaked(kept, secrets)).toEqual([]);
  });

  it('is seen to look: what is planted is found, in whatever form', () => {
    for (const [name, secret] of secrets)
      for (const form of formsOf(secret))
        expect(leaked(JSON.stringify({ msg: `x ${form} y` }), new Map([[name, secret]]))).toEqual([name]);
    log.info({ detail: { code: secrets.get('enrolment code') } }, 'planted');
    expect(leaked(lines.at(-1) ?? '', secrets)).toEqual(['enrolment code']);
  });
});
