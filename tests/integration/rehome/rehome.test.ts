import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import type { Home, JournalEntry, Provisioning } from '#protocols';
import type { Agent } from '../../../device-agent/agent.ts';
import { readHome } from '../../../device-agent/home/home-file.ts';
import { freePort } from '../../../server/demo/free-port.ts';
import { keysCommand } from '../../../server/keys/commands.ts';
import { createLogger } from '../../../server/logger.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { testAgent } from '../agent/test-agent.ts';
import { COMMUNE, HAMLETS, startController, type TestController } from '../http/support.ts';

const SPEAKER = 'loa-1';
const clock = new SystemClock();

/** A controller with an authority of its own that is stopped for a command at its terminal, and comes back at the same address. */
class Commune {
  readonly controller: TestController;
  readonly #env: Record<string, string>;
  readonly url: string;

  private constructor(controller: TestController, url: string, env: Record<string, string>) {
    this.controller = controller;
    this.url = url;
    this.#env = env;
  }

  static async start(): Promise<Commune> {
    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    const env = { LOA_PUBLIC_URL: url, LOA_PORT: String(port) };
    const controller = await startController({}, env);
    const commune = new Commune(controller, url, env);
    await commune.#listen();
    const days = [1, 2, 3, 4, 5, 6, 7];
    const policy = {
      windows: [{ days, opens: '00:00', closes: '24:00' }],
      testing: { days, opens: '00:00', closes: '24:00', capDb: -6 },
    };
    const { status } = await controller.call('administrator', 'PATCH', `areas/${COMMUNE}`, {
      body: { policy: { ...policy, sessionMinutes: null, legalBasis: 'kiểm thử' } },
    });
    expect(status).toBe(200);
    return commune;
  }

  /** What `npm run keys -- …` says. */
  async keys(...args: string[]): Promise<string> {
    const said: string[] = [];
    await this.controller.stop();
    const data = join(this.controller.folder, 'data');
    const command = keysCommand({
      ...{ args, folder: join(data, 'keys'), clock, publicUrl: this.url, say: (line) => said.push(line) },
      own: async () => {
        const storage = openStorage({
          url: `file:${join(data, 'loa.db')}`,
          clock,
          log: createLogger('silent'),
        });
        await storage.start();
        return { storage, release: () => storage.stop() };
      },
    });
    try {
      expect(await command).toBe(0);
    } finally {
      await this.controller.start({}, this.#env);
      await this.#listen();
    }
    return said.join('\n');
  }

  async card(): Promise<Home> {
    return (await this.controller.get<Home>('nobody', 'keys/home')).body;
  }

  async link(): Promise<string | undefined> {
    const { body } = await this.controller.get<{ status: { link: string } | null }>(
      'technician',
      `speakers/${SPEAKER}`,
    );
    return body.status?.link;
  }

  /** Lets it sound for a second, as a technician may; gives back the broadcast. */
  async play(): Promise<string> {
    const { status, body } = await this.controller.post<{ id: string }>(
      'technician',
      `speakers/${SPEAKER}/test`,
      { seconds: 1 },
    );
    expect(status).toBe(201);
    return body.id;
  }

  /** Resolves when the loudspeaker says that this broadcast has sounded to its end. */
  async finished(broadcastId: string): Promise<void> {
    await until('the broadcast to be told as finished', async () => {
      const journal = await this.journal();
      return journal.some((entry) => entry.kind === 'finished' && entry.broadcastId === broadcastId);
    });
  }

  async journal(): Promise<JournalEntry[]> {
    const { body } = await this.controller.get<{ rows: { line: string }[] }>(
      'technician',
      `speakers/${SPEAKER}/journal?limit=200`,
    );
    return body.rows.map(({ line }) => JSON.parse(line) as JournalEntry);
  }

  async #listen(): Promise<void> {
    await this.controller.app.listen({ host: '127.0.0.1', port: Number(new URL(this.url).port) });
  }
}

/** The loudspeaker as its program runs it: after a move it is stopped, and started at its new home. */
class Loudspeaker {
  readonly folder: string;
  readonly #enrolled: Provisioning;
  agent: Agent | undefined;
  moves = 0;

  constructor(folder: string, enrolled: Provisioning) {
    this.folder = folder;
    this.#enrolled = enrolled;
  }

  async start(): Promise<void> {
    const inForce = await readHome(this.folder, this.#enrolled);
    const agent = testAgent(this.folder, this.#enrolled, { home: { inForce, onMoved: () => this.#moved() } });
    this.agent = agent;
    await agent.start();
  }

  /** Off and on again. */
  async restart(): Promise<void> {
    await this.running.stop();
    await this.start();
  }

  get running(): Agent {
    if (this.agent === undefined) throw new Error('the loudspeaker is not running');
    return this.agent;
  }

  #moved(): void {
    this.moves += 1;
    const before = this.running;
    this.agent = undefined;
    void before.stop().then(() => this.start());
  }
}

async function enter(commune: Commune): Promise<Loudspeaker> {
  const folder = tempDir('agent');
  const loudspeaker = new Loudspeaker(
    folder,
    await commune.controller.enrolAgent(SPEAKER, HAMLETS[0], folder),
  );
  await loudspeaker.start();
  await until('the old home to see it', async () => (await commune.link()) === 'online');
  return loudspeaker;
}

describe('a loudspeaker whose commune is merged into another', () => {
  it('moves to the other controller with its history, plays for it, and for the old one no more', {
    timeout: 120_000,
  }, async () => {
    const [before, after] = [await Commune.start(), await Commune.start()];
    const loudspeaker = await enter(before);
    const first = await before.play();
    await before.finished(first);
    const files = tempDir('usb');
    const [cardFile, list] = [join(files, 'the.json'), join(files, 'danh-sach.jsonl')];
    await writeFile(cardFile, JSON.stringify(await after.card()));
    const said = await before.keys('rehome', cardFile, '--area', HAMLETS[0], '--list', list);
    expect(said).toContain(after.url);
    const from = (await before.card()).roots[0] ?? '';
    // The new home does not know it yet: it goes on with the old one.
    await until('the old home to see it again', async () => (await before.link()) === 'online');
    await until('a move under way', () => loudspeaker.running.homes?.moving === true);
    const second = await before.play();
    await before.finished(second);
    expect(loudspeaker.moves).toBe(0);

    expect(await after.keys('import', list, '--area', COMMUNE, `--from=${from}`)).toContain(SPEAKER);
    // By itself it would try again within minutes.
    await loudspeaker.restart();
    await until(
      'the new home to see it',
      async () => loudspeaker.moves === 1 && (await after.link()) === 'online',
      90_000,
    );
    const third = await after.play();
    await after.finished(third);
    // What it did before is told to the new home too, and its last words to the old one.
    const told = await after.journal();
    for (const id of [first, second])
      expect(told.some(({ kind, broadcastId }) => kind === 'finished' && broadcastId === id)).toBe(true);
    expect((await before.journal()).find(({ kind }) => kind === 'moved')?.detail).toBe(after.url);
    // The old home's word counts for nothing any more, also where somebody carries it here.
    const { inbox } = loudspeaker.running;
    const [order] = await before.controller.context.storage.read.broadcasts.orders(second);
    await inbox.receive('own', Buffer.from(order?.document ?? ''));
    expect(inbox.counters.refused.get('document.unsigned')).toBe(1);
    await before.play();
    expect(await before.link()).not.toBe('online');
  });
});
