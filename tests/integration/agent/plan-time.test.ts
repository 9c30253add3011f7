import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Clock, Timer } from '#kit';
import { type PlayOrder, sha256 } from '#protocols';
import type { Agent } from '../../../device-agent/agent.ts';
import { NullOutput } from '../../../device-agent/outputs/index.ts';
import { diskIdle } from '../../helpers/disk-idle.ts';
import { FAKE_START, FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { testAgent } from './test-agent.ts';
import { dayOf, playOrder, TestController } from './test-controller.ts';
import { AREA, SPEAKER } from './village.ts';

const MINUTE = 60_000;

/** A fake clock on a machine that can sleep: time goes on, timers do not. */
class SleepyClock implements Clock {
  readonly inner: FakeClock;
  #sleptMs = 0;

  constructor(start: number) {
    this.inner = new FakeClock({ start });
  }

  sleep(ms: number): void {
    this.#sleptMs += ms;
  }

  now(): number {
    return this.inner.now() + this.#sleptMs;
  }

  monotonic(): number {
    return this.inner.monotonic() + this.#sleptMs;
  }

  setTimer(name: string, delayMs: number, fire: () => void): Timer {
    return this.inner.setTimer(name, delayMs, fire);
  }
}

/** A loudspeaker without any network: it has what its disk held when the power came. */
class Lonely {
  readonly clock: SleepyClock;
  readonly agent: Agent;

  private constructor(clock: SleepyClock, agent: Agent) {
    this.clock = clock;
    this.agent = agent;
  }

  static async open(slots: readonly PlayOrder[], audio: Buffer, start = FAKE_START): Promise<Lonely> {
    const controller = new TestController();
    await controller.addStatement([controller.key]);
    const provisioning = await controller.enrol(SPEAKER, ['vn', 'tan-an']);
    const folder = join(tempDir(), 'agent');
    const days: Record<string, PlayOrder[]> = {};
    for (const one of slots) {
      const day = dayOf(one.startsAt);
      days[day] = [...(days[day] ?? []), one];
    }
    const validUntil = FAKE_START + 14 * 24 * 60 * MINUTE;
    const head = await controller.plan(AREA, days, { revision: 1, issuedAt: 1, validUntil });
    await mkdir(join(folder, 'plan', 'documents'), { recursive: true });
    await mkdir(join(folder, 'cache'));
    const { statements } = controller;
    await writeFile(join(folder, 'key-statements.json'), JSON.stringify({ v: 1, statements }));
    await writeFile(join(folder, 'assignment.jws'), controller.assignments.get(SPEAKER) ?? '');
    await writeFile(join(folder, 'plan', 'area.tan-an.in-force.jws'), head);
    for (const [hash, bytes] of controller.planDocuments)
      await writeFile(join(folder, 'plan', 'documents', hash), bytes);
    await writeFile(join(folder, 'cache', sha256(audio)), audio);
    const clock = new SleepyClock(start);
    const agent = testAgent(
      folder,
      // Nobody listens there.
      { ...provisioning, url: 'http://127.0.0.1:9' },
      { clock, output: new NullOutput({ clock }), random: () => 0, systemFacts: async () => FACTS },
    );
    await agent.start();
    return new Lonely(clock, agent);
  }

  /** A signed reply says that it is this instant. */
  trust(instant: number): void {
    const at = this.clock.monotonic();
    const sample = { sentAt: at, serverReceivedAt: instant, serverSentAt: instant, receivedAt: at };
    this.agent.keeper.time.addSample(sample);
  }

  /** Lets time pass in small steps, the disk keeping up. */
  async pass(ms: number, stepMs = 100): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.inner.advance(stepMs);
      await diskIdle();
    }
  }

  kinds({ id }: PlayOrder): string[] {
    return [...this.agent.journal.entries()]
      .filter(({ orderId }) => orderId === id)
      .map(({ kind, code }) => (code === undefined ? kind : `${kind} ${code}`));
  }

  startErrorMs({ id }: PlayOrder): number | undefined {
    return [...this.agent.journal.entries()].find(({ kind, orderId }) => kind === 'started' && orderId === id)
      ?.startErrorMs;
  }
}

const FACTS = {
  ...{ cpuTemperatureC: null, load1: 0, memory: { totalBytes: 1, freeBytes: 1 } },
  disk: { totalBytes: 1e10, freeBytes: 1e10 },
  network: { interface: null, address: null, receivedBytes: null, sentBytes: null },
};

const audio = Buffer.alloc(5_000, 1);
const content = {
  ...{ kind: 'file', sha256: sha256(audio), bytes: audio.length, durationMs: 500 },
  ...{ chunkListSha256: null, path: '/nowhere', mediaType: 'audio/ogg' },
} as PlayOrder['content'];

/** A slot so many minutes after the start of the fake time. */
function slot(minutes: number, latenessMinutes = 5): PlayOrder {
  const startsAt = FAKE_START + minutes * MINUTE;
  const latestStartAt = startsAt + latenessMinutes * MINUTE;
  return playOrder(content, { startsAt, latestStartAt, issuedAt: 1, revision: 1 });
}

it('without a clock it is silent until time is trusted, and then plays what is still to come', async () => {
  const [early, next] = [slot(2), slot(10)];
  const lonely = await Lonely.open([early, next], audio, 0);
  await lonely.pass(5_000, 500);
  expect(lonely.agent.keeper.time.now().trust).toBe('untrusted');
  expect([lonely.kinds(early), lonely.kinds(next)]).toEqual([[], []]);
  lonely.trust(FAKE_START + 9.9 * MINUTE);
  await lonely.pass(15_000);
  expect(lonely.kinds(early)).toEqual(['missed order.too_late']);
  expect(lonely.kinds(next)).toEqual(['ready', 'started', 'finished']);
  expect(Math.abs(lonely.startErrorMs(next) ?? 1e9)).toBeLessThan(200);
});

it('a wall clock that jumps by hours makes nothing sound twice, or at another time', async () => {
  const [first, second] = [slot(1), slot(3)];
  const lonely = await Lonely.open([first, second], audio);
  lonely.trust(FAKE_START);
  await lonely.pass(65_000);
  expect(lonely.kinds(first)).toEqual(['ready', 'started', 'finished']);
  const trusted = () => FAKE_START + lonely.clock.monotonic();
  for (const hours of [3, -6]) {
    lonely.clock.inner.jump(hours * 60 * MINUTE);
    await lonely.pass(20_000, 1_000);
  }
  expect(lonely.agent.keeper.time.now().trust).toBe('disputed');
  expect(lonely.kinds(second)).toEqual(['ready']);
  // Three words of the controller that agree end the dispute.
  for (let reply = 0; reply < 3; reply++) {
    lonely.trust(trusted());
    await lonely.pass(1_000);
  }
  await lonely.pass(FAKE_START + 3 * MINUTE + 5_000 - trusted());
  expect(lonely.kinds(first)).toEqual(['ready', 'started', 'finished']);
  expect(lonely.kinds(second)).toEqual(['ready', 'started', 'finished']);
  expect(Math.abs(lonely.startErrorMs(second) ?? 1e9)).toBeLessThan(200);
});

it('a machine that slept over a slot plays it late within its lateness, and else tells that it was missed', async () => {
  const [strict, lenient] = [slot(2, 1), slot(3, 10)];
  const lonely = await Lonely.open([strict, lenient], audio);
  lonely.trust(FAKE_START);
  await lonely.pass(2_000);
  lonely.clock.sleep(8 * MINUTE);
  // Timers come 30 s after the sleep at the latest.
  await lonely.pass(35_000);
  expect(lonely.kinds(strict)).toEqual(['ready', 'missed order.too_late']);
  expect(lonely.kinds(lenient)).toEqual(['ready', 'started', 'finished']);
});
