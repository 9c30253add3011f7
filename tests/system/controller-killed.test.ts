import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BroadcastView } from '#protocols';
import { ApiClient } from '../../server/demo/api-client.ts';
import { DelayProxy } from '../helpers/network-delay.ts';
import type { AgentProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { Commune, type Prepared } from './support/commune.ts';
import { likeness, soundingRecordings } from './support/recordings.ts';

const LIMIT_MS = 90_000;
const SPEAKER = 'loa-ap-1';

interface Scene {
  readonly commune: Commune;
  readonly agent: AgentProcess;
  readonly prepared: Prepared;
}

const scenes: Scene[] = [];
const proxies: DelayProxy[] = [];
let receipts: Scene;
let retries: Scene;

async function scene(name: string, seed: number): Promise<Scene> {
  const commune = await new Commune({ folder: tempDir(name) }).start();
  const agent = await commune.addAgent(SPEAKER);
  const prepared = await commune.prepare({ seconds: 2.5, seed });
  const made = { commune, agent, prepared };
  scenes.push(made);
  return made;
}

beforeAll(async () => {
  [receipts, retries] = await Promise.all([scene('receipts', 11), scene('retries', 12)]);
}, LIMIT_MS);

afterAll(async () => {
  await Promise.all(scenes.map(({ commune }) => commune.stop()));
  await Promise.all(proxies.map((proxy) => proxy.stop()));
});

/** Resolves when the agent holds an order on its disk that it did not hold before. */
async function orderHeld({ agent }: Scene, before: readonly string[]): Promise<void> {
  await until('the order to reach the agent', async () => {
    const names = await orderFiles(agent);
    return names.some((name) => !before.includes(name));
  });
}

async function orderFiles({ dataFolder }: AgentProcess): Promise<string[]> {
  return (await readdir(join(dataFolder, 'orders')).catch(() => [])).filter((name) => name.endsWith('.json'));
}

/** So many recordings, each of them whole. */
async function soundedTimes({ agent, prepared }: Scene, times: number): Promise<void> {
  const recordings = await soundingRecordings(agent.recordings);
  expect(recordings).toHaveLength(times);
  for (const recording of recordings) {
    const heard = likeness(prepared.samples, recording);
    expect(heard.pieces).toBeGreaterThanOrEqual(0.95);
  }
}

describe.concurrent('kill −9 of the controller', () => {
  it(
    'between issue and receipt: the receipts come, and it sounded once',
    async () => {
      const { commune, agent, prepared } = receipts;
      const before = await orderFiles(agent);
      const broadcast = await commune.play(prepared, [SPEAKER], { leadMs: 4_000 });
      await orderHeld(receipts, before);
      await commune.controller.end('SIGKILL');
      await commune.controller.start();
      const delivery = await commune.settled(broadcast.id, SPEAKER);
      expect(delivery).toMatchObject({ state: 'finished', played: true, flags: [] });
      expect(delivery.plays).toHaveLength(1);
      await until('the broadcast to be completed', async () => {
        const { state } = await commune.broadcast(broadcast.id);
        return state === 'completed';
      });
      await soundedTimes(receipts, 1);

      // Away while it sounds, and back when it is over.
      const second = await commune.play(prepared, [SPEAKER], { leadMs: 3_000 });
      await commune.settled(second.id, SPEAKER, ['ready', 'playing', 'finished']);
      await commune.controller.end('SIGKILL');
      await until('the sound to end', async () => {
        const [, last] = await soundingRecordings(agent.recordings);
        return last !== undefined && likeness(prepared.samples, last).heardMs >= prepared.durationMs;
      });
      await commune.controller.start();
      expect(await commune.settled(second.id, SPEAKER)).toMatchObject({
        state: 'finished',
        played: true,
        flags: [],
      });
      await soundedTimes(receipts, 2);
    },
    LIMIT_MS,
  );

  it(
    'before or after the answer reached the client: the same key again does not broadcast twice',
    async () => {
      const { commune, agent, prepared } = retries;
      const { controller } = commune;
      // Requests come through, answers do not.
      const oneWay = new DelayProxy({
        target: { port: controller.httpPort },
        delayMs: (direction) => (direction === 'down' ? 600_000 : 0),
      });
      proxies.push(oneWay);
      await oneWay.start();
      const deaf = new ApiClient({
        url: `http://127.0.0.1:${oneWay.port}`,
        as: { token: controller.token('editor') },
      });
      const key = randomUUID();
      const request = commune.playRequest(prepared, [SPEAKER], { leadMs: 4_000 });
      const before = await orderFiles(agent);
      const unanswered = deaf.post<BroadcastView>('/broadcasts', request, key).then(
        () => 'answered',
        () => 'lost',
      );
      await orderHeld(retries, before);
      await controller.end('SIGKILL');
      oneWay.cut();
      expect(await unanswered).toBe('lost');
      await controller.start();
      const first = await controller.as('editor').post<BroadcastView>('/broadcasts', request, key);
      expect((await commune.broadcasts()).map(({ id }) => id)).toEqual([first.id]);
      expect(await commune.settled(first.id, SPEAKER)).toMatchObject({ state: 'finished', flags: [] });

      const other = randomUUID();
      const answer = await controller.as('editor').post<BroadcastView>('/broadcasts', request, other);
      await controller.end('SIGKILL');
      await controller.start();
      const again = await controller.as('editor').post<BroadcastView>('/broadcasts', request, other);
      expect(again).toEqual(answer);
      expect(await commune.settled(again.id, SPEAKER)).toMatchObject({ state: 'finished', flags: [] });
      expect((await commune.broadcasts()).map(({ id }) => id).sort()).toEqual([first.id, again.id].sort());
      expect(await orderFiles(agent)).toHaveLength(2);
      await soundedTimes(retries, 2);
      // Another request under the same key is no repetition.
      await expect(
        controller.as('editor').post('/broadcasts', { ...request, drill: true }, other),
      ).rejects.toMatchObject({ status: 409 });
    },
    LIMIT_MS,
  );
});
