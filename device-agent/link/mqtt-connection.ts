import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { type Clock, writeTogether } from '#kit';
import {
  MAX_PAYLOAD_BYTES,
  type ParsedTopic,
  parseTopic,
  TOPICS,
  topicOf,
  type UpTopicName,
} from '#protocols';
import type { TlsTrust } from './endpoints.ts';
import { KEEPALIVE_MS, LineWatch } from './line-watch.ts';

const CONNECT_TIMEOUT_MS = 20_000;
const NO_TIMER = { set: () => 1, clear: () => undefined };

export interface MqttConnectionOptions {
  /** Where MQTT is: ws(s)://…/mqtt or mqtt(s)://… */
  readonly url: string;
  readonly speakerId: string;
  readonly secret: string;
  readonly sessionEpoch: number;
  /** For an address with TLS; public authorities by default. */
  readonly trust?: TlsTrust;
  readonly clock: Clock;
  /** `at` is the local monotonic time at which it came. */
  readonly onMessage: (topic: ParsedTopic, payload: Buffer, at: number) => void;
  readonly onClose: (reason: string) => void;
}

/**
 * One connection, from CONNECT to its end; never a second one under the same object. Nothing is queued while it is
 * down: what matters lies in our own stores and is sent again after the next hello.
 */
export class MqttConnection {
  readonly #speakerId: string;
  readonly #client: MqttClient;
  #closed = false;

  private constructor(client: MqttClient, options: MqttConnectionOptions) {
    this.#client = client;
    this.#speakerId = options.speakerId;
    let reason = 'the broker closed the connection';
    const watch = new LineWatch({
      clock: options.clock,
      ping: () => client.sendPing(),
      dead: () => {
        reason = 'the broker does not answer any more';
        client.stream.destroy();
      },
    });
    client.on('packetsend', () => watch.sent());
    client.on('packetreceive', () => watch.received());
    client.on('error', (error) => {
      reason = error.message;
    });
    client.on('close', () => {
      watch.stop();
      if (this.#closed) return;
      this.#closed = true;
      // Without this the client would keep its timers.
      client.end(true);
      options.onClose(reason);
    });
    client.on('message', (topic, payload) => {
      const at = options.clock.monotonic();
      const parsed = parseTopic(topic);
      if (parsed !== undefined && payload.length <= MAX_PAYLOAD_BYTES) options.onMessage(parsed, payload, at);
    });
  }

  /** Connects. Rejects when it is refused, or not answered in time. */
  static async open(options: MqttConnectionOptions): Promise<MqttConnection> {
    const { url, speakerId, secret, sessionEpoch, trust = {} } = options;
    const settings: IClientOptions = {
      ...trust,
      protocolVersion: 4,
      clientId: speakerId,
      username: speakerId,
      password: secret,
      clean: true,
      keepalive: KEEPALIVE_MS / 1_000,
      // Its own pings would go out whatever else was sent: ours come from the line watch.
      timerVariant: NO_TIMER,
      wsOptions: { writev: writeTogether },
      connectTimeout: CONNECT_TIMEOUT_MS,
      // A table of all numbers that two bytes hold: it keeps 15 MB for good, and is no faster.
      writeCache: false,
      // It would come back at a fixed interval, all loudspeakers at once.
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      will: {
        topic: topicOf('presence', speakerId),
        payload: Buffer.from(JSON.stringify({ v: 1, sessionEpoch, online: false })),
        qos: TOPICS.presence.qos,
        retain: false,
      },
    };
    return new MqttConnection(await connectAsync(url, settings, false), options);
  }

  /** Subscribes; rejects unless the broker grants every filter. */
  async subscribe(filters: readonly string[]): Promise<void> {
    const granted = await this.#client.subscribeAsync([...filters], { qos: 1 });
    const refused = granted.filter(({ qos }) => qos > 2);
    if (refused.length > 0)
      throw new Error(`the broker refused ${refused.map(({ topic }) => topic).join(', ')}`);
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    if (filters.length > 0) await this.#client.unsubscribeAsync([...filters]);
  }

  /** Publishes a text, or JSON; with QoS 1 resolves when the broker has it. Rejects at once when the connection is gone. */
  async publish(name: UpTopicName, message: string | object): Promise<void> {
    if (this.#closed || !this.#client.connected) throw new Error('the connection is gone');
    const { qos } = TOPICS[name];
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    await this.#client.publishAsync(topicOf(name, this.#speakerId), text, { qos });
  }

  /** Ends it at once. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#client.endAsync(true);
  }
}

/** MQTT's address from the controller's HTTP address; addresses that are MQTT's already stay as they are. */
export function mqttUrl(address: string): string {
  return /^https?:/.test(address) ? `${address.replace(/^http/, 'ws')}/mqtt` : address;
}
