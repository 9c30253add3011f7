import { createHash } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { generate, type Packet, type Parser, parser } from 'mqtt-packet';
import {
  genesis,
  importSigningKey,
  needsSignature,
  type Signer,
  signedWord,
  signerOf,
  speakerSubscriptions,
  topicOf,
  type UpTopicName,
} from '#protocols';

/** Journal epoch that every light speaker names; its journal is empty. */
export const JOURNAL_EPOCH = 'jnl_load';

/** One loudspeaker of a load test. */
export interface LightSpeakerIdentity {
  readonly speakerId: string;
  readonly secret: string;
  readonly areas: readonly string[];
  /** The Ed25519 key that it enrolled with (raw, base64url), and the whole of it (PEM). */
  readonly publicKey: string;
  readonly key: string;
}

export interface LightSpeakerOptions {
  readonly identity: LightSpeakerIdentity;
  readonly port: number;
  readonly tls: boolean;
  /** Say hello and wait for the welcome (false against a bare broker). */
  readonly hello: boolean;
  readonly onOrder: (speakerId: string) => void;
  /** Every message that comes down, as it came. */
  readonly onMessage?: (topic: string, payload: Buffer) => void;
}

/** By key: all speakers of a load test have the same. */
const signers = new Map<string, Signer>();

/**
 * The wire behaviour of an agent without the agent: connects with name and secret, makes its five subscriptions,
 * says hello, acknowledges every message, signs what it says and answers each order with *accepted*. It does not verify signatures:
 * on a real fleet every loudspeaker does that on a processor of its own.
 */
export class LightSpeaker {
  readonly #options: LightSpeakerOptions;
  readonly #sign: Signer;
  #socket: Socket | undefined;
  #messageId = 0;
  #ready: (() => void) | undefined;

  constructor(options: LightSpeakerOptions) {
    this.#options = options;
    this.#sign = signerFor(options.identity.key);
  }

  /** Resolves when subscribed and, where asked for, welcomed. */
  connect(): Promise<void> {
    const { port, tls } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = tls
        ? connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, minVersion: 'TLSv1.3' })
        : connectTcp({ host: '127.0.0.1', port });
      this.#socket = socket;
      this.#ready = resolve;
      socket.setNoDelay(true);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`${this.#options.identity.speakerId}: connection closed`)));
      const incoming: Parser = parser({ protocolVersion: 4 });
      incoming.on('packet', (packet: Packet) => this.#take(packet));
      socket.on('data', (bytes: Buffer) => incoming.parse(bytes));
      socket.once(tls ? 'secureConnect' : 'connect', () => this.#greet());
    });
  }

  close(): void {
    this.#socket?.removeAllListeners('close');
    this.#socket?.destroy();
  }

  /** Sends a message of its own, QoS 1, signed where it has to be. */
  publish(name: UpTopicName, message: object): void {
    const { speakerId } = this.#options.identity;
    const text = needsSignature(name, message)
      ? signedWord(name, speakerId, message, this.#sign)
      : JSON.stringify(message);
    this.#send({
      cmd: 'publish',
      topic: topicOf(name, speakerId),
      payload: Buffer.from(text),
      qos: 1,
      messageId: this.#nextId(),
      dup: false,
      retain: false,
    });
  }

  #greet(): void {
    const { speakerId, secret } = this.#options.identity;
    this.#send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: speakerId,
      keepalive: 600,
      username: speakerId,
      password: Buffer.from(secret),
      will: {
        topic: topicOf('presence', speakerId),
        payload: Buffer.from(JSON.stringify({ v: 1, sessionEpoch: 1, online: false })),
        qos: 1,
        retain: false,
      },
    });
  }

  #take(packet: Packet): void {
    const { identity, hello } = this.#options;
    switch (packet.cmd) {
      case 'connack':
        if (packet.returnCode !== 0) {
          this.#socket?.destroy(new Error(`${identity.speakerId}: refused with ${packet.returnCode}`));
          return;
        }
        this.#send({
          cmd: 'subscribe',
          messageId: this.#nextId(),
          subscriptions: speakerSubscriptions(identity.speakerId, identity.areas).map((topic) => ({
            topic,
            qos: 1,
          })),
        });
        return;
      case 'suback':
        if (hello) this.publish('hello', this.#hello());
        else this.#ready?.();
        return;
      case 'publish':
        if (packet.qos === 1) this.#send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
        this.#message(packet.topic, packet.payload);
        return;
      default:
    }
  }

  #message(topic: string, payload: string | Buffer): void {
    this.#options.onMessage?.(topic, Buffer.from(payload));
    if (topic.endsWith('/down/welcome')) this.#ready?.();
    else if (topic.endsWith('/order')) this.#answer(payload.toString());
  }

  #answer(compact: string): void {
    const { speakerId } = this.#options.identity;
    this.#options.onOrder(speakerId);
    const body = Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString();
    const order = JSON.parse(body) as { id: string; broadcastId: string };
    this.publish('answer', {
      v: 1,
      orderId: order.id,
      orderHash: createHash('sha256').update(compact).digest('hex'),
      broadcastId: order.broadcastId,
      answer: 'accepted',
      at: Date.now(),
    });
  }

  #hello(): object {
    const { speakerId, publicKey } = this.#options.identity;
    const epoch = JOURNAL_EPOCH;
    return {
      v: 1,
      sessionEpoch: 1,
      n: 1,
      agentVersion: 'load',
      bootId: 'load',
      capabilities: ['order:play', 'content:file'],
      publicKey,
      assignment: null,
      held: [],
      journal: { epoch, oldestSeq: 1, lastSeq: 0, lastHash: genesis(speakerId, epoch).hash },
    };
  }

  #nextId(): number {
    this.#messageId = (this.#messageId % 65_535) + 1;
    return this.#messageId;
  }

  #send(packet: Packet): void {
    this.#socket?.write(generate(packet));
  }
}

function signerFor(key: string): Signer {
  const known = signers.get(key) ?? signerOf(importSigningKey(key));
  signers.set(key, known);
  return known;
}
