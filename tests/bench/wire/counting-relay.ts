import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { FrameCutter, type MqttFrame } from './mqtt-frames.ts';

/** A frame that came by, and when, ms of `performance.now()`. */
export interface SeenFrame extends MqttFrame {
  readonly at: number;
}

/** A TCP relay before a controller's HTTP port, which notes each MQTT frame that passes. */
export class CountingRelay {
  readonly frames: SeenFrame[] = [];
  readonly #server;
  readonly #sockets = new Set<Socket>();

  constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
      near.setNoDelay(true);
      this.#pass(near, far);
      this.#pass(far, near);
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(from: Socket, to: Socket): void {
    const cutter = new FrameCutter();
    this.#sockets.add(from);
    from.on('data', (chunk) => {
      for (const frame of cutter.take(chunk)) this.frames.push({ ...frame, at: performance.now() });
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }
}
