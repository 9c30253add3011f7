import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { JournalEntry, PlayOrder } from '#protocols';
import { bundleProgram } from '../../helpers/bundle.ts';
import { fromS16, RATE, soundSpan } from '../../helpers/pcm.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { TestController } from './test-controller.ts';

export const SPEAKER = 'spk-1';

/** The agent program in one file, as setup makes it; the path of it. */
export async function agentBundle(): Promise<string> {
  const bundle = join(tempDir('bundle'), 'loa-agent.mjs');
  await bundleProgram('device-agent/main.ts', bundle);
  return bundle;
}

/** One loudspeaker as a process of its own that records what it plays, and its controller. All of it ends with the test. */
export class AgentProcess {
  readonly controller = new TestController();
  readonly folder = tempDir();
  readonly recordings = join(this.folder, 'recordings');
  readonly #bundle: string;

  private constructor(bundle: string) {
    this.#bundle = bundle;
  }

  static async open(bundle: string): Promise<AgentProcess> {
    const there = new AgentProcess(bundle);
    const { controller, folder, recordings } = there;
    await controller.start();
    onTestFinished(() => controller.stop());
    mkdirSync(recordings);
    const provisioning = await controller.enrol(SPEAKER, ['vn', 'tan-an']);
    writeFileSync(join(folder, 'provisioning.json'), JSON.stringify(provisioning), { mode: 0o600 });
    return there;
  }

  /** The power comes. */
  start(): ChildProcess {
    const { folder, recordings } = this;
    const child = spawn(process.execPath, [this.#bundle], {
      env: {
        ...process.env,
        LOA_AGENT_DATA: join(folder, 'data'),
        LOA_AGENT_PROVISIONING: join(folder, 'provisioning.json'),
        LOA_AGENT_OUTPUT: 'file',
        LOA_AGENT_OUTPUT_DEVICE: recordings,
        LOA_AGENT_LOG: 'info',
      },
      stdio: ['ignore', 'ignore', process.env['LOA_TEST_LOG'] ? 'inherit' : 'ignore'],
    });
    onTestFinished(() => kill(child));
    return child;
  }

  /** The same; resolves when it is connected and has its assignment. */
  async connected(): Promise<ChildProcess> {
    const ready = this.controller.events.next('hello', ({ hello }) => hello.assignment !== null);
    const child = this.start();
    await ready;
    return child;
  }

  /** What has come of an order's journal. */
  told({ id }: Pick<PlayOrder, 'id'>): JournalEntry[] {
    return this.controller.entries(SPEAKER).filter(({ orderId }) => orderId === id);
  }

  /** Paths of what was recorded. */
  wavs(): string[] {
    return readdirSync(this.recordings)
      .filter((name) => name.endsWith('.wav'))
      .map((name) => join(this.recordings, name));
  }

  /** Resolves when so much of a sound is recorded, from its first sample on. */
  async sounded(ms: number): Promise<void> {
    await seen(this.recordings, () => this.wavs().some((path) => soundedMs(path) >= ms));
  }
}

/** Length of what a recording holds, ms: 48 kHz, 16 bit, mono; the header may still say 0. */
export function recordedMs(path: string): number {
  return (statSync(path).size - 44) / 96;
}

/** How long what sounds in a recording has come to be, ms. */
function soundedMs(path: string): number {
  const span = soundSpan(fromS16(readFileSync(path).subarray(44)));
  return span === undefined ? 0 : ((span.end - span.start) * 1000) / RATE;
}

/** Kill −9. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Resolves when it is so, asked again after everything that happens in the folder. */
export async function seen(folder: string, isSo: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = () => {
      if (!isSo()) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, look);
    // What never comes must not be looked for in a folder that is gone.
    onTestFinished(() => watcher.close());
    look();
  });
}
