import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../server/demo/free-port.ts';
import { executable } from './requirements.ts';

/** A Mosquitto of its own on the loopback interface. May be ended and started again, on the same ports. */
export class Mosquitto {
  readonly #folder: string;
  readonly #webSocket: boolean;
  #process: ChildProcess | undefined;
  port = 0;
  /** 0 unless it was asked for. */
  webSocketPort = 0;

  /** `folder` gets its configuration file. `webSocket`: with a second listener, for MQTT over WebSocket. */
  constructor(folder: string, options: { readonly webSocket?: boolean } = {}) {
    this.#folder = folder;
    this.#webSocket = options.webSocket ?? false;
  }

  /** Starts it and waits until it takes connections. */
  async start(): Promise<void> {
    const program = executable('mosquitto', ['/usr/sbin']);
    if (program === undefined)
      throw new Error('mosquitto is not installed (Debian: apt-get install mosquitto)');
    if (this.port === 0) {
      this.port = await freePort();
      if (this.#webSocket) this.webSocketPort = await freePort();
    }
    const configuration = join(this.#folder, 'mosquitto.conf');
    await writeFile(
      configuration,
      [
        `listener ${this.port} 127.0.0.1`,
        ...(this.#webSocket ? [`listener ${this.webSocketPort} 127.0.0.1`, 'protocol websockets'] : []),
        'allow_anonymous true',
        'persistence false',
        'max_queued_messages 100000',
        'max_inflight_messages 100',
        'log_type error',
        'set_tcp_nodelay true',
        '',
      ].join('\n'),
    );
    this.#process = spawn(program, ['-c', configuration], { stdio: 'ignore' });
    while (!(await accepts(this.#webSocket ? this.webSocketPort : this.port))) {
      if (this.#process.exitCode !== null) throw new Error('mosquitto ended at its start');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const process = this.#process;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const gone = once(process, 'exit');
    process.kill(signal);
    await gone;
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
