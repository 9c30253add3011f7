import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { FfmpegDecoder, RelaySource } from '../../../device-agent/playback/index.ts';
import type { ResolveHost } from '../../../device-agent/playback/relay/stream-gate.ts';
import { issueServer, makeAuthority } from '../../../server/tls/issue.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const clock = new SystemClock();
const RATE = 48_000;

/** No name of a test is known to any name server. */
const unknown: ResolveHost = async (host) => {
  throw new Error(`ENOTFOUND ${host}`);
};

interface Place {
  readonly port: number;
  readonly asked: string[];
}

/** A web server on an address of the loopback, which counts who asks for what. Closed with the test. */
async function serve(host: string, answer: RequestListener, port = 0, make?: () => Server): Promise<Place> {
  const asked: string[] = [];
  const server = (make ?? createServer)();
  server.on('request', (request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

describeWith(['ffmpeg'], 'where a relay may lead', () => {
  let sound: Buffer;
  let segment: Buffer;

  beforeAll(async () => {
    const folder = tempDir('gate');
    const make = async (name: string, coder: string[]) => {
      const file = join(folder, name);
      const source = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=4'];
      await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', ...source, ...coder, file]);
      return readFile(file);
    };
    sound = await make('tone.mp3', ['-c:a', 'libmp3lame', '-b:a', '64k']);
    segment = await make('tone.ts', ['-c:a', 'aac', '-b:a', '64k', '-f', 'mpegts']);
  });

  const station: RequestListener = (_request, response) =>
    void response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(sound);

  /** Frames heard of a station in a second's slot, or the reason why none was. */
  async function listen(url: string, allow: readonly string[], resolve: ResolveHost = unknown) {
    const feed = new FfmpegDecoder({ clock, program: 'ffmpeg', resolve }).station(url, allow);
    const relay = new RelaySource({
      ...{ clock, feed, durationMs: 1_000, orderId: 'ord_1', fallback: null },
    });
    onTestFinished(() => relay.close());
    const refused = (async () => {
      while (feed.refusal === undefined) await new Promise((next) => setImmediate(next));
    })();
    await Promise.race([relay.ready(), refused]);
    const block = new Int16Array(960);
    try {
      for (;;) if ((await relay.read(block)) === 0) break;
    } catch (error) {
      return { relayed: 0, reason: error instanceof Error ? error.message : '' };
    } finally {
      await relay.close();
    }
    return { relayed: relay.parts(RATE).relayed, reason: undefined };
  }

  it('plays a station that the controller allowed, by its address, its network or its name', async () => {
    const { port } = await serve('127.0.0.1', station);
    for (const allow of ['127.0.0.1', '127.0.0.0/8'])
      expect(await listen(`http://127.0.0.1:${port}/live`, [allow])).toMatchObject({ relayed: RATE });
    const here: ResolveHost = async () => ['127.0.0.1'];
    expect(await listen(`http://dai.example:${port}/live`, ['dai.example'], here)).toMatchObject({
      relayed: RATE,
    });
  });

  it('connects to no address inside, named or found by its name, that nobody allowed', async () => {
    const { port, asked } = await serve('127.0.0.1', station);
    const here: ResolveHost = async () => ['127.0.0.1'];
    for (const [host, resolve] of [
      ['127.0.0.1', unknown],
      ['0x7f.1', unknown],
      ['[::ffff:127.0.0.1]', unknown],
      ['dai.example', here],
    ] as const) {
      const { reason } = await listen(`http://${host}:${port}/live`, [], resolve);
      expect(reason, host).toContain('not in the public Internet');
    }
    expect((await listen(`http://dai.example:${port}/live`, [])).reason).toContain('cannot be looked up');
    expect((await listen(`https://127.0.0.1:${port}/live`, [])).reason).toContain(
      'not in the public Internet',
    );
    expect(asked).toEqual([]);
  });

  it('follows a redirect to a place that is allowed, and none to one that is not', async () => {
    const inside = await serve('127.0.0.2', station);
    const moved = await serve('127.0.0.1', (_request, response) =>
      response.writeHead(302, { location: `http://127.0.0.2:${inside.port}/live` }).end(),
    );
    const url = `http://127.0.0.1:${moved.port}/live`;
    expect((await listen(url, ['127.0.0.1'])).reason).toContain('127.0.0.2 is not in the public Internet');
    expect(moved.asked.length).toBeGreaterThan(0);
    expect(inside.asked).toEqual([]);
    expect(await listen(url, ['127.0.0.1', '127.0.0.2'])).toMatchObject({ relayed: RATE });
  });

  it('gives up a ring of redirects', async () => {
    const ring = await serve('127.0.0.1', (_request, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    );
    const feed = new FfmpegDecoder({ clock, program: 'ffmpeg', resolve: unknown }).station(
      `http://127.0.0.1:${ring.port}/live`,
      ['127.0.0.1'],
    );
    onTestFinished(() => feed.close());
    const ended = new Promise<void>((resolve) => {
      feed.onChange = resolve;
    });
    feed.open();
    await ended;
    expect(ring.asked.length).toBeGreaterThan(1);
    expect(ring.asked.length).toBeLessThan(20);
  });

  it('connects to the address that was checked, whatever the name server says next', async () => {
    const allowed = await serve('127.0.0.1', station);
    const inside = await serve('127.0.0.2', station, allowed.port);
    let asked = 0;
    const turning: ResolveHost = async () => [asked++ === 0 ? '127.0.0.1' : '127.0.0.2'];
    const url = `http://dai.example:${allowed.port}/live`;
    expect(await listen(url, ['127.0.0.1'], turning)).toMatchObject({ relayed: RATE });
    // The next connection is looked up anew, and refused.
    expect((await listen(url, ['127.0.0.1'], turning)).reason).toContain('dai.example is 127.0.0.2');
    expect(asked).toBeGreaterThan(1);
    expect(inside.asked).toEqual([]);
  });

  it('plays the segments of an HLS list, and fetches none from inside', async () => {
    const inside = await serve('127.0.0.2', (_request, response) => response.end(segment));
    const list = (where: string) =>
      `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:4.0,\n${where}\n#EXT-X-ENDLIST\n`;
    const { port, asked } = await serve('127.0.0.1', (request, response) => {
      if (request.url === '/own.m3u8') response.end(list('tone.ts'));
      else if (request.url === '/other.m3u8') response.end(list(`http://127.0.0.2:${inside.port}/tone.ts`));
      else response.end(segment);
    });
    expect(await listen(`http://127.0.0.1:${port}/own.m3u8`, ['127.0.0.1'])).toMatchObject({
      relayed: RATE,
    });
    expect(asked).toContain('/tone.ts');
    const { reason } = await listen(`http://127.0.0.1:${port}/other.m3u8`, ['127.0.0.1']);
    expect(reason).toContain('127.0.0.2 is not in the public Internet');
    expect(inside.asked).toEqual([]);
  });

  it('plays over TLS, which is spoken with the station itself', async () => {
    const now = Date.now();
    const authority = await makeAuthority(now);
    const { key, cert } = await issueServer(authority, ['127.0.0.1'], now);
    const { port } = await serve('127.0.0.1', station, 0, () => createTlsServer({ key, cert }));
    expect(await listen(`https://127.0.0.1:${port}/live`, ['127.0.0.1'])).toMatchObject({ relayed: RATE });
  });
});
