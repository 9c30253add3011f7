import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lifecycle } from '#kit';
import { PostgresCluster } from './postgres-cluster.ts';

/** What the host answers on its socket: one line of JSON. */
export type PostgresAnswer = { readonly url: string } | { readonly error: string };

/**
 * Keeps one throw-away PostgreSQL for a whole test run. It lives in the process that starts the workers, because a
 * worker ends with its file; the cluster is made when the first worker connects to `socketPath`.
 */
export class PostgresHost extends Lifecycle {
  #folder = '';
  #cluster: Promise<PostgresCluster> | undefined;
  readonly #connections = new Set<Socket>();

  /** Where workers ask; known after `start`. */
  get socketPath(): string {
    return join(this.#folder, 'ask');
  }

  protected override async onStart(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'loa-postgres-'));
    this.#folder = folder;
    this.disposers.defer('its folder', () => rm(folder, { recursive: true, force: true }));
    this.disposers.defer('PostgreSQL', () => this.#stopCluster());
    const desk = createServer((connection) => this.#answer(connection));
    desk.listen(this.socketPath);
    await once(desk, 'listening');
    this.disposers.defer('its socket', () => this.#close(desk));
  }

  #answer(connection: Socket): void {
    this.#connections.add(connection);
    connection.on('close', () => this.#connections.delete(connection));
    // A worker that was killed while it asked is no concern of the others.
    connection.on('error', () => connection.destroy());
    this.#cluster ??= startedCluster(this.#folder);
    const reply = this.#cluster.then(
      ({ url }): PostgresAnswer => ({ url }),
      (error: unknown): PostgresAnswer => ({ error: String(error) }),
    );
    this.background(
      reply.then((answer) => void connection.end(`${JSON.stringify(answer)}\n`)),
      () => connection.destroy(),
    );
  }

  async #close(desk: Server): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    desk.close();
    await once(desk, 'close');
  }

  async #stopCluster(): Promise<void> {
    const cluster = await this.#cluster?.catch(() => undefined);
    this.#cluster = undefined;
    await cluster?.stop();
  }
}

async function startedCluster(folder: string): Promise<PostgresCluster> {
  const cluster = new PostgresCluster(folder);
  await cluster.start();
  return cluster;
}
