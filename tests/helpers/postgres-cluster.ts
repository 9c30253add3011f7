import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../../server/demo/free-port.ts';
import { postgresBinaries } from './requirements.ts';

const run = promisify(execFile);

const QUICK = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

export interface ClusterOptions {
  /** Commits reach the disk, as in earnest; otherwise nothing is fsynced, which tests are content with. */
  readonly durable?: boolean;
}

/**
 * A throw-away PostgreSQL in a folder: trust on loopback. PostgreSQL refuses to run as root: there it runs as its own
 * user. The server's parent is a shell that stops it as soon as its own input closes, so that none is left behind even
 * when the process that started it is killed.
 */
export class PostgresCluster {
  readonly #folder: string;
  readonly #durable: boolean;
  #server: ChildProcess | undefined;
  #port = 0;

  /** `folder` is made if it is missing; the caller removes it after `stop`. */
  constructor(folder: string, { durable = false }: ClusterOptions = {}) {
    this.#folder = folder;
    this.#durable = durable;
  }

  /** Connection URL of its maintenance database. */
  get url(): string {
    return this.#urlOf('postgres');
  }

  /** Rejects where PostgreSQL is not installed. */
  async start(): Promise<void> {
    const binaries = postgresBinaries();
    if (binaries === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
    const asOther = userInfo().uid === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
    const [command, ...before] = [...asOther, '/bin/sh'];
    if (command === undefined) throw new Error('no command');
    await mkdir(this.#folder, { recursive: true });
    if (asOther.length > 0) {
      const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
      await chown(this.#folder, await id('-u'), await id('-g'));
    }
    const data = join(this.#folder, 'data');
    // `-N` leaves out the fsync of a fresh cluster, which holds nothing yet.
    const make = `exec "$0" -D "$1" -U loa -A trust -E UTF8 --no-locale -N`;
    await run(command, [...before, '-c', make, join(binaries, 'initdb'), data], { cwd: this.#folder });

    this.#port = await freePort();
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.#port),
      unix_socket_directories: this.#folder,
      max_connections: '100',
      shared_buffers: '64MB',
      ...(this.#durable ? {} : QUICK),
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const serve = `"$@" </dev/null & pid=$!; trap '' TERM INT; read -r _; kill -INT $pid; wait $pid`;
    this.#server = spawn(
      command,
      [...before, '-c', serve, 'serve', join(binaries, 'postgres'), '-D', data, ...options],
      { cwd: this.#folder, stdio: ['pipe', 'ignore', 'pipe'] },
    );
    await ready(this.#server);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const gone = once(server, 'exit');
    server.stdin?.end();
    await gone;
  }

  /** Makes an empty database (`name`: letters, digits, underscores) and returns its connection URL. */
  async createDatabase(name: string): Promise<string> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
    return this.#urlOf(name);
  }

  #urlOf(database: string): string {
    return `postgresql://loa@127.0.0.1:${this.#port}/${database}`;
  }
}

/** Resolves when the server says that it takes connections; rejects with what it said when it ends before. */
function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}: ${said}`)));
    server.once('error', reject);
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length > 20_000) return;
      said += text;
      if (said.includes('ready to accept connections')) resolve();
    });
  });
}
