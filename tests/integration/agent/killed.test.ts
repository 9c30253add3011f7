import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, watch, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { foldDelivery, type JournalEntry, PENDING, type PlayOrder, signDocument, topicOf } from '#protocols';
import { inRepo } from '../../helpers/repo-root.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { playOrder, TestController } from './test-controller.ts';

const SPEAKER = 'spk-1';
const SOUND = inRepo('tests/fixtures/audio/loi-chao.ogg');
const SOUND_MS = 8_380;
/** The first seconds of it, for tests that wait for the end. */
const SHORT_MS = 2_000;
let bundle = '';
let short = '';

describeWith(['ffmpeg'], 'kill −9 of the real agent program', () => {
  let controller: TestController;
  let folder: string;

  beforeAll(async () => {
    const made = tempDir('bundle');
    short = join(made, 'short.ogg');
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-i',
      SOUND,
      '-t',
      String(SHORT_MS / 1000),
      '-c:a',
      'copy',
      short,
    ]);
    bundle = join(made, 'loa-agent.mjs');
    await build({
      entryPoints: [inRepo('device-agent/main.ts')],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['loa-source'],
      banner: {
        js: "import { createRequire as own } from 'node:module'; const require = own(import.meta.url);",
      },
      logLevel: 'silent',
    });
  });

  beforeEach(async () => {
    controller = new TestController();
    await controller.start();
    onTestFinished(() => controller.stop());
    folder = tempDir();
    mkdirSync(join(folder, 'recordings'));
    const provisioning = await controller.enrol(SPEAKER, ['vn', 'tan-an']);
    writeFileSync(join(folder, 'provisioning.json'), JSON.stringify(provisioning), { mode: 0o600 });
  });

  function start(): ChildProcess {
    const child = spawn(process.execPath, [bundle], {
      env: {
        ...process.env,
        LOA_AGENT_DATA: join(folder, 'data'),
        LOA_AGENT_PROVISIONING: join(folder, 'provisioning.json'),
        LOA_AGENT_OUTPUT: 'file',
        LOA_AGENT_OUTPUT_DEVICE: join(folder, 'recordings'),
        LOA_AGENT_LOG: 'info',
      },
      stdio: ['ignore', 'ignore', process.env['LOA_TEST_LOG'] ? 'inherit' : 'ignore'],
    });
    onTestFinished(() => kill(child));
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async function order(change: Partial<PlayOrder> = {}, file = SOUND, ms = SOUND_MS): Promise<PlayOrder> {
    const content = controller.addContent(readFileSync(file), ms);
    const made = playOrder(content, change);
    await controller.publish(topicOf('order', SPEAKER), await signDocument('order', made, controller.key));
    return made;
  }

  async function startedAgent(): Promise<ChildProcess> {
    const ready = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
    const child = start();
    await ready;
    return child;
  }

  const told = ({ id }: PlayOrder): JournalEntry[] =>
    controller.entries(SPEAKER).filter(({ orderId }) => orderId === id);

  it('in mid-download: the rest is fetched, and it plays once', async () => {
    const first = await startedAgent();
    controller.cutContentAfter = 5_000;
    const made = await order({}, short, SHORT_MS);
    const partial = join(folder, 'data', 'cache', `${contentHash(made)}.part`);
    await grown(partial, 5_000);
    await kill(first);
    controller.cutContentAfter = undefined;
    const request = controller.events.next('content');
    start();
    expect((await request).range).toBe('bytes=5000-');
    await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
    expect(told(made).map(({ kind }) => kind)).toEqual(['ready', 'started', 'finished']);
    expect(told(made).at(-1)).toMatchObject({ output: 'file', evidence: 'reported' });
  });

  it('in mid-play: interrupted at the last known position, and never begun again', async () => {
    const first = await startedAgent();
    const made = await order();
    await controller.events.next(
      'progress',
      ({ progress: { phase, fraction } }) => phase === 'playing' && fraction > 0.2,
    );
    await kill(first);
    start();
    const entry = await controller.entry(SPEAKER, ({ kind }) => kind === 'interrupted');
    expect(entry).toMatchObject({ play: 1, code: 'order.agent_restarted', fromMs: 0, evidence: 'reported' });
    const heard = recordedMs(join(folder, 'recordings'));
    expect(Math.abs((entry.toMs ?? 0) - (await heard))).toBeLessThanOrEqual(
      (entry.uncertaintyMs ?? 0) + 1_500,
    );
    // The same order again, and another one for the same broadcast: neither sounds.
    const accepted = controller.events.next('answer');
    await controller.publish(topicOf('order', SPEAKER), await signDocument('order', made, controller.key));
    expect((await accepted).answer.answer).toBe('accepted');
    await order({ broadcastId: made.broadcastId, revision: made.revision + 1 });
    const refused = await controller.entry(SPEAKER, ({ kind }) => kind === 'refused');
    expect(refused.code).toBe('order.already_played');
    expect(told(made).reduce(foldDelivery, PENDING)).toMatchObject({ state: 'interrupted', flags: [] });
    expect(await readdir(join(folder, 'recordings')).then((names) => names.filter(isWav).length)).toBe(1);
  });

  it('between acceptance and start: it plays on time, once', async () => {
    const first = await startedAgent();
    const accepted = controller.events.next('answer');
    const made = await order({ startsAt: Date.now() + 4_800 });
    await accepted;
    await kill(first);
    start();
    const started = await controller.entry(SPEAKER, ({ kind }) => kind === 'started');
    expect(started.plannedAt).toBe(made.startsAt);
    expect(told(made).map(({ kind }) => kind)).toEqual(['ready', 'started']);
  });
});

function contentHash({ content }: PlayOrder): string {
  return 'sha256' in content ? content.sha256 : '';
}

function isWav(name: string): boolean {
  return name.endsWith('.wav');
}

/** Length of what the recording holds, ms: 48 kHz, 16 bit, mono; the header may still say 0. */
async function recordedMs(folder: string): Promise<number> {
  const [name = ''] = (await readdir(folder)).filter(isWav);
  return (statSync(join(folder, name)).size - 44) / 96;
}

/** Resolves when the file holds at least so many bytes. */
async function grown(path: string, bytes: number): Promise<void> {
  const folder = join(path, '..');
  await new Promise<void>((resolve) => {
    const look = () => {
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (size < bytes) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, look);
    look();
  });
}
