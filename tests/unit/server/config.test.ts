import { describe, expect, it } from 'vitest';
import { loadConfig, SERVER_VARIABLES } from '../../../server/config/index.ts';

describe('the settings', () => {
  it('have a default for everything', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      port: 8080,
      mqttPort: 1883,
      mqttTls: null,
      externalBroker: null,
      rootArea: { id: 'xa', kind: 'xã', name: 'Chưa đặt tên' },
    });
    expect(config.databaseUrl).toBe(`file:${config.dataFolder}/loa.db`);
    expect(config.publicUrl).toMatch(/^http:\/\/[\d.]+:8080$/);
  });

  it('take user and password out of a broker’s address', () => {
    const { externalBroker } = loadConfig({ LOA_MQTT_URL: 'mqtts://loa:m%40t@broker.example:8883' });
    expect(externalBroker).toEqual({ url: 'mqtts://broker.example:8883', username: 'loa', password: 'm@t' });
  });

  it.each([
    [{ LOA_PORT: '0' }, 'LOA_PORT is "0"'],
    [{ LOA_PORT: '1883' }, 'LOA_MQTT_PORT is "1883": expected another port than LOA_PORT (1883)'],
    [{ LOA_PUBLIC_URL: 'http://x/y' }, 'LOA_PUBLIC_URL is "http://x/y"'],
    [{ LOA_PUBLIC_URL: 'loa.vn' }, 'LOA_PUBLIC_URL is "loa.vn"'],
    [{ LOA_MQTT_URL: 'mqtt:/x' }, 'LOA_MQTT_URL'],
    [{ LOA_MQTT_TLS_KEY: '/x.key' }, 'LOA_MQTT_TLS_CERT is "": expected a PEM file'],
    [
      { LOA_MQTT_TLS_KEY: '/x.key', LOA_MQTT_TLS_CERT: '/x.crt' },
      'LOA_MQTT_TLS_KEY is "/x.key": expected an existing PEM file',
    ],
    [{ LOA_AREA: 'Tân An' }, 'LOA_AREA is "Tân An": expected id/kind/name'],
    [{ LOA_MORNING_START: '05:00' }, 'LOA_MORNING_START is "05:00": expected a time from 05:30 to 08:00'],
    [{ LOA_MORNING_START: '6 giờ' }, 'LOA_MORNING_START is "6 giờ"'],
    [{ LOA_FFMPEG: '/usr/bin/ffmpeg' }, 'LOA_FFPROBE'],
    [{ LOA_FFMPEG: 'ffmpeg', LOA_FFPROBE: '/x' }, 'LOA_FFMPEG is "ffmpeg": expected an absolute path'],
    [{ LOA_UPLOAD_LIMIT_MB: '1.5' }, 'LOA_UPLOAD_LIMIT_MB is "1.5": expected a whole number'],
    [{ LOA_DATABASE_URL: 'mysql://me:secret@h/d' }, 'LOA_DATABASE_URL is "mysql://…@h/d"'],
    // Characters that a URL wants encoded: a password is still not repeated.
    [{ LOA_DATABASE_URL: 'mysql://me:s/e@cret@h/d' }, 'LOA_DATABASE_URL is "mysql://…@h/d"'],
  ])('refuse %j', (env, message) => {
    expect(() => loadConfig(env)).toThrow(message);
  });

  it('are documented', () => {
    for (const { name, meaning } of Object.values(SERVER_VARIABLES)) {
      expect(name).toMatch(/^LOA_[A-Z_]+$/);
      expect(meaning.length).toBeGreaterThan(20);
    }
  });
});
