import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DisposerStack, delay, SystemClock } from '#kit';
import { type CancelOrder, type FileContent, type PlayOrder, signDocument, topicOf } from '#protocols';
import { playOrder, TestController } from '../integration/agent/test-controller.ts';
import { Ear } from './emergency/ear.ts';
import { startLoudspeaker } from './emergency/loudspeaker.ts';
import { choiceOption, numberOption, percentile, round } from './statistics.ts';

const SPEAKER = 'cum-01';
const AREAS = ['vn', 'tan-an'];
const MAIN_S = 900;
const POLL_MS = 20;
const GIVE_UP_MS = 30_000;
const clock = new SystemClock();

/**
 * From the publication of a signed emergency order to the first frame of its attention tone, as an observer gets it in the moment when
 * it is due at the loudspeaker: over something that sounds (`over`) and out of silence (`idle`). Controller and agent are processes of
 * their own; the words of the emergency have not come to the loudspeaker. `--output`: `file` (a socket, by default) or `pulse` (a null sink
 * of a PulseAudio server of its own, heard at its monitor).
 */
export async function emergency(args: readonly string[]): Promise<object> {
  const rounds = numberOption(args, 'rounds', 20);
  const output = choiceOption(args, 'output', ['file', 'pulse']);
  const folder = await mkdtemp(join(tmpdir(), 'loa-emergency-'));
  const controller = new TestController();
  const ear = new Ear(clock);
  const stack = new DisposerStack();
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  try {
    await controller.start();
    stack.defer('controller', () => controller.stop());
    const provisioning = await controller.enrol(SPEAKER, AREAS);
    const hello = controller.events.next('hello');
    await startLoudspeaker({ output, provisioning, folder, ear, stack });
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
    return { bench: 'emergency', output, rounds, over: summary(over), idle: summary(idle) };
  } finally {
    await stack.dispose();
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
