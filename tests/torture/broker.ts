import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../server/demo/free-port.ts';
import { executable } from '../helpers/requirements.ts';

/** A Mosquitto of its own: plain MQTT for the controller, WebSocket for the loudspeakers. Can be killed and started again. */
export class ExternalBroker {
  readonly #configuration: string;
  readonly #program: string;
  #process: ChildProcess | undefined;
  mqttPort = 0;
  webSocketPort = 0;

  /** `configuration` is the path of the file that it will be started with. Throws where Mosquitto is not installed. */
  constructor(configuration: string) {
    const program = executable('mosquitto', ['/usr/sbin']);
    if (program === undefined)
      throw new Error('mosquitto is not installed (Debian: apt-get install mosquitto)');
    this.#program = program;
    this.#configuration = configuration;
  }

  /** Starts it (again, on the same ports) and waits until it takes connections. */
  async start(): Promise<void> {
    if (this.mqttPort === 0) {
      this.mqttPort = await freePort();
      this.webSocketPort = await freePort();
      const lines = [
        ...[`listener ${this.mqttPort} 127.0.0.1`, `listener ${this.webSocketPort} 127.0.0.1`],
        ...['protocol websockets', 'allow_anonymous true', 'persistence false', 'log_type error'],
        ...['max_queued_messages 100000', 'set_tcp_nodelay true', ''],
      ];
      writeFileSync(this.#configuration, lines.join('\n'));
    }
    this.#process = spawn(this.#program, ['-c', this.#configuration], { stdio: 'ignore' });
    while (!(await accepts(this.webSocketPort))) {
      if (this.#process.exitCode !== null) throw new Error('mosquitto ended at its start');
      await wait(20);
    }
  }

  /** Ends it by kill −9, as everything here. */
  async end(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
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
