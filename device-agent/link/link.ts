import { backoff, type Clock, delay, Emitter, Exclusive, Lifecycle, type Unsubscribe } from '#kit';
import {
  type Hello,
  isDomainError,
  type JournalAck,
  journalAckCodec,
  MAX_DOCUMENT_BYTES,
  type ParsedTopic,
  speakerSubscriptions,
  type UpTopicName,
  type Welcome,
  welcomeCodec,
} from '#protocols';
import type { TimeSample, TimeSource } from '../clock/index.ts';
import { errorText, type Log } from '../log.ts';
import type { KeyStore } from '../state/key-store.ts';
import type { SessionEpoch } from '../state/session-epoch.ts';
import { type ControllerHttp, verifyTimeReply } from './controller-http.ts';
import type { Endpoints } from './endpoints.ts';
import { isWish } from './hello-of.ts';
import { MqttConnection, mqttUrl } from './mqtt-connection.ts';
import type { OwnWords } from './own-words.ts';

/** A broker that answers nothing to hello is left for another try. */
const WELCOME_TIMEOUT_MS = 20_000;
const GOODBYE_MS = 1_000;
/** So often at most a controller asks for more documents in one greeting. */
const MOST_WISHES = 8;
const RECONNECT = { baseMs: 1_000, maxMs: 60_000 };

export interface LinkEvents {
  /** Connected, subscribed, welcomed. */
  online: Welcome;
  offline: { readonly reason: string };
  /** A signed order, from our own topic or an area's. */
  order: { readonly source: 'own' | 'area'; readonly payload: Buffer };
  assignment: { readonly payload: Buffer };
  /** It belongs to another controller, a root says. */
  rehome: { readonly payload: Buffer };
  /** The controller's HTTP answers; told before the connection is made. */
  reached: object;
  /** A plan head, and a latch: may come before the welcome. */
  plan: { readonly payload: Buffer };
  latch: { readonly payload: Buffer };
  journalAck: JournalAck;
}

export interface LinkOptions {
  readonly speakerId: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly http: ControllerHttp;
  readonly keys: KeyStore;
  readonly sessionEpoch: SessionEpoch;
  readonly endpoints: Pick<Endpoints, 'all' | 'use' | 'trust'>;
  /** Areas whose orders are listened to. */
  readonly areas: () => readonly string[];
  readonly words: OwnWords;
  /** What is said in hello, beside its numbers. `want`: documents that the controller has asked for. */
  readonly hello: (want: readonly string[]) => Omit<Hello, 'v' | 'sessionEpoch' | 'n'>;
  /** Best known time, for the session epoch. */
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * The connection to the controller, made again for ever: key statements → connect → subscribe → hello → welcome. Also a
 * source of signed time: over the connection when there is one, else over HTTP.
 */
export class Link extends Lifecycle implements TimeSource {
  readonly #options: LinkOptions;
  readonly #events: Emitter<LinkEvents>;
  readonly #greetings = new Exclusive();
  readonly #nonces = new Map<string, (payload: Buffer, at: number) => void>();
  #abort = new AbortController();
  #connection: MqttConnection | undefined;
  #subscribed: readonly string[] = [];
  #welcomed: ((welcome: Welcome) => void) | undefined;
  #online = false;
  #gone: ((reason: string) => void) | undefined;
  #ended: Promise<string> = new Promise(() => undefined);

  constructor(options: LinkOptions) {
    super();
    this.#options = options;
    this.#events = new Emitter((event, error) =>
      options.log.error('a listener of the link failed', { event, error }),
    );
  }

  get online(): boolean {
    return this.#online;
  }

  on<Name extends keyof LinkEvents>(
    name: Name,
    listener: (event: LinkEvents[Name]) => void | Promise<void>,
  ): Unsubscribe {
    return this.#events.on(name, listener);
  }

  /** Sends while online, signed where it has to be; rejects at once otherwise. */
  async send(name: UpTopicName, message: object): Promise<void> {
    if (this.#connection === undefined) throw new Error('there is no connection');
    await this.#connection.publish(name, this.#options.words.text(name, message));
  }

  /** Fetches key statements that we do not have; how many came. */
  updateKeys(): Promise<number> {
    return this.#options.http.updateKeys(this.#abort.signal);
  }

  /** The areas have changed: other subscriptions, and a new hello on the same connection. */
  async resubscribe(): Promise<void> {
    const connection = this.#connection;
    // Before the welcome the areas are looked at again when it has come.
    if (connection === undefined || !this.#online) return;
    try {
      await this.#greetings.run(async () => {
        if (connection !== this.#connection || !this.#areasChanged()) return;
        await this.#subscribe(connection);
        await this.#greet(connection);
      });
    } catch (error) {
      // The next connection is not to suffer for this one.
      if (connection === this.#connection)
        this.#gone?.(`the areas could not be changed: ${errorText(error)}`);
    }
  }

  /** One signed time exchange, for the time keeper. */
  async request(nonce: string, signal: AbortSignal): Promise<TimeSample> {
    const { clock, http, keys } = this.#options;
    const connection = this.#online ? this.#connection : undefined;
    if (connection === undefined) return http.time(nonce, signal);
    const answered = new Promise<{ payload: Buffer; at: number }>((resolve, reject) => {
      this.#nonces.set(nonce, (payload, at) => resolve({ payload, at }));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      const sentAt = clock.monotonic();
      await Promise.race([connection.publish('timeRequest', { v: 1, nonce }), answered]);
      const { payload, at: receivedAt } = await answered;
      const reply = await verifyTimeReply(payload.toString('latin1'), nonce, keys);
      return { sentAt, serverReceivedAt: reply.receivedAt, serverSentAt: reply.sentAt, receivedAt };
    } finally {
      this.#nonces.delete(nonce);
      // Rejected by an abort after the publish failed: nobody waits for it any more.
      answered.catch(() => undefined);
    }
  }

  protected override async onStart(): Promise<void> {
    this.#abort = new AbortController();
    this.disposers.defer('the connection', async () => {
      this.#abort.abort(new Error('the agent is stopping'));
      this.#gone?.('the agent is stopping');
      await this.idle();
    });
    this.background(this.#stayConnected(), (error) =>
      this.#options.log.error('the link has stopped', { error }),
    );
  }

  async #stayConnected(): Promise<void> {
    const { clock, log, random, endpoints } = this.#options;
    const { signal } = this.#abort;
    let delays = backoff({ ...RECONNECT, random });
    for (let attempt = 0; !signal.aborted; attempt++) {
      const addresses = endpoints.all();
      const address = addresses[attempt % addresses.length] ?? '';
      let reason: string;
      try {
        reason = await this.#connectOnce(address, () => {
          delays = backoff({ ...RECONNECT, random });
          // The one that worked is tried first the next time.
          attempt -= 1;
        });
      } catch (error) {
        reason = errorText(error);
      }
      if (signal.aborted) break;
      const waitMs = delays.next().value;
      log.info('not connected', { reason, again: `in ${Math.round(waitMs)} ms` });
      await delay(clock, 'link.reconnect', waitMs, signal).catch(() => undefined);
    }
  }

  /** Connects and stays; resolves with the reason of the end. */
  async #connectOnce(address: string, onWelcome: () => void): Promise<string> {
    const { speakerId, secret, clock, sessionEpoch, now, log, endpoints } = this.#options;
    endpoints.use(address);
    const { signal } = this.#abort;
    // What is held may do: a controller whose HTTP is away may still have a broker.
    if (/^https?:/.test(address))
      await this.updateKeys().then(
        () => this.#events.emit('reached', {}),
        (error) => {
          if (this.#options.keys.ring.n === 0) throw error;
          log.info('key statements could not be fetched', { reason: errorText(error) });
        },
      );
    signal.throwIfAborted();
    const ended = new Promise<string>((resolve) => {
      this.#gone = resolve;
    });
    this.#ended = ended;
    const connection = await MqttConnection.open({
      url: mqttUrl(address),
      speakerId,
      secret,
      sessionEpoch: await sessionEpoch.next(now()),
      trust: endpoints.trust,
      clock,
      onMessage: (topic, payload, at) => this.#receive(topic, payload, at),
      onClose: (reason) => this.#gone?.(reason),
    });
    this.#connection = connection;
    this.#subscribed = [];
    let reason = 'the agent is stopping';
    let orderly = false;
    try {
      signal.throwIfAborted();
      await Promise.race([this.#subscribe(connection), rejectWith(ended)]);
      await this.#greetings.run(() => this.#greet(connection));
      onWelcome();
      await this.resubscribe();
      reason = await ended;
      orderly = signal.aborted;
    } finally {
      this.#connection = undefined;
      this.#gone = undefined;
      if (orderly) await this.#sayGoodbye(connection);
      await connection.close();
      if (this.#online) {
        this.#online = false;
        this.#events.emit('offline', { reason });
      }
    }
    return reason;
  }

  /** Tells that the loudspeaker goes, unless the line is dead. The broker publishes the last will besides. */
  async #sayGoodbye(connection: MqttConnection): Promise<void> {
    const { clock, sessionEpoch } = this.#options;
    const said = new AbortController();
    const presence = { v: 1, sessionEpoch: sessionEpoch.current, online: false };
    const waiting = delay(clock, 'link.goodbye', GOODBYE_MS, said.signal).catch(() => undefined);
    await Promise.race([connection.publish('presence', presence).catch(() => undefined), waiting]);
    said.abort();
  }

  async #subscribe(connection: MqttConnection): Promise<void> {
    const wanted = speakerSubscriptions(this.#options.speakerId, this.#options.areas());
    await connection.unsubscribe(this.#subscribed.filter((filter) => !wanted.includes(filter)));
    const [own, ...areas] = wanted;
    // Without its own topic a loudspeaker cannot be told anything. An area that is refused has changed: our
    // assignment is old, and the controller brings it up to date after hello.
    if (own !== undefined) await connection.subscribe([own]);
    if (areas.length > 0)
      await connection.subscribe(areas).catch((error) => {
        this.#options.log.warn('not all areas can be listened to', { reason: errorText(error) });
      });
    this.#subscribed = wanted;
  }

  #areasChanged(): boolean {
    const wanted = speakerSubscriptions(this.#options.speakerId, this.#options.areas());
    return wanted.join() !== this.#subscribed.join();
  }

  /** Hello and welcome; another hello while the controller wants to see documents. One at a time. */
  async #greet(connection: MqttConnection): Promise<void> {
    let welcome = await this.#hello(connection, []);
    for (let asked = 0; asked < MOST_WISHES; asked++) {
      const wanted = welcome.want.filter(isWish);
      if (wanted.length === 0) break;
      welcome = await this.#hello(connection, wanted);
    }
    this.#online = true;
    this.#events.emit('online', welcome);
  }

  async #hello(connection: MqttConnection, want: readonly string[]): Promise<Welcome> {
    const { clock, sessionEpoch, words, hello } = this.#options;
    const timeout = new AbortController();
    const welcome = new Promise<Welcome>((resolve) => {
      this.#welcomed = resolve;
    });
    const text = words.text('hello', { v: 1, sessionEpoch: sessionEpoch.current, ...hello(want) });
    const late = delay(clock, 'link.welcome', WELCOME_TIMEOUT_MS, timeout.signal).then(
      () => Promise.reject(new Error('the controller did not answer hello')),
      () => welcome,
    );
    try {
      await Promise.race([connection.publish('hello', text), rejectWith(this.#ended)]);
      return await Promise.race([welcome, late, rejectWith(this.#ended)]);
    } finally {
      this.#welcomed = undefined;
      timeout.abort();
    }
  }

  #receive(topic: ParsedTopic, payload: Buffer, at: number): void {
    const { speakerId, log, sessionEpoch } = this.#options;
    try {
      if (topic.name === 'areaOrder') this.#events.emit('order', { source: 'area', payload });
      else if (topic.name === 'areaPlan') this.#events.emit('plan', { payload });
      else if (topic.name === 'areaLatch') this.#events.emit('latch', { payload });
      else if (topic.id !== speakerId) return;
      else if (topic.name === 'order') this.#events.emit('order', { source: 'own', payload });
      else if (topic.name === 'rehome') this.#events.emit('rehome', { payload });
      else if (topic.name === 'assignment') this.#events.emit('assignment', { payload });
      else if (topic.name === 'plan') this.#events.emit('plan', { payload });
      else if (topic.name === 'latch') this.#events.emit('latch', { payload });
      else if (topic.name === 'time') this.#timeReply(payload, at);
      else if (topic.name === 'journalAck') this.#events.emit('journalAck', journalAckCodec.parse(payload));
      else if (topic.name === 'welcome') {
        const welcome = welcomeCodec.parse(payload);
        // One of an older connection comes late.
        if (welcome.sessionEpoch !== sessionEpoch.current) return;
        if (this.#welcomed !== undefined) this.#welcomed(welcome);
      }
    } catch (error) {
      if (!isDomainError(error)) throw error;
      log.warn('a message of the controller cannot be read', { topic: topic.name, reason: error.message });
    }
  }

  /** Finds who asked; the signature is proved by them, after the instant of arrival was taken. */
  #timeReply(payload: Buffer, at: number): void {
    if (payload.length > MAX_DOCUMENT_BYTES) return;
    const text = Buffer.from(payload.toString('latin1').split('.')[1] ?? '', 'base64url').toString('utf8');
    for (const [nonce, answered] of this.#nonces) if (text.includes(nonce)) answered(payload, at);
  }
}

async function rejectWith(ended: Promise<string>): Promise<never> {
  throw new Error(await ended);
}
