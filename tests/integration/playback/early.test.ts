import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { type ChunkList, type FileContent, isDomainError, sha256 } from '#protocols';
import { ContentCache } from '../../../device-agent/cache/content-cache.ts';
import { earlyContent } from '../../../device-agent/cache/early-content.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { FfmpegDecoder } from '../../../device-agent/playback/index.ts';
import { integratedLufs } from '../../../device-agent/sounds/loudness.ts';
import { readWhole } from '../../../device-agent/sounds/read-whole.ts';
import { StoredSounds } from '../../../device-agent/sounds/stored-sounds.ts';
import { decodeAudio } from '../../helpers/pcm.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { FIXTURE_MS, makeFixture } from './playback-fixture.ts';

const clock = new SystemClock();
const decoder = new FfmpegDecoder({ clock, program: 'ffmpeg' });
const CHUNK = 16_384;

/** A controller that gives the file as far as it is let, and can give wrong bytes once. */
class Files {
  /** So many bytes are given; the connection stays open behind them. */
  upTo = Number.POSITIVE_INFINITY;
  /** This byte is wrong the next time it is given. */
  wrongAt: number | undefined;
  readonly ranges: string[] = [];
  chunkList = '';
  #server: Server | undefined;
  #more: () => void = () => undefined;

  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      if (request.url === '/file/chunks') {
        response.end(this.chunkList);
        return;
      }
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      this.ranges.push(request.headers.range ?? '');
      const total = this.#bytes.length;
      if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${total - 1}/${total}` });
      let at = from;
      const send = () => {
        const end = Math.min(total, this.upTo);
        const part = Buffer.from(this.#bytes.subarray(at, Math.max(at, end)));
        if (this.wrongAt !== undefined && this.wrongAt >= at && this.wrongAt < end) {
          part[this.wrongAt - at] = (part[this.wrongAt - at] ?? 0) ^ 0xff;
          this.wrongAt = undefined;
        }
        response.write(part);
        at += part.length;
        if (at === total) response.end();
        else this.#more = send;
      };
      send();
    }).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  letThrough(bytes: number): void {
    this.upTo = bytes;
    this.#more();
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    await once(this.#server as Server, 'close');
  }
}

describeWith(['ffmpeg'], 'content that is still coming', () => {
  let bytes: Buffer;
  let content: FileContent;
  let files: Files;
  let cache: ContentCache;
  let origin: { url: string; headers: Record<string, string> };
  let folder: string;
  const gone = new AbortController();

  beforeAll(async () => {
    // Padded behind its end with what a decoder skips, so that it has several chunks.
    bytes = Buffer.concat([readFileSync(await makeFixture(tempDir('fixture'))), Buffer.alloc(3 * CHUNK, 1)]);
  });

  beforeEach(async () => {
    const chunks: string[] = [];
    for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(sha256(bytes.subarray(at, at + CHUNK)));
    const hash = sha256(bytes);
    const list: ChunkList = { v: 1, sha256: hash, bytes: bytes.length, chunkBytes: CHUNK, chunks };
    files = new Files(bytes);
    files.chunkList = JSON.stringify(list);
    content = {
      ...{ kind: 'file', sha256: hash, bytes: bytes.length, durationMs: FIXTURE_MS, path: '/file' },
      ...{ chunkListSha256: sha256(files.chunkList), mediaType: 'audio/ogg' },
    };
    origin = { url: await files.start(), headers: {} };
    folder = tempDir('agent');
    const retry = { baseMs: 1, maxMs: 2 };
    cache = new ContentCache({
      folder: join(folder, 'cache'),
      clock,
      log: silentLog,
      budgetBytes: 1e9,
      retry,
    });
    await cache.start();
  });

  afterEach(async () => {
    await cache.stop();
    await files.stop();
  });

  async function early(): Promise<AsyncIterator<Uint8Array>> {
    const found = await earlyContent({ content, cache, origin, clock, signal: gone.signal });
    if (!('bytes' in found)) throw new Error('the whole file was there first');
    return found.bytes[Symbol.asyncIterator]();
  }

  it('is given chunk by chunk as it comes, and lies in the cache in the end', async () => {
    files.upTo = CHUNK + 100;
    const parts = await early();
    expect((await parts.next()).value).toEqual(bytes.subarray(0, CHUNK));
    let second: Uint8Array | undefined;
    const waiting = parts.next().then(({ value }) => {
      second = value as Uint8Array;
    });
    expect(second).toBeUndefined();
    files.letThrough(bytes.length);
    await waiting;
    expect(second).toEqual(bytes.subarray(CHUNK, 2 * CHUNK));
    const rest: Uint8Array[] = [];
    for (let next = await parts.next(); !next.done; next = await parts.next()) rest.push(next.value);
    expect(Buffer.concat(rest)).toEqual(bytes.subarray(2 * CHUNK));
    await cache.ensure({ content, origin, signal: gone.signal });
    expect(await cache.verify(content)).toBe(true);
  });

  it('is never given where its bytes are wrong: they are asked for again from there', async () => {
    files.wrongAt = CHUNK + 7;
    files.upTo = 2 * CHUNK;
    const parts = await early();
    const got = [(await parts.next()).value as Uint8Array];
    files.upTo = bytes.length;
    for (let next = await parts.next(); !next.done; next = await parts.next()) got.push(next.value);
    expect(Buffer.concat(got)).toEqual(bytes);
    expect(files.ranges).toEqual(['', `bytes=${CHUNK}-`]);
  });

  it('is the whole file when there is no list', async () => {
    const found = await earlyContent({
      ...{ cache, origin, clock, signal: gone.signal },
      content: { ...content, chunkListSha256: null },
    });
    expect(found).toEqual({ file: cache.pathOf(content.sha256) });
  });

  it('is decoded from what has come', async () => {
    const found = await earlyContent({ content, cache, origin, clock, signal: gone.signal });
    const source = decoder.open({ ...found, durationMs: FIXTURE_MS, offsetMs: 500 });
    const samples = await readWhole(source, 1e6);
    expect(Math.abs(samples.length - (FIXTURE_MS - 500) * 48)).toBeLessThan(48 * 30);
  });

  function stored(): StoredSounds {
    return new StoredSounds({
      ...{ folder: join(folder, 'stored'), cache, decoder, origin, clock, log: silentLog },
      random: () => 0,
      onChange: () => changed(),
    });
  }
  let changed: () => void = () => undefined;

  it('stored messages are decoded once, kept over a restart, proved, and let go of', async () => {
    const first = stored();
    await first.start();
    const ready = new Promise<void>((resolve) => {
      changed = () => (first.has('flood') ? resolve() : undefined);
    });
    first.keep([{ name: 'flood', title: 'Lũ', content }]);
    expect(first.has('flood')).toBe(false);
    await ready;
    expect(first.held).toEqual(['flood']);
    await first.stop();
    const [name = ''] = readdirSync(join(folder, 'stored'));
    expect(name).toMatch(new RegExp(`^${content.sha256}\\.[0-9a-f]{64}\\.pcm$`));

    const second = stored();
    await second.start();
    second.keep([{ name: 'flood', title: 'Lũ', content }]);
    const whole = await readWhole(second.open('flood', 'ord_1')(0), 1e6);
    const reference = await decodeAudio(await makeFixture(tempDir('again')));
    expect(Math.abs(whole.length - reference.length)).toBeLessThan(1_000);
    expect((await readWhole(second.open('flood', 'ord_1')(500), 1e6)).length).toBe(whole.length - 24_000);
    expect(second.openContent(content.sha256)).toBeDefined();
    expect(second.durationMs('flood')).toBe(FIXTURE_MS);
    const notice = await readWhole(second.open('drill-notice', 'ord_1')(0), 1e6);
    expect(integratedLufs(Float64Array.from(notice, (sample) => sample / 32_768))).toBeCloseTo(-16, 0);
    expect(() => second.open('fire', 'ord_1')).toThrow(
      expect.objectContaining({ code: 'order.no_stored_message' }),
    );
    second.keep([]);
    await second.stop();
    expect(existsSync(join(folder, 'stored', name))).toBe(false);

    writeFileSync(join(folder, 'stored', name), 'damaged');
    const third = stored();
    await third.start();
    expect(readdirSync(join(folder, 'stored'))).toEqual([]);
    expect(
      isDomainError(
        attempt(() => third.open('flood', 'ord_1')),
        'order.no_stored_message',
      ),
    ).toBe(true);
    await third.stop();
  });
});

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
