import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import { WebSocket, WebSocketServer } from 'ws';
import { type ParsedTopic, parseTopic, type TopicName, topicOf } from '#protocols';
import { until } from '../../helpers/until.ts';

/** A message that came by. */
export interface Overheard extends ParsedTopic {
  /** Whose connection it was on. */
  readonly speaker: string;
  readonly payload: string;
  /** When, ms since 1970. */
  readonly at: number;
}

/** What happens to a message: it goes on, it is kept back (and the sender is told that it arrived), or other words go on. */
export type Verdict = 'pass' | 'keep' | { readonly payload: string };
type Rule = (message: Overheard) => Verdict;

/** An answer of the controller over HTTP, to be given as it is or otherwise. */
export type Rewrite = (path: string, body: Buffer) => Buffer | undefined;

interface Tunnel {
  speaker: string;
  readonly toSpeaker: (packet: Packet) => void;
  readonly toController: (packet: Packet) => void;
  readonly end: () => void;
}

/**
 * The broker and the router before it in an attacker's hands: MQTT over WebSocket is taken apart into packets, HTTP into answers. He reads
 * all of it, MQTT secrets too, and may keep back, change, invent and bring up again whatever he likes, in both directions.
 */
export class OwnedLine {
  /** Everything that ever came by, kept back or not. */
  readonly overheard: Overheard[] = [];
  readonly kept: Overheard[] = [];
  /** What the attacker said to loudspeakers himself. */
  readonly told: Overheard[] = [];
  /** MQTT secrets by speaker. */
  readonly secrets = new Map<string, string>();
  /** For messages from now on. */
  rule: Rule = () => 'pass';
  rewrite: Rewrite | undefined;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'mqtt' });
  readonly #tunnels = new Set<Tunnel>();

  /** `target`: the controller's port. */
  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((asked, answer) => this.#serve(asked, answer));
    this.#server.on('upgrade', (asked: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#sockets.handleUpgrade(asked, socket, head, (client) => this.#join(client, asked)),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Lets everything through again; what was kept back stays so. */
  honest(): void {
    this.rule = () => 'pass';
    this.rewrite = undefined;
  }

  /** Ends the connection of one loudspeaker, or of all. */
  cut(speaker?: string): void {
    for (const tunnel of this.#tunnels) if (speaker === undefined || tunnel.speaker === speaker) tunnel.end();
  }

  /** Ends its connection, and waits until the loudspeaker was welcomed on another. */
  async reconnect(speaker: string): Promise<void> {
    const seen = this.overheard.length;
    this.cut(speaker);
    await until(`"${speaker}" to come back`, async () =>
      this.overheard.slice(seen).some(({ name, id }) => name === 'welcome' && id === speaker),
    );
  }

  /** Says something to a loudspeaker on any topic. */
  tell(speaker: string, topic: TopicName, id: string, payload: string): void {
    this.told.push({ name: topic, id, speaker, payload, at: Date.now() });
    this.#of(speaker).toSpeaker(publish(topicOf(topic, id), payload));
  }

  /** Says something to the controller on a loudspeaker's own connection. */
  claim(speaker: string, topic: TopicName, payload: string): void {
    this.#of(speaker).toController(publish(topicOf(topic, speaker), payload));
  }

  /** The first message that fits among those that came by, or that still comes. */
  hear(what: string, fits: (message: Overheard) => boolean): Promise<Overheard> {
    return until(what, async () => this.overheard.find(fits));
  }

  #of(speaker: string): Tunnel {
    const found = [...this.#tunnels].findLast((tunnel) => tunnel.speaker === speaker);
    if (found === undefined) throw new Error(`"${speaker}" has no connection here`);
    return found;
  }

  #serve(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, url: path = '/', headers } = asked;
    const onward = request({ host: '127.0.0.1', port: this.#target, method, path, headers });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    onward.on('response', (response) => {
      response.on('error', () => answer.destroy());
      const { rewrite } = this;
      if (rewrite === undefined) {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
        return;
      }
      void buffer(response).then((body) => {
        const other = rewrite(path, body);
        if (other === undefined) answer.writeHead(response.statusCode ?? 502, response.headers).end(body);
        else {
          const { 'content-length': _, 'content-range': __, etag: ___, ...kept } = response.headers;
          answer.writeHead(200, { ...kept, 'content-length': other.length }).end(other);
        }
      });
    });
    asked.pipe(onward);
  }

  #join(client: WebSocket, asked: IncomingMessage): void {
    const server = new WebSocket(`ws://127.0.0.1:${this.#target}${asked.url ?? '/'}`, 'mqtt');
    const open = once(server, 'open').catch(() => undefined);
    const send = (socket: WebSocket, packet: Packet) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(generate(packet));
    };
    const tunnel: Tunnel = {
      speaker: '',
      toSpeaker: (packet) => send(client, packet),
      toController: (packet) => send(server, packet),
      end: () => {
        client.terminate();
        server.terminate();
      },
    };
    this.#tunnels.add(tunnel);
    const down = packets((packet) => this.#pass(tunnel, packet, tunnel.toSpeaker, tunnel.toController));
    const up = packets((packet) => {
      if (packet.cmd === 'connect') {
        tunnel.speaker = packet.clientId;
        this.secrets.set(packet.clientId, String(packet.password));
      }
      void open.then(() => this.#pass(tunnel, packet, tunnel.toController, tunnel.toSpeaker));
    });
    server.on('message', (data) => down(data as Buffer));
    client.on('message', (data) => up(data as Buffer));
    for (const socket of [client, server]) {
      socket.on('error', () => tunnel.end());
      socket.on('close', () => {
        this.#tunnels.delete(tunnel);
        tunnel.end();
      });
    }
  }

  #pass(tunnel: Tunnel, packet: Packet, on: (packet: Packet) => void, back: (packet: Packet) => void): void {
    const topic = packet.cmd === 'publish' ? parseTopic(packet.topic) : undefined;
    if (packet.cmd !== 'publish' || topic === undefined) {
      on(packet);
      return;
    }
    const payload = packet.payload.toString();
    const message: Overheard = { ...topic, speaker: tunnel.speaker, payload, at: Date.now() };
    this.overheard.push(message);
    const verdict = this.rule(message);
    if (verdict === 'pass') on(packet);
    else if (verdict === 'keep') {
      this.kept.push(message);
      // Whoever sent it believes that it arrived.
      if (packet.qos === 1 && packet.messageId !== undefined)
        back({ cmd: 'puback', messageId: packet.messageId });
    } else on({ ...packet, payload: verdict.payload });
  }
}

function publish(topic: string, payload: string): IPublishPacket {
  return { cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false };
}

/** Whole packets out of pieces of a stream. */
function packets(take: (packet: Packet) => void): (bytes: Buffer) => void {
  const reader = parser({ protocolVersion: 4 });
  reader.on('packet', take);
  reader.on('error', (error) => {
    throw error;
  });
  return (bytes) => void reader.parse(bytes);
}
