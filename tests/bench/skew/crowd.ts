import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DisposerStack, delay, SystemClock } from '#kit';
import { DEFAULT_SAMPLING } from '../../../device-agent/clock/index.ts';
import { seededRandom } from '../../helpers/network-delay.ts';
import type { Commune } from './commune.ts';
import type { AgentNews, AgentOrder, HeardStart, ObserverCommand, ObserverReply } from './messages.ts';

const WALL_ERROR_MS = 5_000;
const CRYSTAL_PPM = 50;
/** Two processors do not start twenty processes at once in good time. */
const START_GAP_MS = 400;
const clock = new SystemClock();

export interface CrowdRound {
  readonly startsAt: number;
  /** In the order of the speakers. */
  readonly heard: readonly HeardStart[];
  /** How long the observer was kept waiting at most: so much of any figure may be the machine's and not the speakers'. */
  readonly lateMs: number;
}

/** Many loudspeakers with wrong clocks, a process each, and the process that listens to all of them. */
export class Crowd {
  readonly speakers: readonly string[];
  readonly #options: { readonly folder: string; readonly commune: Commune; readonly seed: number };
  readonly #processes = new DisposerStack();
  readonly #news = new Map<string, AgentNews>();
  #observer: ChildProcess | undefined;

  constructor(options: {
    readonly folder: string;
    readonly commune: Commune;
    readonly count: number;
    readonly seed: number;
  }) {
    this.#options = options;
    this.speakers = Array.from({ length: options.count }, (_, i) => `loa-${String(i + 1).padStart(2, '0')}`);
  }

  /** Resolves when every agent is online and has its first burst of time behind it. */
  async start(): Promise<void> {
    this.#observer = this.#fork('./observer.js');
    await this.#ask({ kind: 'listen', sockets: this.speakers.map((id) => this.#socketOf(id)) });
    const random = seededRandom(this.#options.seed);
    for (const [i, id] of this.speakers.entries()) {
      await this.#startAgent(id, i, random);
      await delay(clock, 'bench start', START_GAP_MS);
    }
    await this.#options.commune.online(this.speakers);
    const learnt = (id: string) => (this.#news.get(id)?.used ?? 0) >= DEFAULT_SAMPLING.burstSize;
    while (!this.speakers.every(learnt)) await delay(clock, 'bench poll', 500);
  }

  /** What each agent holds for the time less the truth, ms. */
  clockErrors(): number[] {
    return this.speakers.map((id) => this.#news.get(id)?.clockErrorMs ?? Number.NaN);
  }

  /** One broadcast to all: what the observer heard from each loudspeaker. */
  async play(leadMs: number): Promise<CrowdRound> {
    await this.#ask({ kind: 'clear' });
    const { startsAt } = await this.#options.commune.broadcast(this.speakers, leadMs);
    const reply = await this.#ask({ kind: 'measure', prepared: this.#options.commune.prepared });
    if (reply.kind !== 'measured') throw new Error(`the observer answered ${reply.kind}`);
    return { startsAt, heard: reply.heard, lateMs: reply.lateMs };
  }

  async stop(): Promise<void> {
    await this.#processes.dispose();
  }

  async #startAgent(id: string, index: number, random: () => number): Promise<void> {
    const folder = join(this.#options.folder, id);
    await mkdir(folder, { recursive: true });
    const order: AgentOrder = {
      provisioning: await this.#options.commune.enter(id, index, folder),
      dataFolder: join(folder, 'data'),
      socket: this.#socketOf(id),
      logFile: join(folder, 'agent.log'),
      wallOffsetMs: (2 * random() - 1) * WALL_ERROR_MS,
      ppm: (2 * random() - 1) * CRYSTAL_PPM,
    };
    const agent = this.#fork('./agent.js');
    agent.on('message', (news) => this.#news.set(id, news as AgentNews));
    agent.send(order);
  }

  #socketOf(id: string): string {
    return join(this.#options.folder, `${id}.pcm`);
  }

  #fork(script: string): ChildProcess {
    const child = fork(fileURLToPath(import.meta.resolve(script)));
    const gone = once(child, 'exit');
    this.#processes.defer(script, async () => {
      if (child.connected) child.disconnect();
      await gone;
    });
    return child;
  }

  async #ask(command: ObserverCommand): Promise<ObserverReply> {
    const observer = this.#observer;
    if (observer === undefined) throw new Error('there is no observer');
    const answer = once(observer, 'message');
    observer.send(command);
    const [reply] = (await answer) as [ObserverReply];
    if (reply.kind === 'failed') throw new Error(reply.reason);
    return reply;
  }
}
