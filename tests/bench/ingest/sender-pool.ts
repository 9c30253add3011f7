import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { exportSigningKey, type SigningKey } from '#protocols';
import type { LightSpeakerIdentity } from '../load/light-speaker.ts';
import { preciseNow } from '../load/messages.ts';
import type { SenderCommand, SenderReply } from './sender-messages.ts';

const WORKERS = 2;

/** Light speakers with journals, in processes of their own. */
export class SenderPool {
  readonly #workers: ChildProcess[] = [];

  /** Resolves when all are connected and welcomed. */
  async connect(speakers: readonly LightSpeakerIdentity[], port: number, key: SigningKey): Promise<void> {
    const size = Math.ceil(speakers.length / WORKERS);
    for (let from = 0; from < speakers.length; from += size) {
      const worker = fork(fileURLToPath(import.meta.resolve('./sender-worker.js')));
      this.#workers.push(worker);
      const mine = speakers.slice(from, from + size);
      await ask(worker, { kind: 'connect', speakers: mine, port, key: exportSigningKey(key) });
    }
  }

  /** ms from the first byte of these journals to the acknowledgement of the last; written and signed before. */
  async send(
    broadcastIds: readonly string[],
    perBatch: number,
  ): Promise<{ readonly tookMs: number; readonly refused: number }> {
    await this.#all({ kind: 'prepare', broadcastIds, perBatch });
    const startedAt = preciseNow();
    let endedAt = startedAt;
    let refused = 0;
    for (const reply of await this.#all({ kind: 'send' })) {
      if (reply.kind !== 'sent') throw new Error(`unexpected answer "${reply.kind}"`);
      endedAt = Math.max(endedAt, reply.endedAt);
      refused += reply.refused;
    }
    return { tookMs: endedAt - startedAt, refused };
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        const gone = worker.exitCode === null ? once(worker, 'exit') : undefined;
        worker.disconnect();
        await gone;
      }),
    );
  }

  #all(command: SenderCommand): Promise<SenderReply[]> {
    return Promise.all(this.#workers.map((worker) => ask(worker, command)));
  }
}

async function ask(worker: ChildProcess, command: SenderCommand): Promise<SenderReply> {
  const answer = once(worker, 'message');
  worker.send(command);
  const [reply] = (await answer) as [SenderReply];
  if (reply.kind === 'failed') throw new Error(reply.reason);
  return reply;
}
