import mqtt, { type MqttClient } from 'mqtt';
import {
  type Answer,
  type Assignment,
  assignmentCodec,
  type ChainedLine,
  chainLine,
  type DownTopicName,
  generateSigningKey,
  genesis,
  type Health,
  type Hello,
  heldHash,
  type JournalAck,
  type JournalBatch,
  type JournalFact,
  type JournalPosition,
  journalAckCodec,
  needsSignature,
  parseTopic,
  payloadOf,
  type SigningKey,
  sha256,
  signBatch,
  signedWord,
  signerOf,
  speakerSubscriptions,
  topicOf,
  type UpTopicName,
  type Welcome,
  welcomeCodec,
} from '#protocols';

interface Received {
  readonly name: DownTopicName;
  readonly payload: string;
}

/** A speaker on the wire, which does what a test tells it and remembers what came. */
export class TestSpeaker {
  readonly id: string;
  readonly secret: string;
  readonly url: string;
  readonly key: SigningKey;
  readonly epoch: string;
  sessionEpoch: number;
  client: MqttClient | undefined;
  lines: ChainedLine[] = [];
  head: JournalPosition;
  received: Received[] = [];
  /** Number of the last thing said of what is held. */
  said = 0;
  #waiters: { readonly name: DownTopicName; readonly resolve: (payload: string) => void }[] = [];

  constructor(options: {
    readonly id: string;
    readonly secret: string;
    readonly url: string;
    readonly key?: SigningKey;
    readonly sessionEpoch?: number;
    readonly epoch?: string;
  }) {
    this.id = options.id;
    this.secret = options.secret;
    this.url = options.url;
    this.key = options.key ?? generateSigningKey();
    this.sessionEpoch = options.sessionEpoch ?? 1;
    this.epoch = options.epoch ?? `jnl-${options.id}`;
    this.head = genesis(this.id, this.epoch);
  }

  /** Connects with a will and subscribes; rejects with what the broker answered. */
  async connect(areas: readonly string[] = []): Promise<this> {
    const client = await connectMqtt(this.url, {
      clientId: this.id,
      username: this.id,
      password: this.secret,
      will: {
        topic: topicOf('presence', this.id),
        payload: Buffer.from(JSON.stringify({ v: 1, sessionEpoch: this.sessionEpoch, online: false })),
        qos: 1,
        retain: false,
      },
    });
    client.on('message', (topic, payload) => this.#take(topic, payload));
    this.client = client;
    await client.subscribeAsync(speakerSubscriptions(this.id, areas), { qos: 1 });
    return this;
  }

  /** Ends the connection as a power cut does: the will is published. */
  cut(): void {
    this.client?.stream.destroy();
    this.client?.end(true);
  }

  /** Sends a message, signed where it has to be; a text as it is. */
  send(name: UpTopicName, payload: object | string): Promise<unknown> {
    const text = typeof payload === 'string' ? payload : this.text(name, payload);
    if (this.client === undefined) throw new Error('not connected');
    return this.client.publishAsync(topicOf(name, this.id), text, { qos: 1 });
  }

  /** A message as it goes out. `key`: another one to sign with. */
  text(name: UpTopicName, message: object, key = this.key): string {
    return needsSignature(name, message)
      ? signedWord(name, this.id, message, signerOf(key))
      : JSON.stringify(message);
  }

  hello(over: Partial<Hello> = {}): Hello {
    this.said += 1;
    return {
      v: 1,
      sessionEpoch: this.sessionEpoch,
      n: this.said,
      agentVersion: '0.1.0',
      bootId: 'boot',
      capabilities: ['order:play'],
      publicKey: this.key.publicKey,
      assignment: null,
      held: [],
      journal: this.#journal(),
      ...over,
    };
  }

  health(over: Partial<Health> = {}): Health {
    this.said += 1;
    return {
      v: 1,
      sessionEpoch: this.sessionEpoch,
      n: this.said,
      at: Date.now(),
      agentVersion: '0.1.0',
      uptimeSeconds: 1,
      cpuTemperatureC: null,
      load1: 0,
      memory: { totalBytes: 1, freeBytes: 1 },
      disk: { totalBytes: 1, freeBytes: 1 },
      network: { interface: null, address: null, receivedBytes: null, sentBytes: null },
      output: { kind: 'null', ok: true, detail: '' },
      clock: { trust: 'trusted', offsetMs: 0, boundMs: 1 },
      playing: null,
      assignment: null,
      held: heldHash([]),
      journal: this.#journal(),
      problems: [],
      ...over,
    };
  }

  answer(order: { readonly id: string; readonly hash: string; readonly broadcastId: string }): Answer {
    const { id: orderId, hash: orderHash, broadcastId } = order;
    return { v: 1, orderId, orderHash, broadcastId, answer: 'accepted', at: Date.now() };
  }

  /** Writes an entry into the journal. */
  write(fact: Partial<JournalFact> & Pick<JournalFact, 'kind'>): ChainedLine {
    const line = chainLine(this.epoch, this.head, { at: Date.now(), clockErrorMs: 1, ...fact });
    this.lines.push(line);
    this.head = line.position;
    return line;
  }

  /** A whole play of a broadcast, as the engine writes it. */
  writePlay(broadcastId: string): void {
    const play = { broadcastId, play: 1, output: 'file', evidence: 'reported' } as const;
    this.write({ kind: 'ready', broadcastId });
    this.write({ kind: 'started', ...play, plannedAt: Date.now(), startErrorMs: 3, fromMs: 0 });
    this.write({ kind: 'finished', ...play, fromMs: 0, toMs: 5_000 });
  }

  /** The lines after number `after`, signed. */
  batch(after = 0, count = Number.POSITIVE_INFINITY, oldestSeq = 1): JournalBatch {
    const lines = this.lines.slice(after, after + count);
    const position =
      after === 0 ? genesis(this.id, this.epoch) : (this.lines[after - 1] as ChainedLine).position;
    return signBatch({ speakerId: this.id, epoch: this.epoch, after: position, oldestSeq }, lines, this.key);
  }

  /** The next message of this kind that was not taken yet. */
  next(name: DownTopicName): Promise<string> {
    const at = this.received.findIndex((one) => one.name === name);
    if (at >= 0) return Promise.resolve((this.received.splice(at, 1)[0] as Received).payload);
    return new Promise((resolve) => this.#waiters.push({ name, resolve }));
  }

  async welcome(): Promise<Welcome> {
    return welcomeCodec.parse(await this.next('welcome'));
  }

  async ack(): Promise<JournalAck> {
    return journalAckCodec.parse(await this.next('journalAck'));
  }

  async assignment(): Promise<{
    readonly document: string;
    readonly hash: string;
    readonly value: Assignment;
  }> {
    const document = await this.next('assignment');
    const value = assignmentCodec.parse(payloadOf(document));
    return { document, hash: sha256(document), value };
  }

  #journal(): Hello['journal'] {
    return { epoch: this.epoch, oldestSeq: 1, lastSeq: this.head.seq, lastHash: this.head.hash };
  }

  #take(topic: string, payload: Buffer): void {
    const parsed = parseTopic(topic);
    if (parsed === undefined) throw new Error(`not in the table: ${topic}`);
    const name = parsed.name as DownTopicName;
    const at = this.#waiters.findIndex((waiter) => waiter.name === name);
    if (at >= 0) this.#waiters.splice(at, 1)[0]?.resolve(payload.toString());
    else this.received.push({ name, payload: payload.toString() });
  }
}

/** Connects once; rejects when the broker refuses or hangs up. */
export function connectMqtt(url: string, options: mqtt.IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect(url, {
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    reconnectPeriod: 0,
    ...options,
  });
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('error', (error) => {
      client.end(true);
      reject(error);
    });
    client.once('close', () => reject(new Error('closed')));
  });
}
