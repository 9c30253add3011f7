import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../server/demo/free-port.ts';
import type { ReachResult } from '../../../server/reach/ask.ts';
import { askPublicAddress } from '../../../server/reach/ask.ts';
import { ProcessProof } from '../../../server/reach/process-proof.ts';
import { SelfCheck } from '../../../server/reach/self-check.ts';
import { issueServer, makeAuthority } from '../../../server/tls/issue.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { startSecure } from '../tls/support.ts';

const ours = new ProcessProof();

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

/** Answers as our process does, or as another one. */
const answering =
  (proof: ProcessProof): RequestListener =>
  (request, response) => {
    const nonce = new URL(request.url ?? '/', 'http://x').searchParams.get('nonce') ?? '';
    response.setHeader('connection', 'close').end(JSON.stringify({ alive: true, self: proof.of(nonce) }));
  };

function ask(url: string, ca: string | null = null): Promise<ReachResult> {
  return askPublicAddress({
    ...{ url, ca, proof: (nonce: string) => ours.of(nonce), mqtt: true, clientCertificates: false },
    signal: new AbortController().signal,
  });
}

describe('our own public address', () => {
  it('is asked by HTTP and by MQTT over WebSocket, answered by this very process, and told to probes and figures', async () => {
    const { controller, url, ca } = await startSecure();
    const { reach, services } = controller.context;
    const readiness = async () => (await services.readiness.report()).checks['address'];
    const figure = async () => /^loa_public_url_reachable (.*)$/m.exec(await services.metrics.page())?.[1];
    expect([await readiness(), await figure()]).toEqual([
      { ok: true, detail: `${url}: not asked yet` },
      '-1',
    ]);
    await reach.start();
    onTestFinished(() => reach.stop());
    await expect.poll(readiness).toEqual({ ok: true, detail: `${url} leads here` });
    expect(await figure()).toBe('1');
    // The same address, asked by a process that is another one.
    expect(await ask(url, ca)).toMatchObject({ ok: false, step: 'server' });
    expect(await ask(url)).toMatchObject({ ok: false, step: 'certificate' });
  });

  it('is told from a port at which nothing listens, and a name that nobody knows', async () => {
    const port = await freePort();
    expect(await ask(`http://127.0.0.1:${port}`)).toMatchObject({
      ok: false,
      step: 'connection',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await ask('https://khong-co.invalid')).toMatchObject({ ok: false, step: 'name' });
  });

  it('is told from another server, with our own words or without', async () => {
    const pages: RequestListener[] = [
      (_request, response) => response.setHeader('connection', 'close').end('<html>router</html>'),
      (_request, response) => response.writeHead(404, { connection: 'close' }).end(),
      answering(new ProcessProof()),
    ];
    for (const page of pages)
      expect(await ask(`http://127.0.0.1:${await portOf(createServer(page))}`)).toMatchObject({
        ok: false,
        step: 'server',
      });
    const printer = createTcpServer((socket) => void socket.resume().end('@PJL READY\r\n\r\n'));
    expect(await ask(`http://127.0.0.1:${await portOf(printer)}`)).toMatchObject({
      ok: false,
      step: 'server',
    });
  });

  it('is told from a certificate for another name, and from a proxy that lets no WebSocket through', async () => {
    const now = Date.now();
    const authority = await makeAuthority(now);
    const { key, cert } = await issueServer(authority, ['loa.example'], now);
    const other = createTlsServer({ key, cert }, answering(ours));
    expect(await ask(`https://127.0.0.1:${await portOf(other)}`, authority.cert)).toMatchObject({
      ok: false,
      step: 'certificate',
    });
    const proxy = createServer(answering(ours));
    expect(await ask(`http://127.0.0.1:${await portOf(proxy)}`)).toMatchObject({ ok: false, step: 'mqtt' });
  });
});

describe('the look at our own address', () => {
  it('says once what is wrong and what to do, sooner again while it is, and when it is well', async () => {
    const clock = new FakeClock();
    const said: string[] = [];
    const log = {
      info: (text: string) => said.push(`info ${text}`),
      warn: (text: string) => said.push(`warn ${text}`),
    };
    let result: ReachResult = { ok: false, step: 'connection', reason: 'ECONNREFUSED' };
    let asked = 0;
    const check = new SelfCheck({
      ...{ clock, url: 'https://loa.example', log },
      ask: async () => {
        asked += 1;
        return result;
      },
    });
    await check.start();
    onTestFinished(() => check.stop());
    await expect.poll(() => asked).toBe(1);
    await clock.advance(20 * 60_000);
    expect(asked).toBe(5);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^warn .*https:\/\/loa\.example.*nothing answers there.*docs\/network\.md/);
    expect(check.state).toMatchObject({ ok: true, detail: expect.stringContaining('WARNING') });
    result = { ok: false, step: 'mqtt', reason: '400' };
    await clock.advance(5 * 60_000);
    expect(said[1]).toMatch(/^warn .*Upgrade/);
    result = { ok: true };
    await clock.advance(5 * 60_000);
    expect([said.length, said[2], check.gauge]).toEqual([
      3,
      'info https://loa.example leads to this controller',
      1,
    ]);
    await clock.advance(3 * 3_600_000);
    expect([asked, said.length]).toEqual([10, 3]);
  });
});
