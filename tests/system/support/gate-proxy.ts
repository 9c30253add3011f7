import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';

/** One GET of audio that came by. */
interface ContentRequest {
  readonly path: string;
  readonly range: string | undefined;
}

/**
 * An HTTP and WebSocket proxy on the loopback, as an office router would be one, that can let so many bytes of each
 * answer with audio through and then keep the line open and silent.
 */
export class GateProxy {
  readonly contentRequests: ContentRequest[] = [];
  /** Bytes of audio that pass; undefined: all. For requests from now on. */
  passBytes: number | undefined;
  #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Towards loudspeakers, with MQTT in them. */
  readonly #tunnels = new Set<Socket>();
  #port = 0;

  /** `target`: the port of the controller's HTTP. */
  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((asked, answer) => this.#serve(asked, answer));
    this.#server.on('upgrade', (asked, socket, head) => this.#tunnel(asked, socket as Socket, head));
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Opens the line; after a `stop` again on the same port. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Another machine takes the controller's address: what is open to the old one breaks. */
  retarget(port: number): void {
    this.#target = port;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Puts an MQTT message on the line to every loudspeaker behind it, as somebody who sits there could. */
  inject(topic: string, payload: string): void {
    const frame = webSocketFrame(mqttPublish(topic, payload));
    for (const socket of this.#tunnels) socket.write(frame);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, url: path = '/', headers } = asked;
    const isContent = /\/media\/[0-9a-f]{64}/.test(path);
    if (isContent) this.contentRequests.push({ path, range: headers.range });
    const passBytes = isContent ? this.passBytes : undefined;
    const onward = request({
      host: '127.0.0.1',
      port: this.#target,
      ...{ method, path, headers },
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    onward.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(passBytes === undefined ? new PassThrough() : gate(passBytes)).pipe(answer);
    });
    asked.pipe(onward);
  }

  #tunnel({ url, rawHeaders }: IncomingMessage, client: Socket, head: Buffer): void {
    const onward = connect(this.#target, '127.0.0.1', () => {
      const lines = rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : [],
      );
      onward.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      client.pipe(onward).pipe(client);
    });
    this.#tunnels.add(client);
    client.on('close', () => this.#tunnels.delete(client));
    for (const [socket, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

/** Lets so many bytes through and never ends. */
function gate(passBytes: number): PassThrough {
  let left = passBytes;
  return new PassThrough({
    transform(chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0) this.push(part);
      // What is not called any more keeps the rest back.
      if (left > 0) done();
    },
  });
}

/** An MQTT PUBLISH packet, QoS 0. */
function mqttPublish(topic: string, payload: string): Buffer {
  const name = Buffer.from(topic);
  const text = Buffer.from(payload);
  const length: number[] = [];
  for (let rest = 2 + name.length + text.length; rest > 0 || length.length === 0; rest >>= 7)
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  return Buffer.concat([Buffer.from([0x30, ...length, name.length >> 8, name.length & 0xff]), name, text]);
}

/** A server's binary WebSocket message of 126 to 65,535 bytes. */
function webSocketFrame(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x82, 126, message.length >> 8, message.length & 0xff]), message]);
}
