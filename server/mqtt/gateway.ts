import type { Clock, Milliseconds } from '#kit';
import { Lifecycle } from '#kit';
import {
  DomainError,
  type DownTopicName,
  type ErrorCode,
  MAX_PAYLOAD_BYTES,
  type SignedWordName,
  TOPICS,
  type TopicName,
  topicOf,
} from '#protocols';
import type { OrderPublisher } from '../domain/dispatch/publisher.ts';
import { ControllerLink, type MqttConnector } from './controller-link.ts';
import { Tally } from './counters.ts';
import { type SpeakerMessageHandlers, takeMessage } from './inbound.ts';

export interface GatewayOptions {
  readonly connect: MqttConnector;
  readonly clock: Clock;
  /**
   * Whether a loudspeaker may speak now. The embedded broker asks it before; at another's, one that was blocked or retired, or that nobody
   * knows, may still have a connection.
   */
  readonly admits: (speakerId: string) => boolean;
  /** A message that was refused, for the log. Called for each one: the log thins them out. */
  readonly onRefused?: (topic: string, code: ErrorCode, error: unknown) => void;
  /** The connection to the broker ended or could not be made. */
  readonly onDown?: (error: Error | undefined) => void;
  readonly retry?: { readonly baseMs: Milliseconds; readonly maxMs: Milliseconds };
}

export interface GatewayMetrics {
  readonly connected: boolean;
  readonly received: readonly [TopicName, number][];
  readonly refused: readonly [ErrorCode, number][];
  readonly published: readonly [TopicName, number][];
  readonly publishFailures: number;
}

/** The controller's way to its speakers: messages down with a promise, messages up to their handlers. */
export class Gateway extends Lifecycle implements OrderPublisher {
  readonly #onRefused: GatewayOptions['onRefused'];
  readonly #admits: GatewayOptions['admits'];
  readonly #link: ControllerLink;
  readonly #received = new Tally<TopicName>();
  readonly #refused = new Tally<ErrorCode>();
  readonly #published = new Tally<TopicName>();
  readonly #upListeners = new Set<() => void>();
  #publishFailures = 0;
  #handlers: SpeakerMessageHandlers | undefined;

  constructor(options: GatewayOptions) {
    super();
    this.#onRefused = options.onRefused;
    this.#admits = options.admits;
    this.#link = new ControllerLink({
      connect: options.connect,
      clock: options.clock,
      ...(options.retry === undefined ? {} : { retry: options.retry }),
      onMessage: (topic, payload) => this.#take(topic, payload),
      onUp: () => {
        for (const listener of this.#upListeners) listener();
      },
      onDown: (error) => options.onDown?.(error),
    });
  }

  /** Sets who takes messages; before `start`. Apart from the constructor because those who take also publish. */
  handle(handlers: SpeakerMessageHandlers): void {
    this.#handlers = handlers;
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('broker connection', () => this.#link.stop());
    await this.#link.start();
  }

  get connected(): boolean {
    return this.#link.up;
  }

  /** Calls `listener` after every connection that is subscribed and ready. */
  onConnected(listener: () => void): () => void {
    this.#upListeners.add(listener);
    return () => void this.#upListeners.delete(listener);
  }

  /** Resolves as soon as the gateway is connected. */
  ready(): Promise<void> {
    if (this.connected) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.onConnected(() => {
        off();
        resolve();
      });
    });
  }

  /**
   * Hands a message to the broker. Resolves when the broker has taken it, which is no receipt; rejects with
   * `message.disconnected` or `document.too_large`, never silently.
   */
  async publish(name: DownTopicName, id: string, payload: string | object): Promise<void> {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const bytes = Buffer.byteLength(body);
    if (bytes > MAX_PAYLOAD_BYTES)
      throw new DomainError('document.too_large', {
        document: TOPICS[name].says,
        bytes,
        limit: MAX_PAYLOAD_BYTES,
      });
    try {
      await this.#link.publish(topicOf(name, id), body, TOPICS[name].qos);
    } catch (error) {
      this.#publishFailures += 1;
      throw error;
    }
    this.#published.add(name);
  }

  metrics(): GatewayMetrics {
    return {
      connected: this.connected,
      received: this.#received.entries(),
      refused: this.#refused.entries(),
      published: this.#published.entries(),
      publishFailures: this.#publishFailures,
    };
  }

  /** Refuses what was taken, and found afterwards not to be its loudspeaker's word: counted and logged as if it had not been taken. */
  forged(name: SignedWordName, speakerId: string): void {
    const error = new DomainError('message.bad_signature', { topic: name, speakerId });
    this.#refuse(topicOf(name, speakerId), error.code, error);
  }

  #take(topic: string, payload: Buffer): void {
    if (this.#handlers === undefined) return;
    const result = takeMessage(topic, payload, this.#handlers, this.#admits);
    if (result.name !== undefined) this.#received.add(result.name);
    if (result.code !== undefined) this.#refuse(topic, result.code, result.error);
  }

  #refuse(topic: string, code: ErrorCode, error: unknown): void {
    this.#refused.add(code);
    this.#onRefused?.(topic, code, error);
  }
}
