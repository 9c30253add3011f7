import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { writeFileAtomic } from '#kit';
import { speakerSubscriptions } from '#protocols';
import { issueServer, makeAuthority } from '../../../server/tls/issue.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { HAMLETS } from '../http/support.ts';
import { ask, startSecure } from './support.ts';

const SPEAKER = 'loa-1';

function mqttOptions(secret: string, ca: string) {
  const common = { clientId: SPEAKER, username: SPEAKER, password: secret, keepalive: 60 };
  return { ...common, ca, protocolVersion: 4 as const, reconnectPeriod: 0 };
}

async function connected(url: string, secret: string, ca: string): Promise<MqttClient> {
  const client = await connectAsync(url, mqttOptions(secret, ca), false);
  onTestFinished(() => client.endAsync(true));
  return client;
}

it('serves HTTP, MQTT over WebSocket and MQTT with a certificate of its own authority', async () => {
  const { controller, url, port, mqttPort, ca } = await startSecure();
  expect(JSON.parse((await ask(`${url}/healthz`, { ca })).body)).toMatchObject({ alive: true });
  // Without the authority nobody believes it.
  await expect(ask(`${url}/healthz`)).rejects.toThrow(/self-signed certificate|unable to (get|verify)/);
  const provisioning = await controller.enrolAgent(SPEAKER, HAMLETS[0], tempDir('agent'));
  const { secret } = provisioning;
  expect(provisioning).toMatchObject({ ca, url });
  for (const address of [`wss://127.0.0.1:${port}/mqtt`, `mqtts://127.0.0.1:${mqttPort}`]) {
    const client = await connected(address, secret, ca);
    const [granted] = await client.subscribeAsync(speakerSubscriptions(SPEAKER, []), { qos: 1 });
    expect(granted?.qos).toBe(1);
  }
  const download = await ask(`${url}/api/v1/keys/authority`, { ca });
  expect([download.status, download.body]).toEqual([200, ca]);
  expect(download.headers['content-type']).toContain('x509');
});

it('tells who comes without TLS what is public and signed, sends readers to https, and takes nothing', async () => {
  const { url, port, mqttPort } = await startSecure();
  const plain = url.replace('https:', 'http:');
  const time = await ask(`${plain}/api/v1/time?nonce=${'n'.repeat(24)}`);
  expect([time.status, time.body.split('.').length]).toEqual([200, 3]);
  expect(JSON.parse((await ask(`${plain}/api/v1/keys/statements`)).body).statements).toHaveLength(1);
  const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  const moved = await ask(`${plain}/people?x=1`, { headers: page });
  expect([moved.status, moved.headers.location]).toEqual([308, `${url}/people?x=1`]);
  // A program would go on sending its token in clear, and never notice.
  const token = await ask(`${plain}/api/v1/areas?x=1`, { headers: { authorization: 'Bearer x' } });
  expect([token.status, token.headers.location]).toEqual([426, undefined]);
  for (const [method, path] of [
    ['POST', '/api/v1/time'],
    ['POST', '/api/v1/broadcasts'],
    ['DELETE', '/api/v1/areas'],
  ] as const)
    expect((await ask(plain + path, { method })).status).toBe(426);
  const upgrade = await ask(`${plain}/mqtt`, { headers: { connection: 'upgrade', upgrade: 'websocket' } });
  expect(upgrade.status).toBe(426);
  // A plain MQTT packet on the TLS port is no handshake.
  const socket = connectTcp(mqttPort, '127.0.0.1');
  socket.write(Buffer.from('101000044d5154540402003c0004746573740000', 'hex'));
  await once(socket, 'close');
  expect(socket.bytesRead).toBeLessThan(16);
  expect(port).not.toBe(mqttPort);
});

it('speaks no TLS below 1.2', async () => {
  const { port, mqttPort, ca } = await startSecure();
  for (const at of [port, mqttPort]) {
    const old = connect({
      port: at,
      host: '127.0.0.1',
      ca,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(once(old, 'secureConnect')).rejects.toThrow(/protocol|version|alert/i);
  }
});

it.each(['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES256-GCM-SHA384'])(
  'speaks no %s: of TLS 1.2 only what is authenticated and has forward secrecy',
  async (ciphers) => {
    const { port, mqttPort, ca } = await startSecure();
    for (const at of [port, mqttPort]) {
      const common = { port: at, host: '127.0.0.1', ca, maxVersion: 'TLSv1.2' } as const;
      await expect(once(connect({ ...common, ciphers }), 'secureConnect')).rejects.toThrow(
        /handshake|alert/i,
      );
      const good = connect(common);
      await once(good, 'secureConnect');
      expect(good.getCipher().name).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
      good.destroy();
    }
  },
);

it('takes a renewed certificate from its files for new connections, and lets those that stand go on', async () => {
  const folder = tempDir('tls-files');
  const authority = await makeAuthority(Date.now());
  const files = { key: join(folder, 'tls.key'), cert: join(folder, 'tls.crt'), ca: join(folder, 'ca.crt') };
  const put = async (names: readonly string[]) => {
    const issued = await issueServer(authority, names, Date.now());
    await writeFileAtomic(files.key, issued.key);
    await writeFileAtomic(files.cert, issued.cert);
  };
  await put(['127.0.0.1']);
  await writeFileAtomic(files.ca, authority.cert);
  const { controller, url, port, mqttPort } = await startSecure({
    LOA_TLS_KEY: files.key,
    LOA_TLS_CERT: files.cert,
    LOA_TLS_CA: files.ca,
  });
  const given = await controller.enrolAgent(SPEAKER, HAMLETS[0], tempDir('agent'));
  expect(given.ca).toBe(authority.cert);
  const client = await connected(`wss://127.0.0.1:${port}/mqtt`, given.secret, authority.cert);
  let closed = false;
  client.on('close', () => {
    closed = true;
  });
  await put(['127.0.0.1', 'renewed.test']);
  const nameOn = async (at: number) => {
    const socket = connect({ port: at, host: '127.0.0.1', ca: authority.cert });
    await once(socket, 'secureConnect');
    const { subjectaltname = '' } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  };
  for (const at of [port, mqttPort])
    await until(
      'the renewed certificate',
      async () => (await nameOn(at)).includes('renewed.test'),
      30_000,
      200,
    );
  expect(closed).toBe(false);
  await client.publishAsync(`loa/1/speaker/${SPEAKER}/up/time`, '{}', { qos: 0 });
  expect((await ask(`${url}/healthz`, { ca: authority.cert })).status).toBe(200);
}, 60_000);

it('stops at once while a connection has said nothing yet, and one without TLS is open', async () => {
  const { controller, port } = await startSecure();
  const silent = connectTcp(port, '127.0.0.1');
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  const startedAt = performance.now();
  await controller.stop();
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
