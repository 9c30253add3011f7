import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type IConnectPacket, type Packet, generate as packetBytes } from 'mqtt-packet';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { WebSocket } from 'ws';
import { speakerSubscriptions, topicOf } from '#protocols';
import { seededRandom } from '../helpers/network-delay.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import type { TestSpeaker } from '../integration/mqtt/test-speaker.ts';
import { AREA, Commune } from './support/commune.ts';
import { Fuzz } from './support/fuzz.ts';

/** How long each kind of input is thrown; all at the same time. */
const THROW_MS = 5_000;
/** When the controller has let go of a connection that its peer has ended; a WebSocket's farewell may take 30 s. */
const LET_GO_MS = 40_000;
/** Wrong input must not make the controller grow. */
const MOST_GROWTH_MB = 250;
const UP = ['hello', 'answer', 'journal', 'health', 'progress', 'presence', 'timeRequest'] as const;

let commune: Commune;
let speaker: TestSpeaker;
const seed = inject('seed');

beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('fuzz') }).start();
  speaker = await commune.addRaw('raw-1');
  await commune.addAgent('loa-ap-1');
}, 60_000);
afterAll(() => commune.stop());

/** Resident memory of the controller, MB. */
async function residentMb(): Promise<number> {
  const status = await readFile(`/proc/${commune.controller.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Waits for one input to be done with. Rejects with its kind and its bytes where that hangs. */
async function doneWith(done: Promise<unknown>, kind: string, input: Buffer | string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const shown = Buffer.from(input).toString('base64');
      reject(new Error(`the controller does not let go of ${kind}, base64: ${shown}`));
    }, LET_GO_MS);
  });
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
}

/** Repeats an act until the time is over; how often. */
async function throwing(act: () => Promise<void>): Promise<number> {
  const end = performance.now() + THROW_MS;
  let times = 0;
  for (; performance.now() < end; times++) await act();
  return times;
}

function connectPacket(id: string, secret: string): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: id,
    keepalive: 60,
    username: id,
    password: Buffer.from(secret),
  };
}

/** A conversation as a speaker would hold it, and what else MQTT knows. */
function packets(id: string, secret: string): Packet[] {
  const payload = speaker.text('health', speaker.health());
  return [
    connectPacket(id, secret),
    {
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: speakerSubscriptions(id, [AREA]).map((topic) => ({ topic, qos: 1 })),
    },
    {
      cmd: 'publish',
      topic: topicOf('health', id),
      payload,
      qos: 1,
      messageId: 2,
      retain: false,
      dup: false,
    },
    { cmd: 'publish', topic: topicOf('progress', id), payload: '{}', qos: 0, retain: true, dup: false },
    { cmd: 'pubrel', messageId: 3 },
    { cmd: 'puback', messageId: 4 },
    { cmd: 'unsubscribe', messageId: 5, unsubscriptions: ['#'] },
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
  ];
}

it(`broken input of seed ${seed} leaves the controller as it was`, async () => {
  const { controller } = commune;
  const fuzz = new Fuzz(seededRandom(seed));
  const before = await residentMb();
  const unexpected: string[] = [];
  const fuzzed = await commune.enter('raw-fuzzed');

  const mqttBytes = async (): Promise<void> => {
    const id = fuzz.pick(['raw-fuzzed', 'nobody']);
    const all = packets(id, fuzzed.secret).map((packet, at) => {
      const bytes = packetBytes(packet);
      // Often the first one is right, so that what follows comes further in.
      return fuzz.below(at === 0 ? 4 : 2) === 0 ? fuzz.mutated(bytes) : bytes;
    });
    const bytes = fuzz.below(10) === 0 ? fuzz.bytes(2_000) : Buffer.concat(all);
    if (fuzz.below(2) === 0) await throwTcp(bytes);
    else await throwWebSocket(bytes);
  };

  const throwTcp = async (bytes: Buffer): Promise<void> => {
    const socket = connect(controller.mqttPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(bytes);
    await doneWith(once(socket, 'close'), 'a TCP connection to the MQTT port', bytes);
  };

  const throwWebSocket = async (bytes: Buffer): Promise<void> => {
    const socket = new WebSocket(`ws://127.0.0.1:${controller.httpPort}/mqtt`, 'mqtt');
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.once('open', () => {
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + fuzz.below(400);
        socket.send(bytes.subarray(at, end), { binary: fuzz.below(10) > 0 });
        at = end;
      }
      socket.close();
    });
    await doneWith(closed, 'a WebSocket', bytes);
  };

  const payloads = async (): Promise<void> => {
    const name = fuzz.pick(UP);
    const line = speaker.write({ kind: 'boot' });
    const batch = speaker.batch();
    speaker.lines.pop();
    speaker.head = { seq: 0, hash: line.entry.prev };
    const valid: Record<(typeof UP)[number], object> = {
      hello: speaker.hello(),
      answer: speaker.answer({ id: 'ord_x', hash: '0'.repeat(64), broadcastId: 'brc_x' }),
      journal: batch,
      health: speaker.health(),
      progress: { v: 1, broadcastId: 'brc_x', phase: 'playing', fraction: 0.5, at: 1 },
      presence: { v: 1, sessionEpoch: 1, online: false },
      timeRequest: { v: 1, nonce: 'n'.repeat(22) },
    };
    // Never without a change: the connection must not be called offline by its own last will.
    // Signed, mostly: so what is odd comes further in.
    const said = (message: unknown) =>
      typeof message === 'object' && message !== null && fuzz.below(4) > 0
        ? speaker.text(name, message)
        : JSON.stringify(message);
    const text =
      fuzz.below(3) === 0
        ? fuzz.mutated(Buffer.from(said(valid[name]))).toString('latin1')
        : said(fuzz.mutatedJson(valid[name]));
    await doneWith(speaker.send(name, text), `a message (${name})`, text);
  };

  const http = async (): Promise<void> => {
    const path = fuzz.pick([
      '/api/v1/areas',
      '/api/v1/speakers',
      '/api/v1/announcements',
      '/api/v1/broadcasts',
      '/api/v1/broadcasts/brc_x/deliveries',
      '/api/v1/media',
      '/api/v1/media/jobs/x',
      `/api/v1/media/${'a'.repeat(64)}`,
      '/api/v1/events?x=1',
      '/api/v1/time?nonce=x',
      '/api/v1/keys/statements?after=x',
      '/metrics',
      '/mqtt',
      '/',
    ]);
    const wanted = fuzz.below(3) === 0 ? fuzz.mutated(Buffer.from(path)).toString('latin1') : path;
    const body =
      fuzz.below(4) === 0
        ? fuzz.bytes(3_000)
        : JSON.stringify(
            fuzz.mutatedJson({
              id: 'x-1',
              areaId: AREA,
              name: 'x',
              title: 'x',
              announcementId: 'ann_x',
              targets: { areas: [AREA], speakers: ['loa-ap-1'] },
              leadMs: 1,
            }),
          );
    const method = fuzz.pick(['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']);
    const answered = sendHttp(
      method,
      // Node's client refuses to send what is no path at all; the raw bytes below do.
      `/${wanted.replace(/[^!-~]/g, '').replace(/^\//, '')}`,
      {
        authorization: `Bearer ${fuzz.pick([controller.token('editor'), controller.token('administrator'), 'x', '\t'])}`,
        'content-type': fuzz.pick(['application/json', 'multipart/form-data; boundary=x', 'text/plain', 'x']),
        'idempotency-key': fuzz.pick(['x', `key-${fuzz.below(50)}-long`, ' ', '!'.repeat(200)]),
        range: fuzz.pick(['bytes=0-', 'bytes=9-1', 'x']),
      },
      body,
    );
    await doneWith(answered, `a request (${method} ${wanted})`, body);
    const status = await answered;
    if (status >= 500 && status !== 503) unexpected.push(`${status} ${wanted} ${String(body).slice(0, 200)}`);
  };

  const sendHttp = (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | Buffer,
  ): Promise<number> =>
    new Promise((resolve) => {
      const { httpPort: port } = controller;
      const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
        resolve(answer.statusCode ?? 0);
        // An event stream does not end by itself.
        answer.destroy();
      });
      sent.on('error', () => resolve(0));
      sent.end(body);
    });

  const httpBytes = async (): Promise<void> => {
    const right = Buffer.from(
      `POST /api/v1/broadcasts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${controller.token('editor')}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    );
    const socket = connect(controller.httpPort, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => parts.push(part));
    const bytes = fuzz.mutated(right);
    socket.end(bytes);
    await doneWith(once(socket, 'close'), 'a connection to the HTTP port', bytes);
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(parts).toString('latin1')) ?? [];
    if (Number(status ?? 0) >= 500 && status !== '503') unexpected.push(`${status} to raw bytes`);
  };

  const times = await Promise.all([mqttBytes, payloads, http, httpBytes].map(throwing));
  for (const count of times) expect(count).toBeGreaterThan(20);
  expect(unexpected).toEqual([]);
  expect((await fetch(`${controller.url}/healthz`)).status).toBe(200);
  expect((await residentMb()) - before).toBeLessThan(MOST_GROWTH_MB);

  // Nobody who behaved was harmed.
  expect(speaker.client?.connected).toBe(true);
  expect((await commune.speaker('loa-ap-1')).status?.link).toBe('online');
  const prepared = await commune.prepare({ seconds: 1.5, seed: 71 });
  const broadcast = await commune.play(prepared, ['loa-ap-1']);
  expect(await commune.settled(broadcast.id, 'loa-ap-1')).toMatchObject({ state: 'finished', played: true });
}, 90_000);
