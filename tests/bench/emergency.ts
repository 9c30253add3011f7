import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { delay, SystemClock } from '#kit';
import { type CancelOrder, type FileContent, type PlayOrder, signDocument, topicOf } from '#protocols';
import { playOrder, TestController } from '../integration/agent/test-controller.ts';
import type { AgentOrder } from './skew/messages.ts';
import { numberOption, percentile, round } from './statistics.ts';

const SPEAKER = 'cum-01';
const AREAS = ['vn', 'tan-an'];
const MAIN_S = 900;
/** What sounds before is far below this, the tone far above. */
const LOUD = 0.03 * 32_768;
const POLL_MS = 20;
const GIVE_UP_MS = 30_000;
const clock = new SystemClock();

/**
 * From the publication of a signed emergency order to the first frame of its attention tone, as an observer gets it in the moment when
 * it is due at the loudspeaker: over something that sounds (`over`) and out of silence (`idle`). Controller and agent are processes of
 * their own; the words of the emergency have not come to the loudspeaker.
 */
export async function emergency(args: readonly string[]): Promise<object> {
  const rounds = numberOption(args, 'rounds', 20);
  const folder = await mkdtemp(join(tmpdir(), 'loa-emergency-'));
  const controller = new TestController();
  const ear = new Ear(join(folder, 'ear'));
  try {
    await controller.start();
    await ear.listen();
    const provisioning = await controller.enrol(SPEAKER, AREAS);
    const agent = fork(new URL('./skew/agent.js', import.meta.url));
    const hello = controller.events.next('hello');
    await mkdir(join(folder, 'agent'));
    const order: AgentOrder = {
      ...{ provisioning, dataFolder: join(folder, 'agent'), socket: ear.path, logFile: join(folder, 'log') },
      ...{ wallOffsetMs: 0, ppm: 0 },
    };
    agent.send(order);
    await hello;
    const speaker = new Speaker(controller, ear);
    const quiet = await quietContent(controller, folder);
    // The first exchanges of time, and everything that is done once.
    await speaker.idle();
    const idle: number[] = [];
    const over: number[] = [];
    for (let count = 0; count < rounds; count++) idle.push(await speaker.emergency());
    await speaker.play(quiet);
    for (let count = 0; count < rounds; count++) {
      await speaker.resumed();
      over.push(await speaker.emergency());
    }
    agent.disconnect();
    await once(agent, 'exit');
    return { bench: 'emergency', output: 'file', rounds, over: summary(over), idle: summary(idle) };
  } finally {
    await controller.stop();
    ear.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function summary(values: readonly number[]): object {
  const ascending = [...values].sort((a, b) => a - b);
  const [p50, p99, max] = [0.5, 0.99, 1].map((p) => round(percentile(ascending, p)));
  return { p50Ms: p50, p99Ms: p99, maxMs: max };
}

/** A quarter of an hour of a low tone that is hardly there. */
async function quietContent(controller: TestController, folder: string): Promise<PlayOrder['content']> {
  const file = join(folder, 'quiet.opus');
  const tone = `sine=frequency=60:sample_rate=48000:duration=${MAIN_S}`;
  const coder = ['-af', 'volume=-30dB', '-ac', '1', '-c:a', 'libopus', '-b:a', '16k'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', tone, ...coder, file]);
  return controller.addContent(await readFile(file), MAIN_S * 1000);
}

/** Hears what the loudspeaker does, and when. */
class Ear {
  readonly path: string;
  loudAt: number | undefined;
  heardAt: number | undefined;
  readonly #server;

  constructor(path: string) {
    this.path = path;
    this.#server = createServer((socket) => {
      socket.on('data', (bytes) => this.#hear(bytes));
      socket.on('error', () => undefined);
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  close(): void {
    this.#server.close();
  }

  forget(): void {
    this.loudAt = undefined;
    this.heardAt = undefined;
  }

  #hear(bytes: Buffer): void {
    const at = clock.now();
    for (let index = 0; index + 1 < bytes.length; index += 2) {
      const size = Math.abs(bytes.readInt16LE(index));
      if (size > 0) this.heardAt ??= at;
      // The frames before it in this piece came at the same moment.
      if (size > LOUD) this.loudAt ??= at;
    }
  }
}

/** The loudspeaker, as its controller moves it. */
class Speaker {
  readonly #controller: TestController;
  readonly #ear: Ear;

  constructor(controller: TestController, ear: Ear) {
    this.#controller = controller;
    this.#ear = ear;
  }

  async idle(): Promise<void> {
    await delay(clock, 'bench', 3_000);
  }

  async play(content: PlayOrder['content']): Promise<void> {
    const now = Math.round(clock.now());
    await this.#send(playOrder(content, { startsAt: now, hardEndAt: now + 3_600_000 }));
  }

  /** Waits until the quiet tone is there alone. */
  async resumed(): Promise<void> {
    this.#ear.forget();
    await this.#until(() => this.#ear.heardAt !== undefined, 'the quiet tone');
    await delay(clock, 'bench', 500);
  }

  /** An emergency from its order to its tone, ms; it is taken back then. */
  async emergency(): Promise<number> {
    const absent = this.#controller.addContent(Buffer.alloc(1_000, `${clock.now()}`), 5_000) as FileContent;
    this.#controller.contents.delete(absent.sha256);
    const order = playOrder(absent, {
      ...{ priority: 'emergency', window: null, prelude: [{ name: 'attention-tone' }] },
      volume: { gainDb: 0, ignoreCap: true },
    });
    const document = await signDocument('order', order, this.#controller.key);
    this.#ear.forget();
    const sentAt = clock.now();
    await this.#controller.publish(topicOf('order', SPEAKER), document);
    await this.#until(() => this.#ear.loudAt !== undefined, 'the attention tone');
    const tookMs = (this.#ear.loudAt ?? Number.NaN) - sentAt;
    const now = Math.round(clock.now());
    const cancel: CancelOrder = {
      ...{ v: 1, kind: 'cancel', id: `${order.id}x`, broadcastId: order.broadcastId, requires: [] },
      ...{ revision: order.revision + 1, targets: order.targets, issuedAt: now },
      ...{ expiresAt: now + 60_000, reason: 'bench', by: 'bench' },
    };
    const over = this.#controller.entry(
      SPEAKER,
      ({ kind, broadcastId }) => kind === 'cancelled' && broadcastId === order.broadcastId,
    );
    await this.#send(cancel);
    await over;
    await delay(clock, 'bench', 600);
    return tookMs;
  }

  async #send(order: PlayOrder | CancelOrder): Promise<void> {
    await this.#controller.publish(
      topicOf('order', SPEAKER),
      await signDocument('order', order, this.#controller.key),
    );
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    const givenUpAt = clock.monotonic() + GIVE_UP_MS;
    while (!done()) {
      if (clock.monotonic() > givenUpAt) throw new Error(`${what} does not come`);
      await delay(clock, 'bench', POLL_MS);
    }
  }
}
