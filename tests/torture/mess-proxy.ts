import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import { WebSocket, WebSocketServer } from 'ws';

/** Orders and other messages of the past that may come once more. */
const REMEMBERED = 40;
const LATE_MS = [20, 1_500] as const;

/** The ports of the other end. */
export interface ProxyTarget {
  readonly http: number;
  /** Of MQTT over WebSocket. */
  readonly webSocket: number;
}

/** What happened to messages, for the log. */
export interface MessCounts {
  twice: number;
  late: number;
  again: number;
}

/**
 * HTTP and MQTT over WebSocket, passed on as they are until `mess` is switched on: then messages to the loudspeaker
 * come twice, late, out of order, and some of long ago once more; messages of the loudspeaker go out twice (with MQTT's
 * own mark for that) and late. Nothing is lost here.
 */
export class MessProxy {
  readonly counts: MessCounts = { twice: 0, late: 0, again: 0 };
  /** Whether messages are messed up from now on. */
  mess = false;
  readonly #target: () => ProxyTarget;
  readonly #random: () => number;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'mqtt' });
  readonly #open = new Set<WebSocket>();
  readonly #past: IPublishPacket[] = [];

  readonly #onSpeak: () => void;

  /** `random`: in [0, 1), decides each message. `onSpeak`: the controller has said the first thing on a new connection. */
  constructor(options: {
    readonly target: () => ProxyTarget;
    readonly random: () => number;
    readonly onSpeak: () => void;
  }) {
    this.#onSpeak = options.onSpeak;
    this.#target = options.target;
    this.#random = options.random;
    this.#server = createServer((asked, answer) => this.#pass(asked, answer));
    this.#server.on('upgrade', (asked: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#sockets.handleUpgrade(asked, socket, head, (client) => this.#join(client, asked.url ?? '/')),
    );
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, url: path = '/', headers } = asked;
    const onward = request({ host: '127.0.0.1', port: this.#target().http, method, path, headers });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    onward.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.on('error', () => answer.destroy());
      response.pipe(answer);
    });
    asked.pipe(onward);
  }

  #join(client: WebSocket, path: string): void {
    const server = new WebSocket(`ws://127.0.0.1:${this.#target().webSocket}${path}`, 'mqtt');
    const waiting: Buffer[] = [];
    server.once('open', () => {
      for (const bytes of waiting) server.send(bytes);
      waiting.length = 0;
    });
    const toServer = (bytes: Buffer) => {
      if (server.readyState === WebSocket.CONNECTING) waiting.push(bytes);
      else if (server.readyState === WebSocket.OPEN) server.send(bytes);
    };
    const toClient = (bytes: Buffer) => {
      if (client.readyState === WebSocket.OPEN) client.send(bytes);
    };
    const up = packets((packet) => this.#forward(packet, toServer, (copy) => ({ ...copy, dup: true })));
    let spoke = false;
    const down = packets((packet) => {
      if (!spoke && packet.cmd === 'publish') {
        spoke = true;
        this.#onSpeak();
      }
      this.#remember(packet);
      // A copy of another kind, so that the protocol's own book-keeping stays right.
      this.#forward(packet, toClient, (copy) => ({ ...copy, qos: 0, dup: false, messageId: 0 }));
      this.#bringBack(toClient);
    });
    client.on('message', (data) => up(data as Buffer));
    server.on('message', (data) => down(data as Buffer));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(socket);
      socket.on('error', () => other.terminate());
      socket.on('close', () => {
        this.#open.delete(socket);
        other.terminate();
      });
    }
  }

  #forward(
    packet: Packet,
    send: (bytes: Buffer) => void,
    copyOf: (packet: IPublishPacket) => IPublishPacket,
  ): void {
    const bytes = generate(packet);
    if (!this.mess || packet.cmd !== 'publish') {
      send(bytes);
      return;
    }
    if (this.#random() < 0.3) {
      this.counts.late += 1;
      this.#later(() => send(bytes));
    } else send(bytes);
    if (packet.qos === 1 && this.#random() < 0.4) {
      this.counts.twice += 1;
      const copy = generate(copyOf(packet));
      if (this.#random() < 0.5) send(copy);
      else this.#later(() => send(copy));
    }
  }

  #remember(packet: Packet): void {
    if (packet.cmd !== 'publish' || packet.qos === 0) return;
    this.#past.push(packet);
    if (this.#past.length > REMEMBERED) this.#past.shift();
  }

  /** Something of the past, also of an earlier connection, comes once more. */
  #bringBack(send: (bytes: Buffer) => void): void {
    if (!this.mess || this.#random() > 0.3) return;
    const old = this.#past[Math.floor(this.#random() * this.#past.length)];
    if (old === undefined) return;
    this.counts.again += 1;
    this.#later(() => send(generate({ ...old, qos: 0, dup: false, messageId: 0 })));
  }

  #later(act: () => void): void {
    const [least, most] = LATE_MS;
    setTimeout(act, least + this.#random() * (most - least));
  }
}

/** Whole packets out of pieces of a stream. */
function packets(take: (packet: Packet) => void): (bytes: Buffer) => void {
  const reader = parser({ protocolVersion: 4 });
  reader.on('packet', take);
  // What cannot be read would be a fault of this proxy's own: the run must not go on quietly.
  reader.on('error', (error) => {
    throw error;
  });
  return (bytes) => void reader.parse(bytes);
}
