import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Hello, type JournalEntry, type PlayOrder, topicOf } from '#protocols';
import type { Agent, AgentOptions } from '../../../device-agent/agent.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { testAgent } from './test-agent.ts';
import { dayOf, playOrder, TestController } from './test-controller.ts';

export const SPEAKER = 'spk-1';
export const AREA = { kind: 'area', id: 'tan-an' } as const;

/** One loudspeaker and its controller, connected, with an assignment. */
export class Village {
  readonly controller = new TestController();
  readonly folder = join(tempDir(), 'agent');
  #agent: Agent | undefined;
  #change: Partial<AgentOptions> = {};

  static async open(change: Partial<AgentOptions> = {}): Promise<Village> {
    const village = new Village();
    const { controller } = village;
    await controller.start();
    onTestFinished(() => controller.stop());
    const provisioning = await controller.enrol(SPEAKER, ['vn', 'tan-an']);
    // No download waits at random.
    village.#change = { random: () => 0, ...change };
    village.#agent = testAgent(village.folder, provisioning, village.#change);
    const ready = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
    await village.agent.start();
    await ready;
    return village;
  }

  get agent(): Agent {
    if (this.#agent === undefined) throw new Error('the village is not open');
    return this.#agent;
  }

  /** The power goes: what was not on the disk is lost. Nothing is told to the controller. */
  async powerCut(): Promise<void> {
    await this.agent.stop();
  }

  /** Starts again with what is on the disk; resolves with the first hello. */
  async powerBack(change: Partial<AgentOptions> = {}): Promise<Hello> {
    const heard = this.controller.events.next('hello');
    const provisioning = await this.controller.enrol(SPEAKER, ['vn', 'tan-an']);
    this.#agent = testAgent(this.folder, provisioning, { ...this.#change, ...change });
    await this.agent.start();
    return (await heard).hello;
  }

  /** Content that plays for so long. */
  content(ms: number, fill = 1): PlayOrder['content'] {
    return this.controller.addContent(Buffer.alloc(5_000, fill), ms);
  }

  /** A slot that starts so many ms from now. */
  slot(inMs: number, change: Partial<PlayOrder> = {}): PlayOrder {
    const startsAt = Date.now() + inMs;
    return playOrder(change.content ?? this.content(300), { startsAt, ...change });
  }

  /** Publishes a plan head of the area with these slots by their day; resolves when it is said to be in force. */
  async plan(
    slots: readonly PlayOrder[],
    change: Parameters<TestController['plan']>[2] = {},
  ): Promise<string> {
    const { controller } = this;
    const days: Record<string, PlayOrder[]> = {};
    for (const slot of slots) {
      const day = dayOf(slot.startsAt);
      days[day] = [...(days[day] ?? []), slot];
    }
    const head = await controller.plan(AREA, days, change);
    const taken = change.hidden ? Promise.resolve() : this.planInForce(slots);
    await controller.publish(topicOf('areaPlan', AREA.id), head);
    await taken;
    return head;
  }

  /** Resolves when the agent's plan is exactly these slots. */
  async planInForce(slots: readonly PlayOrder[]): Promise<void> {
    const wanted = slots
      .map(({ id }) => id)
      .sort()
      .join();
    const { plan } = this.agent;
    const fits = () =>
      plan.slots
        .map(({ order }) => order.id)
        .sort()
        .join() === wanted;
    await new Promise<void>((resolve) => {
      const off = plan.onChange(() => look());
      const look = () => {
        if (!fits()) return;
        off();
        resolve();
      };
      look();
    });
  }

  /** Resolves with the entry of the loudspeaker's own journal, whether it was sent or not. */
  async told(kind: string, order: Pick<PlayOrder, 'id'>): Promise<JournalEntry> {
    const { journal } = this.agent;
    const find = () =>
      [...journal.entries()].find((entry) => entry.kind === kind && entry.orderId === order.id);
    return new Promise<JournalEntry>((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        off();
        resolve(found);
      };
      const off = journal.onChange(look);
      look();
    });
  }

  /** What the journal tells of an order, as far as it is written. */
  kinds({ id }: Pick<PlayOrder, 'id'>): string[] {
    return [...this.agent.journal.entries()]
      .filter(({ orderId }) => orderId === id)
      .map(({ kind, code }) => (code === undefined ? kind : `${kind} ${code}`));
  }
}
