import { type Duplex, duplexPair } from 'node:stream';
import { Aedes, type Client, type ConnectPacket, type PublishPacket, type Subscription } from 'aedes';
import { Lifecycle, type Milliseconds } from '#kit';
import {
  CONTROLLER_SUBSCRIPTION,
  MAX_PAYLOAD_BYTES,
  type ParsedTopic,
  parseTopic,
  type TopicName,
} from '#protocols';
import {
  connectRefusal,
  controllerMayPublish,
  mayReceive,
  maySubscribe,
  publishRefusal,
} from './access-rules.ts';
import { type BrokerMetrics, type ConnectionRefusal, type PacketRefusal, Tally } from './counters.ts';
import type { CredentialTable } from './credential-table.ts';
import { guardReads } from './packet-guard.ts';
import { PendingConnections } from './pending-connections.ts';
import { ReadTurns } from './read-turns.ts';
import { Sessionless } from './sessionless.ts';
import { TopicRouter } from './topic-router.ts';

/** Limits of the embedded broker (design: security). */
export interface BrokerLimits {
  /** Bytes of a packet after its fixed header. */
  readonly packetBytes: number;
  /** Bytes of a CONNECT, last will included: what somebody unknown may make us hold. */
  readonly connectBytes: number;
  /** From accept to CONNECT. */
  readonly connectTimeoutMs: Milliseconds;
  /** A connection that does not take what is sent to it for so long is ended. */
  readonly drainTimeoutMs: Milliseconds;
  readonly topicLevels: number;
  /** Filters that one connection may hold. */
  readonly subscriptions: number;
  /** Unauthenticated connections of one address, and of all together. */
  readonly pendingPerAddress: number;
  readonly pending: number;
}

export const BROKER_LIMITS: BrokerLimits = {
  // A full payload, its topic (≤ 200) and packet id.
  packetBytes: MAX_PAYLOAD_BYTES + 256,
  connectBytes: 4 * 1024,
  connectTimeoutMs: 10_000,
  drainTimeoutMs: 10_000,
  topicLevels: 8,
  subscriptions: 24,
  pendingPerAddress: 1_000,
  pending: 4_000,
};

export interface EmbeddedBrokerOptions {
  readonly credentials: CredentialTable;
  readonly limits?: Partial<BrokerLimits>;
  /** Failures of the broker itself, never of a connection. */
  readonly onError: (error: unknown) => void;
}

/** MQTT 3.1.1 return codes of CONNACK [MQTT-3.2.2.3]. */
const RETURN_CODE: Partial<Record<ConnectionRefusal, number>> = { client_id: 2, credentials: 4 };
const NOT_AUTHORISED = 5;

/** Client id of the controller's own connection. No speaker's id can look like this. */
const CONTROLLER_ID = '$controller';

/**
 * The broker inside the controller: Aedes, which routes, behind our own rules, which decide. It keeps nothing for those who are
 * away and gives nobody more than the topic table does. Connections come from `accept`; the controller's own comes
 * from `connectController`, and is privileged by being that stream, not by any name or secret.
 */
export class EmbeddedBroker extends Lifecycle {
  readonly #credentials: CredentialTable;
  readonly #limits: BrokerLimits;
  readonly #onError: (error: unknown) => void;
  readonly #pending: PendingConnections;
  readonly #turns = new ReadTurns();
  /** Authenticated speakers by id. Aedes' own table loses the newer of two connections that change over quickly. */
  readonly #speakers = new Map<string, Client>();
  readonly #controllers = new WeakSet<Client>();
  /** Connections that authenticated. */
  readonly #known = new WeakSet<Client>();
  /** Set between CONNECT and the answer to it. */
  readonly #refusals = new WeakMap<Client, ConnectionRefusal>();
  readonly #authenticated = new WeakMap<Client, () => void>();
  readonly #refusedConnections = new Tally<ConnectionRefusal>();
  readonly #refusedPackets = new Tally<PacketRefusal>();
  readonly #messages = new Tally<TopicName>();
  #connectionsTotal = 0;
  #dropped = 0;
  #aedes: Aedes | undefined;
  #lastTopic = '';
  #lastParsed: ParsedTopic | undefined;

  constructor(options: EmbeddedBrokerOptions) {
    super();
    this.#credentials = options.credentials;
    this.#limits = { ...BROKER_LIMITS, ...options.limits };
    this.#onError = options.onError;
    this.#pending = new PendingConnections({
      perAddress: this.#limits.pendingPerAddress,
      total: this.#limits.pending,
    });
  }

  protected async onStart(): Promise<void> {
    const aedes = new Aedes({
      id: 'loa',
      persistence: new Sessionless(),
      mq: new TopicRouter(),
      // Only a listener limit of Node's depends on it here: the router has no other bound than its slices.
      concurrency: 100,
      connectTimeout: this.#limits.connectTimeoutMs,
      drainTimeout: this.#limits.drainTimeoutMs,
      maxTopicLevels: this.#limits.topicLevels,
      maxClientsIdLength: 64,
      preConnect: (client, packet, done) => this.#preConnect(client, packet, done),
      authenticate: (client, username, password, done) => {
        const refusal = this.#enter(client, username, password);
        if (refusal === undefined) return done(null, true);
        this.#refusedConnections.add(refusal);
        const error = Object.assign(new Error(refusal), {
          returnCode: RETURN_CODE[refusal] ?? NOT_AUTHORISED,
        });
        done(error, null);
      },
      authorizePublish: (client, packet, done) => done(this.#publishError(client, packet)),
      authorizeSubscribe: (client, subscription, done) =>
        done(null, this.#subscription(client, subscription)),
      authorizeForward: (client, packet) => (this.#mayForward(client, packet.topic) ? packet : null),
    });
    aedes.on('client', (client) => this.#entered(client));
    aedes.on('clientDisconnect', (client) => this.#left(client));
    aedes.on('clientError', (client, error) => this.#failed(client, error));
    aedes.on('connectionError', (client, error) => this.#failed(client, error));
    // The typings of Aedes leave this event out; without a listener it would end the process.
    (aedes as NodeJS.EventEmitter).on('error', this.#onError);
    await aedes.listen();
    this.#aedes = aedes;
    this.disposers.defer('broker', async () => {
      this.#aedes = undefined;
      await new Promise<void>((resolve) => aedes.close(resolve));
      this.#speakers.clear();
    });
    this.disposers.defer(
      'revocations',
      this.#credentials.onRevoked((speakerId) => this.disconnect(speakerId)),
    );
  }

  /** Counts a connection whose TLS handshake is not over among those that have not proved who they are. Null: there are too many. Else what ends the count, once. */
  greet(address: string): (() => void) | null {
    const refusal = this.#pending.admit(address);
    if (refusal !== undefined) {
      this.#refusedConnections.add(refusal);
      return null;
    }
    return this.#releaseOf(address);
  }

  /** Takes over a connection from a listener. `address` is the peer's, for the caps before authentication. */
  accept(stream: Duplex, address: string): void {
    const aedes = this.#aedes;
    const refusal = aedes === undefined ? 'protocol' : this.#pending.admit(address);
    if (aedes === undefined || refusal !== undefined) {
      if (refusal !== undefined) this.#refusedConnections.add(refusal);
      stream.on('error', () => undefined);
      stream.destroy();
      return;
    }
    const release = this.#releaseOf(address);
    stream.once('close', release);
    guardReads(
      stream,
      { firstBytes: this.#limits.connectBytes, bytes: this.#limits.packetBytes },
      this.#turns,
      (violation) => {
        this.#refusedConnections.add(violation);
        stream.destroy();
      },
    );
    const client = aedes.handle(stream);
    this.#authenticated.set(client, release);
  }

  #releaseOf(address: string): () => void {
    let waiting = true;
    return () => {
      if (waiting) this.#pending.release(address);
      waiting = false;
    };
  }

  /** The controller's own connection: one end of a pipe in memory. */
  connectController(): Duplex {
    const aedes = this.#aedes;
    if (aedes === undefined) throw new Error('the broker is not running');
    const [ours, theirs] = duplexPair({ highWaterMark: 64 * 1024 });
    // One end of a pair does not hear that the other is gone.
    theirs.once('close', () => ours.destroy());
    this.#controllers.add(aedes.handle(theirs));
    return ours;
  }

  /** Ends the connection of a speaker, if there is one. Its last will is published. */
  disconnect(speakerId: string): void {
    this.#speakers.get(speakerId)?.close();
  }

  isConnected(speakerId: string): boolean {
    return this.#speakers.has(speakerId);
  }

  metrics(): BrokerMetrics {
    return {
      connections: this.#speakers.size,
      unauthenticated: this.#pending.total,
      connectionsTotal: this.#connectionsTotal,
      refusedConnections: this.#refusedConnections.entries(),
      refusedPackets: this.#refusedPackets.entries(),
      messages: this.#messages.entries(),
      droppedConnections: this.#dropped,
    };
  }

  #preConnect(client: Client, packet: ConnectPacket, done: (error: Error | null, go: boolean) => void): void {
    // No session outlives its connection: a speaker that asks for one is told so by "session present: 0".
    packet.clean = true;
    if (!this.#controllers.has(client)) {
      const { clientId, username, keepalive, will } = packet;
      const refusal = connectRefusal({
        clientId,
        username,
        keepalive,
        will: will && { topic: will.topic, qos: will.qos ?? 0, retain: will.retain ?? false },
      });
      if (refusal !== undefined) this.#refusals.set(client, refusal);
    }
    done(null, true);
  }

  #enter(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
  ): ConnectionRefusal | undefined {
    if (this.#controllers.has(client)) return client.id === CONTROLLER_ID ? undefined : 'client_id';
    const refusal = this.#refusals.get(client);
    if (refusal !== undefined) return refusal;
    const check = this.#credentials.check(username ?? '', password ?? Buffer.alloc(0));
    return check === 'ok' ? undefined : check;
  }

  #entered(client: Client): void {
    if (this.#controllers.has(client)) return;
    this.#authenticated.get(client)?.();
    this.#known.add(client);
    this.#connectionsTotal += 1;
    const older = this.#speakers.get(client.id);
    this.#speakers.set(client.id, client);
    if (older !== undefined && older !== client) older.close();
    // Blocked between its secret and now, when there was no connection to end yet.
    if (!this.#credentials.admits(client.id)) client.close();
  }

  #left(client: Client): void {
    if (this.#speakers.get(client.id) === client) this.#speakers.delete(client.id);
  }

  #failed(client: Client, error: Error): void {
    if (this.#controllers.has(client)) this.#onError(error);
    else if (this.#known.has(client)) this.#dropped += 1;
    else if (error.message.includes('did not arrive in time'))
      this.#refusedConnections.add('connect_timeout');
    else if (!('errorCode' in error)) this.#refusedConnections.add('protocol');
  }

  #publishError(client: Client | null, packet: PublishPacket): Error | null {
    if (client === null) return null;
    const parsed = this.#parse(packet.topic);
    const refusal = this.#controllers.has(client)
      ? controllerMayPublish(packet.topic)
        ? undefined
        : 'publish'
      : publishRefusal(client.id, packet);
    if (refusal === undefined && parsed !== undefined) {
      this.#messages.add(parsed.name);
      return null;
    }
    this.#refusedPackets.add(refusal ?? 'publish');
    return new Error('not allowed by the topic table');
  }

  #subscription(client: Client, subscription: Subscription): Subscription | null {
    const allowed = this.#controllers.has(client)
      ? subscription.topic === CONTROLLER_SUBSCRIPTION
      : maySubscribe(client.id, this.#credentials.areasOf(client.id), subscription.topic) &&
        filterCount(client) < this.#limits.subscriptions;
    if (allowed) return subscription;
    this.#refusedPackets.add('subscribe');
    return null;
  }

  #mayForward(client: Client, topic: string): boolean {
    if (this.#controllers.has(client)) return true;
    const parsed = this.#parse(topic);
    if (parsed !== undefined && mayReceive(client.id, this.#credentials.areasOf(client.id), parsed))
      return true;
    this.#refusedPackets.add('forward');
    return false;
  }

  /** One order goes to thousands in a row: its topic is read once. */
  #parse(topic: string): ParsedTopic | undefined {
    if (topic === this.#lastTopic) return this.#lastParsed;
    this.#lastTopic = topic;
    this.#lastParsed = parseTopic(topic);
    return this.#lastParsed;
  }
}

/** Aedes keeps the filters of a connection in a plain object that its types do not show. */
function filterCount(client: Client): number {
  const { subscriptions } = client as Client & { readonly subscriptions?: Readonly<Record<string, unknown>> };
  return subscriptions === undefined ? 0 : Object.keys(subscriptions).length;
}
