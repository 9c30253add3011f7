import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Sent at once to who connects, as stations do. */
const BURST_MS = 3_000;
const EVERY_MS = 100;

export interface RelayStationOptions {
  /** An encoded programme of a constant bit rate. */
  readonly programme: Buffer;
  readonly durationMs: number;
}

/** Another station on the loopback: everyone who connects hears its programme from the beginning, in real time, over and over. */
export class RelayStation {
  connections = 0;
  readonly #programme: Buffer;
  readonly #bytesPerMs: number;
  readonly #listeners = new Set<ServerResponse>();
  readonly #server: Server;

  constructor({ programme, durationMs }: RelayStationOptions) {
    this.#programme = programme;
    this.#bytesPerMs = programme.length / durationMs;
    this.#server = createServer((_request, response) => this.#serve(response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/live`;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    for (const response of this.#listeners) response.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(response: ServerResponse): void {
    this.connections += 1;
    this.#listeners.add(response);
    const began = performance.now() - BURST_MS;
    let sent = 0;
    const send = () => {
      const due = Math.floor((performance.now() - began) * this.#bytesPerMs);
      while (sent < due) {
        const from = sent % this.#programme.length;
        const part = this.#programme.subarray(from, from + due - sent);
        response.write(part);
        sent += part.length;
      }
    };
    const timer = setInterval(send, EVERY_MS);
    response.on('close', () => {
      clearInterval(timer);
      this.#listeners.delete(response);
    });
    response.on('error', () => undefined);
    response.writeHead(200, { 'content-type': 'audio/mpeg' });
    send();
  }
}
