import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another station on the loopback: one encoded programme, over and over, to everyone who connects. */
export class RelayStation {
  connections = 0;
  readonly #programme: Buffer;
  readonly #listeners = new Set<ServerResponse>();
  readonly #server: Server;

  constructor(programme: Buffer) {
    this.#programme = programme;
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
    response.on('close', () => this.#listeners.delete(response));
    response.on('error', () => undefined);
    response.writeHead(200, { 'content-type': 'audio/mpeg' });
    // As fast as it is read: the reader's own bound makes it real time.
    const send = (error?: Error | null) => {
      if (!error && this.#listeners.has(response)) response.write(this.#programme, send);
    };
    send();
  }
}
