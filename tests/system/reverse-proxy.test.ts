import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { locateBinaries } from '#media';
import type { EnrolmentCode } from '#protocols';
import { freePort } from '../../server/demo/free-port.ts';
import { BROKER_LIMITS } from '../../server/mqtt/broker.ts';
import { issueServer, makeAuthority } from '../../server/tls/issue.ts';
import { AgentProcess } from '../helpers/processes.ts';
import { inRepo } from '../helpers/repo-root.ts';
import { executable, itWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { ask } from '../integration/tls/support.ts';
import { AREA, Commune } from './support/commune.ts';

const ID = 'loa-ap-1';
const FORGED = '203.0.113.9';

/** The text of docs/network.md with other ports, names and certificates, and nothing else changed. */
async function documented(places: Readonly<Record<string, string>>): Promise<string> {
  const page = await readFile(inRepo('docs/network.md'), 'utf8');
  let text = /^```nginx\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '';
  for (const [written, here] of Object.entries(places)) {
    expect(text, 'docs/network.md').toContain(written);
    text = text.replaceAll(written, here);
  }
  return text;
}

/** nginx with these servers, in its own folder. */
async function startNginx(folder: string, servers: string): Promise<void> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const file = join(folder, 'nginx.conf');
  await writeFile(
    file,
    [
      // Its workers read and write in a folder of ours.
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      `pid ${folder}/pid; error_log ${folder}/error.log; daemon off;`,
      'events { worker_connections 4096; }',
      'http {',
      'access_log off;',
      ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
      servers,
      '}',
    ].join('\n'),
  );
  const program = executable('nginx', ['/usr/sbin']) ?? '';
  const nginx: ChildProcess = spawn(program, ['-p', folder, '-c', file, '-e', `${folder}/error.log`], {
    stdio: 'ignore',
  });
  const gone = once(nginx, 'exit');
  onTestFinished(async () => {
    nginx.kill('SIGTERM');
    await gone;
  });
}

/** The same socket once it is open. */
async function opened(socket: WebSocket): Promise<WebSocket> {
  await once(socket, 'open');
  // What comes of it is asked for by whoever wants to know.
  socket.on('error', () => undefined);
  return socket;
}

/** MQTT's CONNECT with a name and a password that are of nobody. */
function connectPacket(name: string): Buffer {
  const text = Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name)]);
  const body = Buffer.concat([Buffer.from([0, 4, 77, 81, 84, 84, 4, 0xc2, 0, 60]), text, text, text]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

itWith(
  ['nginx'],
  'the nginx of the handbook leads people and loudspeakers in, and nobody comes from where he says',
  async () => {
    const folder = tempDir('proxy');
    const [port, plainPort] = [await freePort(), await freePort()];
    const url = `https://localhost:${port}`;
    const commune = new Commune({
      folder,
      env: { LOA_TLS: 'off', LOA_PUBLIC_URL: url, LOA_MQTT_PORT: 'off' },
    });
    onTestFinished(() => commune.stop());
    await commune.start();
    const authority = await makeAuthority(Date.now());
    const { key, cert } = await issueServer(authority, ['localhost'], Date.now());
    const ca = authority.cert;
    await writeFile(join(folder, 'key.pem'), key);
    await writeFile(join(folder, 'cert.pem'), cert);
    await writeFile(join(folder, 'ca.pem'), ca);
    const servers = await documented({
      'listen 80;': `listen 127.0.0.1:${plainPort};`,
      'listen 443 ssl;': `listen 127.0.0.1:${port} ssl;`,
      'server_name loa.xa-tan-an.vn;': 'server_name localhost;',
      '/etc/letsencrypt/live/loa.xa-tan-an.vn/fullchain.pem': join(folder, 'cert.pem'),
      '/etc/letsencrypt/live/loa.xa-tan-an.vn/privkey.pem': join(folder, 'key.pem'),
      'http://127.0.0.1:8080': commune.controller.url,
    });
    await startNginx(folder, servers);
    await expect
      .poll(() => ask(`${url}/healthz`, { ca }).catch(() => null), { timeout: 20_000 })
      .toMatchObject({ status: 200 });

    // Port 80 answers what is signed, and takes nothing.
    const plain = `http://localhost:${plainPort}`;
    const time = await ask(`${plain}/api/v1/time?nonce=${'n'.repeat(24)}`);
    expect([time.status, time.body.split('.').length]).toEqual([200, 3]);
    expect((await ask(`${plain}/api/v1/keys/statements`)).status).toBe(200);
    expect((await ask(`${plain}/api/v1/areas`)).status).toBe(426);
    const page = await ask(`${plain}/people`);
    expect([page.status, page.headers.location]).toEqual([308, 'https://localhost/people']);

    // Limits and audit log go by the address from which somebody came to the proxy.
    const refused = await fetch(`${commune.controller.url}/api/v1/areas`, {
      headers: { authorization: 'Bearer nobody', 'x-forwarded-for': FORGED },
    });
    expect(refused.status, 'who stands before the controller is believed').toBe(401);
    const headers = { authorization: 'Bearer nobody', 'x-forwarded-for': '198.51.100.7' };
    expect((await ask(`${url}/api/v1/areas`, { ca, headers })).status).toBe(401);
    const admin = commune.controller.as('administrator');
    const origins = async () => {
      const { entries } = await admin.get<{ entries: { origin: string | null }[] }>('/audit?limit=100');
      return entries.map(({ origin }) => origin);
    };
    await expect.poll(origins, { timeout: 20_000 }).toContain(FORGED);
    expect(await origins()).not.toContain('198.51.100.7');

    // So do those on connections that nobody has logged in on: a stranger who holds all that one address may keeps nobody else out.
    const address = `${commune.controller.url.replace('http', 'ws')}/mqtt`;
    const held = Array.from({ length: BROKER_LIMITS.pendingPerAddress }, () =>
      opened(new WebSocket(address, 'mqtt', { headers: { 'x-forwarded-for': FORGED } })),
    );
    const strangers = await Promise.all(held);
    const other = await opened(new WebSocket(`wss://localhost:${port}/mqtt`, 'mqtt', { ca }));
    const answer = once(other, 'message', { signal: AbortSignal.timeout(10_000) });
    other.send(connectPacket('nobody'));
    expect((await answer)[0], 'CONNACK: bad user name or password').toEqual(Buffer.from([0x20, 2, 0, 4]));
    for (const socket of [...strangers, other]) socket.terminate();

    // A loudspeaker through it: enrolment, connection, audio, receipt.
    const technician = commune.controller.as('technician');
    const body = { id: ID, areaId: AREA, name: 'Cụm loa ấp 1' };
    const { enrolment } = await technician.post<{ enrolment: EnrolmentCode }>('/speakers', body);
    const agentFolder = join(folder, 'agent');
    await mkdir(agentFolder);
    const file = join(agentFolder, 'provisioning.json');
    const trusts = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
    await promisify(execFile)(
      process.execPath,
      [inRepo('device-agent/dist/loa-agent.mjs'), 'enrol', '--uri', enrolment.uri],
      {
        env: {
          ...process.env,
          ...trusts,
          LOA_AGENT_DATA: join(agentFolder, 'data'),
          LOA_AGENT_PROVISIONING: file,
        },
      },
    );
    const provisioning = JSON.parse(await readFile(file, 'utf8')) as object;
    expect(provisioning).toMatchObject({ url });
    const { ffmpeg } = await locateBinaries();
    const loudspeaker = new AgentProcess({
      ...{ folder: agentFolder, provisioning, env: { ...trusts, LOA_AGENT_FFMPEG: ffmpeg } },
    });
    onTestFinished(() => loudspeaker.end('SIGKILL'));
    await loudspeaker.start();
    await commune.online(ID);
    const prepared = await commune.prepare({ seconds: 1, seed: 48 });
    const { id } = await commune.play(prepared, [ID]);
    expect(await commune.settled(id, ID)).toMatchObject({ state: 'finished', played: true });
  },
  120_000,
);
