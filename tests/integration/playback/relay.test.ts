import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { isDomainError } from '#protocols';
import { FfmpegDecoder, MemorySource, RelaySource } from '../../../device-agent/playback/index.ts';
import type { Station } from '../../../device-agent/playback/relay/station.ts';
import { streamArguments } from '../../../device-agent/playback/relay/stream-arguments.ts';
import { integratedLufs } from '../../../device-agent/sounds/loudness.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const clock = new SystemClock();
const RATE = 48_000;
const FALLBACK = 123;

/** Another station: one encoded programme over and over, to everyone who connects; can stop, stall and come back. */
class TestStation {
  connections = 0;
  /** The next connections are refused. */
  away = false;
  /** Connections are taken and nothing more is sent over them. */
  stalled = false;
  readonly #bytes: Buffer;
  readonly #listeners = new Set<ServerResponse>();
  #server: Server | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get url(): string {
    const { port } = (this.#server as Server).address() as AddressInfo;
    return `http://127.0.0.1:${port}/live`;
  }

  async start(): Promise<void> {
    this.#server = createServer((_request, response) => {
      this.connections += 1;
      if (this.away) {
        response.writeHead(503).end();
        return;
      }
      this.#listeners.add(response);
      response.on('close', () => this.#listeners.delete(response));
      response.on('error', () => undefined);
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      // As fast as it is read: the reader's own bound makes it real time, and a test need not wait.
      const send = (error?: Error | null) => {
        if (!error && !this.stalled && this.#listeners.has(response)) response.write(this.#bytes, send);
      };
      send();
    }).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Every listener is cut off, and nobody is taken. */
  fall(): void {
    this.away = true;
    for (const response of this.#listeners) response.destroy();
    this.#listeners.clear();
  }

  async stop(): Promise<void> {
    this.fall();
    this.#server?.close();
    await once(this.#server as Server, 'close');
  }
}

const decoder = new FfmpegDecoder({ clock, program: 'ffmpeg' });

/** Ten seconds of noise with the loudness of speech that comes and goes, encoded. */
async function programme(folder: string, name: string, volumeDb: number, coder: string[]): Promise<Buffer> {
  const file = join(folder, name);
  const noise = 'anoisesrc=color=pink:sample_rate=48000:duration=10:seed=1:amplitude=0.3';
  const filter = `tremolo=f=3:d=0.7,volume=${volumeDb}dB`;
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-f',
    'lavfi',
    '-i',
    noise,
    '-af',
    filter,
    '-ac',
    '1',
    ...coder,
    file,
  ];
  await promisify(execFile)('ffmpeg', args);
  return readFile(file);
}

describeWith(['ffmpeg'], 'relaying another station', () => {
  let folder: string;
  let mp3: Buffer;
  let station: TestStation;
  let relay: RelaySource | undefined;

  beforeAll(async () => {
    folder = tempDir('station');
    mp3 = await programme(folder, 'normal.mp3', -6, ['-c:a', 'libmp3lame', '-b:a', '64k']);
  });

  beforeEach(async () => {
    station = new TestStation(mp3);
    await station.start();
  });

  afterEach(async () => {
    await relay?.close();
    await station.stop();
  });

  let feed: Station;

  function open(durationMs: number, fallbackMs: number | null, url = station.url): RelaySource {
    const samples = new Int16Array(((fallbackMs ?? 0) * RATE) / 1000).fill(FALLBACK);
    feed = decoder.station(url, ['127.0.0.1']);
    const fallback = fallbackMs === null ? null : () => new MemorySource(samples);
    relay = new RelaySource({ clock, durationMs, orderId: 'ord_1', feed, fallback });
    return relay;
  }

  /** Reads so many seconds, in no time: what would come over the network meanwhile is waited for. */
  async function hear(
    source: RelaySource,
    seconds: number,
    until = (_: Int16Array) => false,
  ): Promise<Int16Array> {
    const heard = new Int16Array(seconds * RATE);
    let at = 0;
    while (at < heard.length) {
      while (!station.away && !station.stalled && feed.frames < RATE)
        await new Promise((resolve) => setImmediate(resolve));
      const block = heard.subarray(at, at + 960);
      const frames = await source.read(block);
      if (frames === 0) break;
      at += frames;
      if (until(block)) break;
    }
    return heard.subarray(0, at);
  }

  /** Waits until the station's sound is there again. */
  const there = (source: RelaySource) => source.ready();

  it('plays what comes to the end of the slot, and says how much that was', async () => {
    const source = open(4_000, 1_000);
    await there(source);
    const heard = await hear(source, 99);
    expect(heard.length).toBe(4 * RATE);
    expect(source.parts(heard.length)).toEqual({ content: 4 * RATE, relayed: 4 * RATE, fallback: 0 });
    expect(Math.abs(heard.at(-1) ?? 99)).toBeLessThan(50);
  });

  for (const [name, volumeDb] of [
    ['quiet', -14],
    ['loud', 14],
  ] as const) {
    for (const [kind, coder] of [
      ['mp3', ['-c:a', 'libmp3lame', '-b:a', '64k']],
      ['ogg', ['-c:a', 'libopus', '-b:a', '48k']],
    ] as const) {
      it(`brings a ${name} ${kind} stream to −16 LUFS within 2 LU from its beginning on`, async () => {
        await station.stop();
        station = new TestStation(await programme(folder, `${name}.${kind}`, volumeDb, [...coder]));
        await station.start();
        const source = open(20_000, null);
        await there(source);
        const heard = await hear(source, 8);
        expect(source.parts(heard.length).relayed).toBe(8 * RATE);
        const loudness = integratedLufs(Float64Array.from(heard, (sample) => sample / 32_768));
        expect(Math.abs(loudness + 16)).toBeLessThan(2);
      });
    }
  }

  it('has the fallback once when the station falls silent, and the station again when it is back', async () => {
    const source = open(600_000, 1_000);
    await there(source);
    await hear(source, 1);
    station.fall();
    // What was held of it, five seconds of patience, then the fallback.
    const gap = await hear(source, 60, (block) => block[0] === FALLBACK);
    expect(gap.length).toBeLessThan(20 * RATE);
    await hear(source, 1.5);
    const { fallback } = source.parts(1e9);
    expect(fallback).toBe(RATE);
    // Once for one outage: silence after it.
    await hear(source, 20);
    expect(source.parts(1e9).fallback).toBe(RATE);
    station.away = false;
    await there(source);
    const before = source.parts(1e9).relayed ?? 0;
    await hear(source, 1);
    expect((source.parts(1e9).relayed ?? 0) - before).toBe(RATE);
  });

  it('has the fallback when the station keeps the line and sends nothing, and the station again on another line', async () => {
    const source = open(600_000, 1_000);
    await there(source);
    await hear(source, 1);
    station.stalled = true;
    const gap = await hear(source, 60, (block) => block[0] === FALLBACK);
    expect(gap.at(-1)).toBe(FALLBACK);
    expect(station.connections).toBe(1);
    await hear(source, 2);
    expect(source.parts(1e9).fallback).toBe(RATE);
    station.stalled = false;
    await there(source);
    const before = source.parts(1e9).relayed ?? 0;
    await hear(source, 1);
    expect((source.parts(1e9).relayed ?? 0) - before).toBe(RATE);
    // The silent line was let go of, not waited for.
    expect(station.connections).toBe(2);
  });

  it('plays the fallback when the station cannot be had at all', async () => {
    station.away = true;
    const source = open(30_000, 2_000);
    await there(source);
    const heard = await hear(source, 99);
    expect(heard.length).toBe(30 * RATE);
    expect(heard[0]).toBe(FALLBACK);
    expect(source.parts(1e9)).toEqual({ content: 30 * RATE, relayed: 0, fallback: 2 * RATE });
    expect(station.connections).toBeGreaterThan(0);
  });

  it('fails when nothing came and there is nothing else', async () => {
    station.away = true;
    const source = open(8_000, null);
    const failure = await hear(source, 99).catch((error: unknown) => error);
    expect(isDomainError(failure, 'order.stream_failed')).toBe(true);
  });

  it('reads no file of this machine, named directly or in a list', async () => {
    const file = join(folder, 'normal.mp3');
    const list = `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://${file}\n#EXT-X-ENDLIST\n`;
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(list);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (const url of [`http://127.0.0.1:${port}/live.m3u8`, `file:${file}`]) {
      const said = await promisify(execFile)('ffmpeg', streamArguments(url)).then(
        () => 'it was read',
        (error: { stderr: string }) => error.stderr,
      );
      expect(said).toContain('not on whitelist');
    }
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
});
