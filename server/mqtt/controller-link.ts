import mqtt, { type MqttClient } from 'mqtt';
import { backoff, type Clock, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { CONTROLLER_SUBSCRIPTION, DomainError, newId } from '#protocols';
import type { EmbeddedBroker } from './broker.ts';

/** Opens one connection to the broker. Each is used once: MQTT.js drops publishes made while it replays a store. */
export type MqttConnector = () => MqttClient;

const COMMON = {
  protocolVersion: 4,
  clean: true,
  // Reconnecting is ours: at a fixed interval all controllers of a province would come back in the same second.
  reconnectPeriod: 0,
  resubscribe: false,
  queueQoSZero: false,
  // A table of all numbers that two bytes hold, for the whole process: it keeps 15 MB for good, and is no faster.
  writeCache: false,
  connectTimeout: 10_000,
} as const;

/** The controller's connection to its own broker, in memory. */
export function memoryConnector(broker: EmbeddedBroker): MqttConnector {
  return () =>
    new mqtt.MqttClient(() => broker.connectController(), {
      ...COMMON,
      clientId: '$controller',
      keepalive: 0,
    });
}

export interface ExternalBroker {
  /** `mqtt://host:1883`, `mqtts://…`, `ws(s)://…`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM of the authority that signed the broker's certificate; the system's by default. */
  readonly ca?: string;
}

/** The controller's connection to a broker of its own. */
export function networkConnector(broker: ExternalBroker, now: () => number): MqttConnector {
  const { url, username, password, ca } = broker;
  return () =>
    mqtt.connect(url, {
      ...COMMON,
      clientId: newId('req', now()),
      keepalive: 30,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(ca === undefined ? {} : { ca }),
    });
}

export interface ControllerLinkOptions {
  readonly connect: MqttConnector;
  readonly clock: Clock;
  /** Every message that comes. Must not throw. */
  readonly onMessage: (topic: string, payload: Buffer) => void;
  /** Subscribed and ready; after each connection. */
  readonly onUp: () => void;
  /** Why a connection ended, or was not made. */
  readonly onDown: (error: Error | undefined) => void;
  readonly retry?: { readonly baseMs: Milliseconds; readonly maxMs: Milliseconds };
}

/** One connection at a time to the broker, subscribed to what speakers send; made again with growing pauses for as long as it runs. */
export class ControllerLink extends Lifecycle {
  readonly #options: ControllerLinkOptions;
  #client: MqttClient | undefined;
  #up = false;
  #timer: Timer | undefined;
  #delays: Generator<Milliseconds, never>;
  readonly #unacknowledged = new Set<(error: Error) => void>();

  constructor(options: ControllerLinkOptions) {
    super();
    this.#options = options;
    this.#delays = this.#newDelays();
  }

  get up(): boolean {
    return this.#up;
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('broker connection', async () => {
      this.#timer?.cancel();
      const client = this.#client;
      this.#client = undefined;
      this.#down(undefined);
      await client?.endAsync(true);
    });
    this.#connect();
  }

  /** Resolves when the broker has taken the message (QoS 1) or the connection has (QoS 0); rejects with `message.disconnected`. */
  publish(topic: string, payload: string | Buffer, qos: 0 | 1): Promise<void> {
    const client = this.#client;
    if (client === undefined || !this.#up)
      return Promise.reject(new DomainError('message.disconnected', { topic }));
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error) => {
        this.#unacknowledged.delete(refuse);
        reject(new DomainError('message.disconnected', { topic }, { cause }));
      };
      this.#unacknowledged.add(refuse);
      client.publish(topic, payload, { qos }, (error) => {
        if (error) return refuse(error);
        this.#unacknowledged.delete(refuse);
        resolve();
      });
    });
  }

  #connect(): void {
    let failure: Error | undefined;
    const client = this.#options.connect();
    this.#client = client;
    client.on('error', (error) => {
      failure = error;
    });
    client.on('message', (topic, payload) => this.#options.onMessage(topic, payload));
    client.on('connect', () => {
      client.subscribe(CONTROLLER_SUBSCRIPTION, { qos: 1 }, (error, granted) => {
        if (this.#client !== client) return;
        if (error || granted?.some(({ qos }) => qos === 128)) {
          failure = error ?? new Error('the broker refused the subscription');
          client.end(true);
          return;
        }
        this.#up = true;
        this.#delays = this.#newDelays();
        this.#options.onUp();
      });
    });
    client.on('close', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      client.end(true);
      this.#down(failure);
      this.#timer = this.#options.clock.setTimer('broker reconnect', this.#delays.next().value, () =>
        this.#connect(),
      );
    });
  }

  #down(error: Error | undefined): void {
    this.#up = false;
    const cause = error ?? new Error('the connection to the broker ended');
    for (const refuse of [...this.#unacknowledged]) refuse(cause);
    this.#options.onDown(error);
  }

  #newDelays(): Generator<Milliseconds, never> {
    return backoff(this.#options.retry ?? { baseMs: 200, maxMs: 5_000 });
  }
}
