import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { Emitter, SystemClock } from '#kit';
import {
  type Answer,
  type Assignment,
  answerCodec,
  generateSigningKey,
  genesis,
  type Health,
  type Hello,
  healthReportCodec,
  helloCodec,
  type JournalEntry,
  type JournalPosition,
  joinHealth,
  journalBatchCodec,
  type KeyUse,
  type Latch,
  type PlanHead,
  type PlayOrder,
  type Progress,
  type Provisioning,
  parseTopic,
  presenceCodec,
  progressCodec,
  type Scope,
  sha256,
  signDocument,
  signKeyStatement,
  slotLine,
  timeRequestCodec,
  topicOf,
  verifyBatch,
  writePlanDocument,
} from '#protocols';
import { openRules } from './orders.ts';
import { provedBody } from './proved-body.ts';

export { dayOf, openRules, playOrder } from './orders.ts';

interface Events {
  hello: { speakerId: string; hello: Hello };
  answer: { speakerId: string; answer: Answer };
  entry: { speakerId: string; entry: JournalEntry };
  /** Whole, whatever the report left out. */
  health: { speakerId: string; health: Health };
  progress: { speakerId: string; progress: Progress };
  /** A last will or a goodbye. */
  presence: { speakerId: string; sessionEpoch: number };
  /** A request for content, before it is answered. */
  content: { sha256: string; range: string | undefined; authorization: string | undefined };
  /** A request for a plan document, before it is answered. */
  planDocument: { sha256: string; authorization: string | undefined };
}

interface JournalKept {
  position: JournalPosition;
  entries: JournalEntry[];
}

const USES: KeyUse[] = ['order', 'assignment', 'plan', 'latch', 'time'];

/**
 * A controller as agents see one, small enough to be read: real HTTP, a real broker behind a WebSocket, real keys. It
 * keeps what agents send and lets a test misbehave on purpose.
 */
export class TestController {
  readonly events = new Emitter<Events>((name, error) => {
    throw new Error(`listener of ${name}`, { cause: error });
  });
  readonly root = generateSigningKey();
  key = generateSigningKey();
  readonly statements: string[] = [];
  readonly journals = new Map<string, JournalKept>();
  readonly answers: Answer[] = [];
  readonly contents = new Map<string, Buffer>();
  /** Plan documents that can be fetched, by hash. */
  readonly planDocuments = new Map<string, Buffer>();
  /** What a welcome asks for, once. */
  want: string[] = [];
  /** Send only so many bytes of content, then cut the line. */
  cutContentAfter: number | undefined;
  /** Send other bytes than announced. */
  spoilContent = false;
  /** Hold every answer to a content request back until this resolves. */
  contentGate: Promise<void> = Promise.resolve();
  /** What is known of a journal when a welcome is sent; by default the truth. */
  welcomeJournal: ((kept: JournalKept | undefined) => JournalPosition | null) | undefined;
  /** Acknowledge journal batches. */
  acknowledge = true;
  readonly assignments = new Map<string, string>();
  readonly #secrets = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #health = new Map<string, Health>();
  #http: Server | undefined;
  #broker: Aedes | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    if (this.statements.length === 0) await this.addStatement([this.key]);
    const http = createServer((request, response) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
    const broker = await Aedes.createBroker();
    broker.authenticate = (_client, username, password, done) =>
      done(null, this.#secrets.get(username ?? '') === password?.toString());
    broker.on('publish', (packet, client) => {
      if (client === null) return;
      this.#receive(packet.topic, Buffer.from(packet.payload)).catch((error) => {
        throw error;
      });
    });
    const sockets = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (ws) => {
        broker.handle(createWebSocketStream(ws), request);
      });
    });
    http.listen(this.#port, '127.0.0.1');
    await once(http, 'listening');
    this.#port = (http.address() as AddressInfo).port;
    this.#http = http;
    this.#broker = broker;
  }

  /** Goes away: every connection breaks. `start` comes back on the same port with everything remembered. */
  async stop(): Promise<void> {
    const [http, broker] = [this.#http, this.#broker];
    this.#http = undefined;
    this.#broker = undefined;
    if (broker !== undefined) await new Promise<void>((resolve) => broker.close(() => resolve()));
    if (http === undefined) return;
    http.closeAllConnections();
    http.close();
    await once(http, 'close');
  }

  /** Enters a loudspeaker. */
  async enrol(speakerId: string, areas: readonly string[]): Promise<Provisioning> {
    const secret = randomBytes(32).toString('base64url');
    this.#secrets.set(speakerId, secret);
    this.assignments.set(speakerId, await this.assignment(speakerId, { areas: [...areas] }));
    return { v: 1, speakerId, secret, rootKeys: [this.root.publicKey], url: this.url };
  }

  /** A signed assignment. */
  assignment(speakerId: string, change: Partial<Assignment> = {}): Promise<string> {
    const assignment: Assignment = {
      v: 1,
      speakerId,
      revision: Date.now(),
      areas: ['vn', 'tan-an'],
      zone: 'Asia/Ho_Chi_Minh',
      volume: { gainDb: 0, capDb: 6, profile: [] },
      rules: openRules(),
      mute: null,
      maintenance: null,
      endpoints: [],
      streams: ['127.0.0.1'],
      issuedAt: Date.now(),
      ...change,
    };
    return signDocument('assignment', assignment, this.key);
  }

  /** A signed plan head of a scope with its documents, which can be fetched from then on unless `hidden`. */
  async plan(
    scope: Scope,
    days: Readonly<Record<string, readonly PlayOrder[]>>,
    change: Partial<PlanHead> & { readonly hidden?: boolean } = {},
  ): Promise<string> {
    const { hidden = false, ...rest } = change;
    const documents = Object.entries(days).map(([day, orders]) => {
      const bytes = writePlanDocument({ scope, day }, orders.map(slotLine));
      const hash = sha256(bytes);
      if (!hidden) this.planDocuments.set(hash, bytes);
      return { day, sha256: hash, bytes: bytes.length, path: `/plan/${hash}` };
    });
    const head: PlanHead = {
      ...{ v: 1, scope, revision: Date.now(), issuedAt: Date.now() },
      ...{ validUntil: Date.now() + 14 * 24 * 3_600_000, documents, stored: [] },
      ...rest,
    };
    return signDocument('plan', head, this.key);
  }

  /** A signed latch. */
  latch(id: string, scope: Scope, change: Partial<Latch> = {}): Promise<string> {
    const latch: Latch = {
      ...{ v: 1, id, scope, revision: Date.now(), state: 'set', by: 'chu-tich', reason: 'dừng' },
      ...{ issuedAt: Date.now() },
      ...change,
    };
    return signDocument('latch', latch, this.key);
  }

  /** One more key statement, naming these keys. */
  async addStatement(keys: readonly { kid: string; publicKey: string }[]): Promise<void> {
    const before = this.statements.at(-1);
    const statement = {
      v: 1 as const,
      n: this.statements.length + 1,
      previous: before === undefined ? null : sha256(before),
      roots: [this.root.publicKey],
      keys: keys.map(({ kid, publicKey }) => ({ kid, publicKey, uses: USES })),
      issuedAt: Date.now(),
    };
    this.statements.push(await signKeyStatement(statement, this.root));
  }

  /** Content to be fetched. */
  addContent(bytes: Buffer, durationMs: number): PlayOrder['content'] {
    const hash = sha256(bytes);
    this.contents.set(hash, bytes);
    return {
      kind: 'file',
      sha256: hash,
      bytes: bytes.length,
      durationMs,
      chunkListSha256: null,
      path: `/content/${hash}`,
      mediaType: 'audio/ogg',
    } as PlayOrder['content'];
  }

  publish(topic: string, payload: string | object): Promise<void> {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return new Promise((resolve, reject) => {
      this.#broker?.publish(
        { cmd: 'publish', topic, payload: text, qos: 1, retain: false, dup: false },
        (error) => (error ? reject(error) : resolve()),
      );
    });
  }

  /** The journal of a loudspeaker as far as it came, all epochs. */
  entries(speakerId: string): JournalEntry[] {
    return [...this.journals]
      .filter(([key]) => key.startsWith(`${speakerId}/`))
      .flatMap(([, kept]) => kept.entries);
  }

  /** The first entry that was kept or comes, that is accepted. */
  async entry(speakerId: string, accept: (entry: JournalEntry) => boolean): Promise<JournalEntry> {
    const kept = this.entries(speakerId).find(accept);
    if (kept !== undefined) return kept;
    return (await this.events.next('entry', (event) => event.speakerId === speakerId && accept(event.entry)))
      .entry;
  }

  async #receive(topic: string, payload: Buffer): Promise<void> {
    const parsed = parseTopic(topic);
    if (parsed === undefined) throw new Error(`unknown topic ${topic}`);
    const speakerId = parsed.id;
    switch (parsed.name) {
      case 'hello': {
        const hello = helloCodec.parse(provedBody('hello', speakerId, payload));
        this.#keys.set(speakerId, hello.publicKey);
        const kept = this.journals.get(`${speakerId}/${hello.journal.epoch}`);
        const position = this.welcomeJournal?.(kept) ?? kept?.position ?? null;
        const journal = position === null ? null : { epoch: hello.journal.epoch, ...position };
        await this.publish(topicOf('welcome', speakerId), {
          v: 1,
          sessionEpoch: hello.sessionEpoch,
          journal,
          want: this.want.splice(0),
        });
        this.events.emit('hello', { speakerId, hello });
        const held = this.assignments.get(speakerId);
        if (held !== undefined && hello.assignment?.hash !== sha256(held))
          await this.publish(topicOf('assignment', speakerId), held);
        return;
      }
      case 'answer': {
        const answer = answerCodec.parse(provedBody('answer', speakerId, payload, this.#keys.get(speakerId)));
        this.answers.push(answer);
        this.events.emit('answer', { speakerId, answer });
        return;
      }
      case 'journal':
        return this.#takeBatch(speakerId, payload);
      case 'health': {
        const body = provedBody('health', speakerId, payload, this.#keys.get(speakerId));
        const health = joinHealth(this.#health.get(speakerId), healthReportCodec.parse(body));
        if (health === undefined) throw new Error('a health report leaves out what was never told');
        this.#health.set(speakerId, health);
        this.events.emit('health', { speakerId, health });
        return;
      }
      case 'progress':
        this.events.emit('progress', { speakerId, progress: progressCodec.parse(payload) });
        return;
      case 'presence':
        this.events.emit('presence', { speakerId, sessionEpoch: presenceCodec.parse(payload).sessionEpoch });
        return;
      case 'timeRequest': {
        const { nonce } = timeRequestCodec.parse(payload);
        await this.publish(topicOf('time', speakerId), await this.#time(nonce));
        return;
      }
      default:
        throw new Error(`not for a controller: ${topic}`);
    }
  }

  async #takeBatch(speakerId: string, payload: Buffer): Promise<void> {
    const batch = journalBatchCodec.parse(payload);
    const name = `${speakerId}/${batch.epoch}`;
    const kept = this.journals.get(name) ?? { position: genesis(speakerId, batch.epoch), entries: [] };
    this.journals.set(name, kept);
    if (batch.after.seq > kept.position.seq) {
      const { seq, hash } = kept.position;
      const ack = { v: 1, epoch: batch.epoch, seq, hash, code: 'journal.gap' };
      return this.publish(topicOf('journalAck', speakerId), ack);
    }
    for (const { entry, position } of verifyBatch(batch, this.#keys.get(speakerId) ?? '')) {
      if (position.seq <= kept.position.seq) continue;
      kept.position = position;
      kept.entries.push(entry);
      this.events.emit('entry', { speakerId, entry });
    }
    if (this.acknowledge)
      await this.publish(topicOf('journalAck', speakerId), { v: 1, epoch: batch.epoch, ...kept.position });
  }

  #time(nonce: string): Promise<string> {
    const at = new SystemClock().now();
    return signDocument('time', { v: 1, nonce, receivedAt: at, sentAt: at }, this.key);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/api/v1/keys/statements') {
      const after = Number(url.searchParams.get('after'));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ statements: this.statements.slice(after) }));
    } else if (url.pathname === '/api/v1/time') {
      response.setHeader('content-type', 'application/jose');
      response.end(await this.#time(url.searchParams.get('nonce') ?? ''));
    } else if (url.pathname.startsWith('/plan/')) this.#servePlan(request, response, url.pathname.slice(6));
    else if (url.pathname.startsWith('/content/'))
      await this.#serveContent(request, response, url.pathname.slice(9));
    else response.writeHead(404).end();
  }

  #servePlan(request: IncomingMessage, response: ServerResponse, hash: string): void {
    const { authorization } = request.headers;
    this.events.emit('planDocument', { sha256: hash, authorization });
    const bytes = this.planDocuments.get(hash);
    response.statusCode = bytes === undefined ? 404 : this.#isKnown(authorization) ? 200 : 401;
    response.end(response.statusCode === 200 ? bytes : undefined);
  }

  #isKnown(authorization: string | undefined): boolean {
    const [user, secret] = Buffer.from(authorization?.slice(6) ?? '', 'base64')
      .toString()
      .split(':');
    return secret !== undefined && this.#secrets.get(user ?? '') === secret;
  }

  async #serveContent(request: IncomingMessage, response: ServerResponse, hash: string): Promise<void> {
    const { range, authorization } = request.headers;
    this.events.emit('content', { sha256: hash, range, authorization });
    await this.contentGate;
    const bytes = this.contents.get(hash);
    if (bytes === undefined || !this.#isKnown(authorization)) {
      response.statusCode = bytes === undefined ? 404 : 401;
      response.end();
      return;
    }
    const etag = `"${hash.slice(0, 16)}"`;
    response.setHeader('etag', etag);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (from > 0 && (request.headers['if-range'] ?? etag) === etag) {
      response.statusCode = 206;
      response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    }
    const start = response.statusCode === 206 ? from : 0;
    const body = this.spoilContent ? Buffer.alloc(bytes.length - start, 7) : bytes.subarray(start);
    response.setHeader('content-length', body.length);
    if (this.cutContentAfter === undefined) {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, this.cutContentAfter), () => {
      // The line stays up and silent: the client is cut off by whoever ends it.
    });
  }
}
