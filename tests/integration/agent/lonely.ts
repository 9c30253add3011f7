import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '#kit';
import { type Assignment, type PlayOrder, sha256, signDocument } from '#protocols';
import type { Agent, AgentOptions } from '../../../device-agent/agent.ts';
import { NullOutput } from '../../../device-agent/outputs/index.ts';
import { diskIdle } from '../../helpers/disk-idle.ts';
import { FAKE_START, FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { testAgent } from './test-agent.ts';
import { dayOf, playOrder, TestController } from './test-controller.ts';
import { AREA, SPEAKER } from './village.ts';

export const MINUTE = 60_000;

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

export interface LonelyOptions {
  /** What the wall clock shows when the power comes; `FAKE_START` unless said. */
  readonly start?: number;
  readonly assignment?: Partial<Assignment>;
  readonly agent?: (clock: Clock) => Partial<AgentOptions>;
}

/** A loudspeaker without any network: it has what its disk held when the power came, and what a test hands it. */
export class Lonely {
  readonly clock: SleepyClock;
  readonly agent: Agent;
  readonly controller: TestController;
  /** What its disk holds. */
  readonly folder: string;

  private constructor(clock: SleepyClock, agent: Agent, controller: TestController, folder: string) {
    this.clock = clock;
    this.agent = agent;
    this.controller = controller;
    this.folder = folder;
  }

  static async open(
    slots: readonly PlayOrder[],
    audio: Buffer,
    { start = FAKE_START, assignment = {}, agent: change }: LonelyOptions = {},
  ): Promise<Lonely> {
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
    await writeFile(join(folder, 'assignment.jws'), await controller.assignment(SPEAKER, assignment));
    await writeFile(join(folder, 'plan', 'area.tan-an.in-force.jws'), head);
    for (const [hash, bytes] of controller.planDocuments)
      await writeFile(join(folder, 'plan', 'documents', hash), bytes);
    await writeFile(join(folder, 'cache', sha256(audio)), audio);
    const clock = new SleepyClock(start);
    const agent = testAgent(
      folder,
      // Nobody listens there.
      { ...provisioning, url: 'http://127.0.0.1:9' },
      {
        ...{ clock, output: new NullOutput({ clock }), random: () => 0, systemFacts: async () => FACTS },
        ...change?.(clock),
      },
    );
    await agent.start();
    return new Lonely(clock, agent, controller, folder);
  }

  /** The instant that the fake clock shows, by the agent's trusted time. */
  get now(): number {
    return this.agent.keeper.time.now().instant;
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

  /** An order comes over the link. */
  async order(order: object): Promise<void> {
    const document = await signDocument('order', order, this.controller.key);
    await this.agent.inbox.receive('own', Buffer.from(document));
  }

  /** A latch of the area comes over the link. */
  async latch(id: string, revision: number, state: 'set' | 'released' = 'set'): Promise<void> {
    const document = await this.controller.latch(id, AREA, { revision, state });
    await this.agent.latches.receive(Buffer.from(document));
  }

  kinds({ id }: Pick<PlayOrder, 'id'>): string[] {
    return this.told.filter(({ orderId }) => orderId === id).map(said);
  }

  /** The journal, as far as it is written. */
  get told() {
    return [...this.agent.journal.entries()];
  }

  startErrorMs({ id }: PlayOrder): number | undefined {
    return this.told.find(({ kind, orderId }) => kind === 'started' && orderId === id)?.startErrorMs;
  }
}

function said({ kind, code }: { readonly kind: string; readonly code?: string }): string {
  return code === undefined ? kind : `${kind} ${code}`;
}

const FACTS = {
  ...{ cpuTemperatureC: null, load1: 0, memory: { totalBytes: 1, freeBytes: 1 } },
  disk: { totalBytes: 1e10, freeBytes: 1e10 },
  network: { interface: null, address: null, receivedBytes: null, sentBytes: null },
};

/** Lies in the cache of a lonely loudspeaker. */
export const lonelyAudio = Buffer.alloc(5_000, 1);

/** The same as content of so many ms. */
export function lonelyContent(durationMs = 500): PlayOrder['content'] {
  return {
    ...{ kind: 'file', sha256: sha256(lonelyAudio), bytes: lonelyAudio.length, durationMs },
    ...{ chunkListSha256: null, path: '/nowhere', mediaType: 'audio/ogg' },
  } as PlayOrder['content'];
}

/** A slot so many minutes after the start of the fake time. */
export function lonelySlot(minutes: number, latenessMinutes = 5): PlayOrder {
  const startsAt = FAKE_START + minutes * MINUTE;
  const latestStartAt = startsAt + latenessMinutes * MINUTE;
  return playOrder(lonelyContent(), { startsAt, latestStartAt, issuedAt: 1, revision: 1 });
}
