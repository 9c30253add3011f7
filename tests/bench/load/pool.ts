import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LightSpeakerIdentity } from './light-speaker.ts';
import type { WorkerCommand, WorkerReply } from './messages.ts';

/** Sockets per process: well under the limit of open files. */
const SPEAKERS_PER_WORKER = 4_000;

export interface PoolOptions {
  readonly speakers: readonly LightSpeakerIdentity[];
  readonly port: number;
  readonly tls: boolean;
  readonly hello: boolean;
}

/** Many light speakers in processes of their own. */
export class LoadPool {
  readonly #options: PoolOptions;
  readonly #workers: ChildProcess[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Resolves when every speaker is connected, subscribed and (if asked) welcomed. */
  async connect(): Promise<void> {
    const { speakers, port, tls, hello } = this.#options;
    // At least two processes, so that the receiving side is no single loop either.
    const size = Math.min(SPEAKERS_PER_WORKER, Math.ceil(speakers.length / 2));
    for (let from = 0; from < speakers.length; from += size)
      this.#workers.push(fork(fileURLToPath(import.meta.resolve('./worker.js'))));
    await Promise.all(
      this.#workers.map((worker, i) =>
        ask(worker, {
          kind: 'connect',
          speakers: speakers.slice(i * size, (i + 1) * size),
          port,
          tls,
          hello,
          atOnce: 50,
        }),
      ),
    );
  }

  async arm(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => ask(worker, { kind: 'arm' })));
  }

  /** Instants of first arrival since `arm`, ascending. */
  async arrivals(): Promise<number[]> {
    const replies = await Promise.all(this.#workers.map((worker) => ask(worker, { kind: 'report' })));
    return replies
      .flatMap((reply) => (reply.kind === 'report' ? [...reply.arrivals] : []))
      .sort((a, b) => a - b);
  }

  /** Ends the processes and with them the connections. Closing twice does nothing. */
  async close(): Promise<void> {
    await Promise.all(
      this.#workers.splice(0).map(async (worker) => {
        if (!worker.connected) return;
        const gone = once(worker, 'exit');
        worker.disconnect();
        await gone;
      }),
    );
  }
}

async function ask(worker: ChildProcess, command: WorkerCommand): Promise<WorkerReply> {
  const answer = once(worker, 'message');
  worker.send(command);
  const [reply] = (await answer) as [WorkerReply];
  if (reply.kind === 'failed') throw new Error(reply.reason);
  return reply;
}
