import { describe, expect, it } from 'vitest';
import { loadConfig, SERVER_VARIABLES } from '../../../server/config/index.ts';

describe('the settings', () => {
  it('have a default for everything', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      port: 8080,
      // A commune that sets nothing gets TLS: a phone records only there.
      tls: { mode: 'own', files: null, caFile: null, clientCaFile: null },
      mqttPort: 8883,
      externalBroker: null,
      mail: null,
      rootArea: { id: 'xa', kind: 'xã', name: 'Chưa đặt tên' },
    });
    expect(config.databaseUrl).toBe(`file:${config.dataFolder}/loa.db`);
    expect(config.publicUrl).toMatch(/^https:\/\/[\d.]+:8080$/);
  });

  it('take user and password out of a broker’s address', () => {
    const { externalBroker } = loadConfig({ LOA_MQTT_URL: 'mqtts://loa:m%40t@broker.example:8883' });
    expect(externalBroker).toEqual({ url: 'mqtts://broker.example:8883', username: 'loa', password: 'm@t' });
  });

  it.each([
    [{ LOA_PORT: '0' }, 'LOA_PORT is "0"'],
    [{ LOA_PORT: '8883' }, 'LOA_MQTT_PORT is "8883": expected another port than LOA_PORT (8883)'],
    [{ LOA_PUBLIC_URL: 'http://x/y' }, 'LOA_PUBLIC_URL is "http://x/y"'],
    [{ LOA_PUBLIC_URL: 'loa.vn' }, 'LOA_PUBLIC_URL is "loa.vn"'],
    [{ LOA_MQTT_URL: 'mqtt:/x' }, 'LOA_MQTT_URL'],
    [{ LOA_TLS_KEY: '/x.key' }, 'LOA_TLS_KEY is "/x.key": expected an existing PEM file'],
    [{ LOA_TLS: 'files' }, 'LOA_TLS_KEY is "": expected an existing PEM file'],
    [{ LOA_TLS: 'on' }, 'LOA_TLS is "on": expected one of off, files, own'],
    [
      { LOA_TLS: 'own', LOA_PUBLIC_URL: 'http://loa.vn' },
      'LOA_PUBLIC_URL is "http://loa.vn": expected https://',
    ],
    [{ LOA_TLS: 'off', LOA_TLS_CLIENT_CA: '/x.crt' }, 'LOA_TLS_CLIENT_CA'],
    [{ LOA_MORE_URLS: 'https://a.vn ftp://b.vn' }, 'LOA_MORE_URLS is "ftp://b.vn"'],
    [{ LOA_TLS: 'own', LOA_TLS_KEY: '/x.key' }, 'LOA_TLS is "own": expected "files"'],
    [{ LOA_AREA: 'Tân An' }, 'LOA_AREA is "Tân An": expected id/kind/name'],
    [{ LOA_MORNING_START: '05:00' }, 'LOA_MORNING_START is "05:00": expected a time from 05:30 to 08:00'],
    [{ LOA_MORNING_START: '6 giờ' }, 'LOA_MORNING_START is "6 giờ"'],
    [{ LOA_FFMPEG: '/usr/bin/ffmpeg' }, 'LOA_FFPROBE'],
    [{ LOA_FFMPEG: 'ffmpeg', LOA_FFPROBE: '/x' }, 'LOA_FFMPEG is "ffmpeg": expected an absolute path'],
    [{ LOA_SMTP_URL: 'smtp://loa:mat-khau@thu.test' }, 'LOA_MAIL_FROM is "": expected a mail address'],
    [{ LOA_MAIL_FROM: 'loa@xa.test' }, 'LOA_SMTP_URL is "…": expected "smtp://"'],
    [{ LOA_MAIL_FROM: 'loa@xa.test', LOA_SMTP_URL: 'http://loa:mat-khau@x' }, 'LOA_SMTP_URL is "…"'],
    [{ LOA_MAIL_FROM: 'Loa <loa@xa.test>', LOA_SMTP_URL: 'smtp://thu.test' }, 'LOA_MAIL_FROM'],
    [{ LOA_AUDIT_HEADS_MAIL: 'a@xa.test' }, 'LOA_MAIL_FROM is "": expected a mail address'],
    [{ LOA_UPLOAD_LIMIT_MB: '1.5' }, 'LOA_UPLOAD_LIMIT_MB is "1.5": expected a whole number'],
    [{ LOA_DATABASE_URL: 'mysql://me:secret@h/d' }, 'LOA_DATABASE_URL is "mysql://…@h/d"'],
    // Characters that a URL wants encoded: a password is still not repeated.
    [{ LOA_DATABASE_URL: 'mysql://me:s/e@cret@h/d' }, 'LOA_DATABASE_URL is "mysql://…@h/d"'],
  ])('refuse %j', (env, message) => {
    expect(() => loadConfig(env)).toThrow(message);
  });

  it.each([
    [{ LOA_PUBLIC_URL: 'http://loa.vn:8080' }, { tls: { mode: 'off' }, mqttPort: 1883 }],
    [{ LOA_PUBLIC_URL: 'https://loa.vn' }, { tls: { mode: 'own' }, mqttPort: 8883 }],
    [
      { LOA_SMTP_URL: 'smtps://thu.test', LOA_MAIL_FROM: 'loa@xa.test', LOA_AUDIT_HEADS_MAIL: 'a@b' },
      { mail: { smtpUrl: 'smtps://thu.test', from: 'loa@xa.test' }, auditHeads: { mailTo: ['a@b'] } },
    ],
    [
      { LOA_PUBLIC_URL: 'https://loa.vn', LOA_TLS: 'off' },
      { tls: { mode: 'off' }, mqttPort: 1883 },
    ],
    [
      { LOA_MORE_URLS: ' https://a.vn  mqtts://b.vn:8883 ' },
      { moreUrls: ['https://a.vn', 'mqtts://b.vn:8883'] },
    ],
  ])('follow from one another: %j', (env, expected) => {
    expect(loadConfig(env)).toMatchObject(expected);
  });

  it('are documented', () => {
    for (const { name, meaning } of Object.values(SERVER_VARIABLES)) {
      expect(name).toMatch(/^LOA_[A-Z_]+$/);
      expect(meaning.length).toBeGreaterThan(20);
    }
  });
});
