import { once } from 'node:events';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { connectAsync } from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { writeFileAtomic } from '#kit';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { testAgent } from '../agent/test-agent.ts';
import { HAMLETS } from '../http/support.ts';
import { ask, selfSigned, startSecure } from './support.ts';

const SPEAKER = 'loa-1';

it('lets no loudspeaker in without a certificate of the named authority, and asks browsers for none', async () => {
  const [shown, wrong] = [await selfSigned('a'), await selfSigned('b')];
  const file = join(tempDir('client-ca'), 'ca.pem');
  await writeFileAtomic(file, shown.cert);
  const { controller, url, port, mqttPort, ca } = await startSecure({ LOA_TLS_CLIENT_CA: file });
  const folder = tempDir('agent');
  const provisioning = await controller.enrolAgent(SPEAKER, HAMLETS[0], folder);
  expect((await ask(`${url}/healthz`, { ca })).status).toBe(200);

  const basic = Buffer.from(`${SPEAKER}:${provisioning.secret}`).toString('base64');
  const headers = { authorization: `Basic ${basic}` };
  const path = `${url}/api/v1/plans/${'0'.repeat(64)}`;
  const common = {
    clientId: SPEAKER,
    username: SPEAKER,
    password: provisioning.secret,
    ca,
    reconnectPeriod: 0,
  };
  for (const certificate of [{}, wrong]) {
    for (const address of [`wss://127.0.0.1:${port}/mqtt`, `mqtts://127.0.0.1:${mqttPort}`])
      await expect(connectAsync(address, { ...common, ...certificate }, false)).rejects.toThrow();
    expect((await ask(path, { ca, headers, ...certificate })).status).toBe(401);
  }
  for (const address of [`wss://127.0.0.1:${port}/mqtt`, `mqtts://127.0.0.1:${mqttPort}`]) {
    const client = await connectAsync(address, { ...common, ...shown }, false);
    await client.endAsync(true);
  }
  expect((await ask(path, { ca, headers, ...shown })).status).not.toBe(401);
  const agent = testAgent(folder, provisioning, { clientCertificate: shown });
  await agent.start();
  await until('the agent to be welcomed', () => agent.link.online);
  const socket = connect({ port, host: '127.0.0.1', ca });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
});
