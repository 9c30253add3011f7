import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { createServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { type EnrolmentCode, type Provisioning, readEnrolmentUri } from '#protocols';
import { enrol } from '../../../device-agent/enrol/enrol.ts';
import { issueServer, makeAuthority } from '../../../server/tls/issue.ts';
import { AgentProcess } from '../../helpers/processes.ts';
import { describeWith, fakeTimeLibrary } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { testAgent } from '../agent/test-agent.ts';
import { HAMLETS, type TestController } from '../http/support.ts';
import { startSecure } from './support.ts';

const SPEAKER = 'loa-1';

async function enter(controller: TestController, dataFolder = tempDir('agent')): Promise<Provisioning> {
  return controller.enrolAgent(SPEAKER, HAMLETS[0], dataFolder);
}

async function linkOf(controller: TestController): Promise<string | undefined> {
  const { body } = await controller.call<{ status: { link: string } | null }>(
    'technician',
    'GET',
    `speakers/${SPEAKER}`,
  );
  return body.status?.link;
}

/** Welcomed; rejects when that takes too long. */
async function online(agent: ReturnType<typeof testAgent>): Promise<void> {
  await until('the agent to be welcomed', () => agent.link.online, 20_000);
}

describe('a loudspeaker that pins the authority of its controller', () => {
  it('connects by HTTPS and by MQTT over TLS, verified in full', async () => {
    const { controller, url } = await startSecure();
    const folder = tempDir('agent');
    const provisioning = await enter(controller, folder);
    expect(provisioning.ca).toContain('BEGIN CERTIFICATE');
    const agent = testAgent(folder, provisioning);
    await agent.start();
    await online(agent);
    await until('trusted time', () => agent.keeper.time.now().trust === 'trusted');
    await until('an assignment', () => agent.assignments.held !== null);
    await until('the controller to see it', async () => (await linkOf(controller)) === 'online');
    expect(provisioning.url).toBe(url);
  });

  it('enrols over HTTPS with nothing but its code, pins the authority, and believes no other controller', async () => {
    const { controller, url, ca } = await startSecure();
    const body = { id: SPEAKER, areaId: HAMLETS[0], name: 'Cụm loa' };
    const { body: made } = await controller.post<{ enrolment: EnrolmentCode }>(
      'technician',
      'speakers',
      body,
    );
    const invitation = readEnrolmentUri(made.enrolment.uri);
    expect(invitation.url).toBe(url);
    const dataFolder = tempDir('agent');
    const provisioningFile = join(dataFolder, 'provisioning.json');
    const clock = new SystemClock();
    // Another controller at the same kind of address: its certificate is not what is asked, and the code is what it lacks.
    const other = await startSecure();
    await expect(
      enrol({ invitation: { ...invitation, url: other.url }, dataFolder, provisioningFile, clock }),
    ).rejects.toMatchObject({ code: 'enrolment.unproved' });
    const provisioning = await enrol({ invitation, dataFolder, provisioningFile, clock });
    expect([provisioning.ca, provisioning.url]).toEqual([ca, url]);
    const agent = testAgent(dataFolder, provisioning);
    await agent.start();
    await online(agent);
  });

  it('shows its secret to nobody whose certificate another authority signed, or one for another name', async () => {
    const { controller } = await startSecure();
    const provisioning = await enter(controller);
    const stranger = await makeAuthority(Date.now());
    const own = await makeAuthority(Date.now());
    for (const [ca, issued] of [
      [own.cert, await issueServer(stranger, ['127.0.0.1'], Date.now())],
      [own.cert, await issueServer(own, ['192.0.2.1', 'loa.test'], Date.now())],
    ] as const) {
      let heard = Buffer.alloc(0);
      let shakes = 0;
      const impostor = createServer({ key: issued.key, cert: issued.cert }, (socket) => {
        socket.on('error', () => undefined);
        socket.on('data', (data: Buffer) => {
          heard = Buffer.concat([heard, data]);
        });
      });
      impostor.on('tlsClientError', () => {
        shakes += 1;
      });
      impostor.on('secureConnection', () => {
        shakes += 1;
      });
      impostor.listen(0, '127.0.0.1');
      await once(impostor, 'listening');
      const { port } = impostor.address() as AddressInfo;
      const agent = testAgent(tempDir('agent'), { ...provisioning, url: `https://127.0.0.1:${port}`, ca });
      await agent.start();
      await until('attempts at the impostor', () => shakes >= 3);
      expect([agent.link.online, heard.length]).toEqual([false, 0]);
      await agent.stop();
      impostor.close();
    }
  });

  it('never leaves TLS for an address that an assignment adds', async () => {
    const { controller } = await startSecure({ LOA_MORE_URLS: 'http://127.0.0.1:9 https://127.0.0.1:9' });
    const folder = tempDir('agent');
    const agent = testAgent(folder, await enter(controller, folder));
    await agent.start();
    await online(agent);
    await until('an assignment', () => agent.assignments.held !== null);
    expect(agent.assignments.held?.assignment.endpoints).toEqual([
      'http://127.0.0.1:9',
      'https://127.0.0.1:9',
    ]);
    expect(agent.endpoints.all()).toEqual([await controllerUrl(controller), 'https://127.0.0.1:9']);
  });
});

async function controllerUrl(controller: TestController): Promise<string> {
  return controller.context.config.publicUrl;
}

describeWith(['faketime'], 'a loudspeaker whose clock shows 1970', () => {
  it('fetches signed time without TLS and without its secret, sets its clock, and connects with full verification', async () => {
    const { controller, port } = await startSecure();
    const line = await recordedLine(port);
    const folder = tempDir('agent-1970');
    const entered = await enter(controller, join(folder, 'data'));
    const provisioning = { ...entered, url: `https://127.0.0.1:${line.port}` };
    const [clockFile, bin] = [join(folder, 'clock'), join(folder, 'bin')];
    await mkdir(bin, { recursive: true });
    await writeFile(clockFile, `-${Math.floor(Date.now() / 1000) - 600}s`);
    // The machine's `date -u -s @seconds`: sets the clock that the agent's process sees.
    await writeFile(
      join(bin, 'date'),
      `#!/bin/sh\necho "$3" > ${folder}/set-to\necho '+0s' > ${clockFile}\n`,
      { mode: 0o755 },
    );
    const agent = new AgentProcess({
      folder,
      provisioning,
      env: {
        LD_PRELOAD: fakeTimeLibrary() ?? '',
        FAKETIME_TIMESTAMP_FILE: clockFile,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1',
        NO_FAKE_STAT: '1',
        PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
        LOA_AGENT_SET_CLOCK: 'date',
        LOA_AGENT_LOG: 'debug',
      },
    });
    onTestFinished(() => agent.end('SIGKILL'));
    await agent.start();
    await until(
      'the loudspeaker to be connected',
      async () => (await linkOf(controller)) === 'online',
      60_000,
      200,
    );
    const setTo = Number((await readFile(join(folder, 'set-to'), 'utf8')).trim().slice(1));
    expect(Math.abs(setTo - Date.now() / 1000)).toBeLessThan(60);
    const plain = line
      .said()
      .filter((said) => said[0] !== 0x16)
      .map((said) => said.toString('latin1'));
    expect(plain.length).toBeGreaterThan(0);
    for (const request of plain) {
      expect(request).toMatch(/^GET \/api\/v1\/(?:time|keys\/statements)\?/);
      expect(request).not.toMatch(/authorization/i);
      expect(request).not.toContain(provisioning.secret);
    }
  }, 90_000);
});

/** A line to the controller on which everything that is said towards it is written down, by connection. */
async function recordedLine(to: number): Promise<{ readonly port: number; readonly said: () => Buffer[] }> {
  const parts: Buffer[][] = [];
  const relay = createTcpServer((socket) => {
    const heard: Buffer[] = [];
    parts.push(heard);
    const onward = connectTcp(to, '127.0.0.1');
    socket.on('data', (data: Buffer) => heard.push(data));
    for (const end of [socket, onward]) end.on('error', () => end.destroy());
    socket.pipe(onward).pipe(socket);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  onTestFinished(() => void relay.close());
  return {
    port: (relay.address() as AddressInfo).port,
    said: () => parts.map((heard) => Buffer.concat(heard)),
  };
}
