import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { FfmpegDecoder } from '../../../device-agent/playback/index.ts';
import type { Station } from '../../../device-agent/playback/relay/station.ts';
import { itWith } from '../../helpers/requirements.ts';
import { playOrder } from '../agent/test-controller.ts';
import { begin } from './heard-agent.ts';
import { clock, recording } from './playback-fixture.ts';

const RATE = 48_000;
const BYTES_PER_MS = 96;
const HOUR_MS = 3_600_000;
/** What the feed holds at most: ten seconds, and the block that came last. */
const HELD_FRAMES = 10 * RATE + 960;
const PART = Buffer.alloc(65_536);
const SLOT_MS = 8_000;

/** Sample of a frame of the programme: no two frames near each other have the same. */
const sampleOf = (frame: number) => (frame % 30_011) - 15_000;

/** A station that pours an hour of sound at whoever connects, as fast as it is taken: no kernel holds more than a small part of it. */
class PouringStation {
  pouredBytes = 0;
  connections = 0;
  readonly #server = createServer((_request, response) => this.#pour(response));

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/live`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pour(response: ServerResponse): void {
    this.connections += 1;
    response.on('error', () => undefined);
    response.writeHead(200, { 'content-type': 'audio/wav' });
    response.write(waveHeader());
    const more = (error?: Error | null) => {
      if (error || response.destroyed) return;
      if (this.pouredBytes >= HOUR_MS * BYTES_PER_MS) {
        response.end();
        return;
      }
      for (let at = 0; at < PART.length; at += 2)
        PART.writeInt16LE(sampleOf((this.pouredBytes + at) / 2), at);
      this.pouredBytes += PART.length;
      response.write(Buffer.from(PART), more);
    };
    more();
  }
}

/** Of a file without an end: PCM, mono, 48 kHz. */
function waveHeader(): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF').toString();
  header.writeUInt32LE(0xffffffff, 4);
  header.write('WAVEfmt ', 8);
  for (const [at, value] of [
    ...[[16, 16] as const, [24, RATE] as const, [28, 2 * RATE] as const, [40, 0xffffffff] as const],
  ])
    header.writeUInt32LE(value, at);
  for (const [at, value] of [...[[20, 1] as const, [22, 1] as const, [32, 2] as const, [34, 16] as const]])
    header.writeUInt16LE(value, at);
  header.write('data', 36);
  return header;
}

/** What was taken from the station, and when. */
class WatchedStation implements Station {
  /** Monotonic time, all frames taken by then, and frames held then. */
  readonly takes: { readonly atMs: number; readonly frames: number; readonly held: number }[] = [];
  /** Blocks that do not follow the one before. */
  odd = 0;
  #taken = 0;
  #first: number | undefined;
  readonly #inner: Station;

  constructor(inner: Station) {
    this.#inner = inner;
  }

  get frames(): number {
    return this.#inner.frames;
  }

  get onChange(): () => void {
    return this.#inner.onChange;
  }

  set onChange(listener: () => void) {
    this.#inner.onChange = listener;
  }

  open(): void {
    this.#inner.open();
  }

  take(block: Int16Array): number {
    const held = this.frames;
    const frames = this.#inner.take(block);
    if (frames === 0) return 0;
    // What it looked at to know the kind of sound is left out before the first.
    this.#first ??= (block[0] ?? 0) - sampleOf(0);
    if (block[0] !== sampleOf(this.#first + this.#taken)) this.odd += 1;
    this.#taken += frames;
    this.takes.push({ atMs: clock.monotonic(), frames: this.#taken, held });
    return frames;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

class WatchedDecoder extends FfmpegDecoder {
  watched: WatchedStation | undefined;

  override station(url: string, allow: readonly string[]): Station {
    this.watched = new WatchedStation(super.station(url, allow));
    return this.watched;
  }
}

itWith(
  ['ffmpeg'],
  'a station that pours an hour at once is played in real time out of bounded memory, and cut at the hard end',
  async () => {
    const station = new PouringStation();
    const url = await station.start();
    onTestFinished(() => station.stop());
    const decoder = new WatchedDecoder({ clock, program: 'ffmpeg' });
    const { send, told, recordings } = await begin(decoder);
    const relay = { kind: 'relay', url, station: 'VOV1', durationMs: HOUR_MS, fallback: null } as const;
    const startsAt = Math.round(clock.now()) + 5_000;
    const order = await send(playOrder(relay, { startsAt, hardEndAt: startsAt + SLOT_MS }));
    const started = await told(order, 'started');
    const pouredAtStart = station.pouredBytes;
    const ended = await told(order, 'interrupted');
    const pouredAtEnd = station.pouredBytes;

    expect(station.connections).toBe(1);
    const { takes = [], odd } = decoder.watched ?? { odd: 1 };
    expect(odd).toBe(0);
    // Real time: what is taken keeps step with the clock, so what is heard is as old at the end as at the beginning.
    const steady = takes.filter(({ atMs }) => atMs > (takes[0]?.atMs ?? 0) + 1_000);
    const ahead = steady.map(({ atMs, frames }) => frames / 48 - atMs);
    expect(steady.length).toBeGreaterThan(300);
    expect(Math.max(...ahead) - Math.min(...ahead)).toBeLessThan(500);
    // Bounded: here, and at the station, which is made to wait. Sockets and pipes hold some more, but no more as time goes on.
    expect(Math.max(...takes.map(({ held }) => held))).toBeLessThanOrEqual(HELD_FRAMES);
    expect(pouredAtEnd).toBeLessThan((HOUR_MS * BYTES_PER_MS) / 8);
    expect(pouredAtEnd - pouredAtStart).toBeLessThan(2 * SLOT_MS * BYTES_PER_MS + 4_000_000);
    // The receipt: cut at the hard end, and all of it came from the station.
    expect(ended).toMatchObject({ code: 'order.hard_end', fromMs: started.fromMs, fallbackMs: 0 });
    const soundedMs = (ended.toMs ?? 0) - (ended.fromMs ?? 0);
    expect(Math.abs(soundedMs - (SLOT_MS - (started.startErrorMs ?? 0)))).toBeLessThan(300);
    expect(Math.abs((ended.relayedMs ?? 0) - soundedMs)).toBeLessThan(50);
    const { samples, firstMs } = await recording(recordings);
    const last = samples.findLastIndex((sample) => sample !== 0);
    const first = samples.findIndex((sample) => sample !== 0);
    const endsAt = firstMs + (1000 * last) / RATE;
    expect(endsAt - order.hardEndAt).toBeLessThan(50);
    expect(Math.abs((1000 * (last - first)) / RATE - soundedMs)).toBeLessThan(300);
  },
);
