import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DisposerStack, SystemClock } from '#kit';
import {
  type ErrorCode,
  generateSigningKey,
  newId,
  type PlayOrder,
  type SignedWordName,
  sha256,
  topicOf,
} from '#protocols';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import type { StoredOrder } from '../../../server/domain/broadcasts/broadcast.ts';
import { AnswerIngest } from '../../../server/domain/deliveries/answer-ingest.ts';
import { JournalIngest } from '../../../server/domain/deliveries/journal-ingest.ts';
import { JournalPositions } from '../../../server/domain/deliveries/journal-positions.ts';
import { ProgressRelay } from '../../../server/domain/deliveries/progress.ts';
import { ReceiptLock } from '../../../server/domain/deliveries/receipt-lock.ts';
import { SpeakerKeys } from '../../../server/domain/deliveries/speaker-keys.ts';
import { BroadcastSettler } from '../../../server/domain/dispatch/broadcast-settler.ts';
import { Dispatcher } from '../../../server/domain/dispatch/dispatcher.ts';
import type { LiveEvents } from '../../../server/domain/events/live-events.ts';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import { TimeService } from '../../../server/domain/keys/time-service.ts';
import { HeldDocuments } from '../../../server/domain/plans/held-documents.ts';
import { HeldHealer } from '../../../server/domain/plans/held-healer.ts';
import { AssignmentService } from '../../../server/domain/speakers/assignment.ts';
import { HealthIngest } from '../../../server/domain/speakers/health-ingest.ts';
import { HelloService } from '../../../server/domain/speakers/hello.ts';
import { PresenceService } from '../../../server/domain/speakers/presence.ts';
import { enteredSpeaker, type Speaker } from '../../../server/domain/speakers/speaker.ts';
import {
  type BrokerLimits,
  CredentialTable,
  EmbeddedBroker,
  Gateway,
  MqttListener,
  memoryConnector,
  speakerMessages,
} from '../../../server/mqtt/index.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { playOrderOf } from './play-order.ts';

const COMMUNE = 'xa-tan-an';
export const HAMLET = 'ap-1';
export const OTHER_HAMLET = 'ap-2';
/** Ancestry of the first hamlet. */
export const AREAS = ['vn', COMMUNE, HAMLET];

const PLACES = [
  { id: 'vn', parentId: null, kind: 'quốc gia', name: 'Việt Nam', zone: 'Asia/Ho_Chi_Minh' },
  { id: COMMUNE, parentId: 'vn', kind: 'xã', name: 'Tân An', zone: null },
  { id: HAMLET, parentId: COMMUNE, kind: 'ấp', name: '1', zone: null },
  { id: OTHER_HAMLET, parentId: COMMUNE, kind: 'ấp', name: '2', zone: null },
];

/** What happened inside, for tests to wait for. */
export interface Heard {
  readonly name: string;
  readonly data: object;
}

/** A controller without HTTP, on a real database and a real port: joined as the server joins it. */
export class TestController {
  readonly clock = new SystemClock();
  readonly folder: string;
  readonly errors: unknown[] = [];
  readonly refused: ErrorCode[] = [];
  readonly credentials = new CredentialTable();
  readonly storage: ReturnType<typeof openStorage>;
  readonly keys: KeyService;
  readonly broker: EmbeddedBroker;
  readonly gateway: Gateway;
  readonly listener: MqttListener;
  readonly presence: PresenceService;
  readonly assignments: AssignmentService;
  readonly dispatcher: Dispatcher;
  readonly settler: BroadcastSettler;
  readonly journal: JournalIngest;
  readonly answers: AnswerIngest;
  readonly held = new HeldDocuments();
  readonly healer: HeldHealer;
  readonly #hellos: HelloService;
  readonly #health: HealthIngest;
  readonly #speakerKeys = new SpeakerKeys();
  readonly #undo = new DisposerStack();
  readonly #events: Heard[] = [];
  #waiters: { readonly accept: (heard: Heard) => boolean; readonly resolve: (heard: Heard) => void }[] = [];

  constructor(options: {
    readonly folder: string;
    readonly limits?: Partial<BrokerLimits>;
    readonly graceMs?: number;
    /** Also how long a transaction waits for those before it: shorter than this, a busy machine looks like a held database. */
    readonly busyLimitMs?: number;
  }) {
    const { folder, limits = {}, graceMs = 60_000, busyLimitMs = 5_000 } = options;
    this.folder = folder;
    const { clock } = this;
    const onError = (error: unknown) => void this.errors.push(error);
    const live: LiveEvents = { publish: (name, data) => this.#hear({ name, data }) };
    this.storage = openStorage({ url: `file:${join(folder, 'loa.db')}`, clock, busyLimitMs });
    const { storage, credentials } = this;
    this.keys = new KeyService({ vault: new KeyFiles({ folder: join(folder, 'keys') }), clock });
    this.broker = new EmbeddedBroker({ credentials, limits, onError });
    this.gateway = new Gateway({
      connect: memoryConnector(this.broker),
      clock,
      admits: (speakerId) => credentials.admits(speakerId),
      onRefused: (_topic, code) => this.#refuse(code),
    });
    const publisher = this.gateway;
    this.listener = new MqttListener({ broker: this.broker, host: '127.0.0.1', port: 0, onError });
    const areas = credentials;
    this.presence = new PresenceService({ storage, clock, areas, live, onError });
    this.assignments = new AssignmentService({
      storage,
      clock,
      keys: this.keys,
      publisher,
      access: credentials,
      onError,
    });
    this.settler = new BroadcastSettler({ storage, clock, live, onError, graceMs });
    this.dispatcher = new Dispatcher({
      storage,
      publisher,
      clock,
      areas,
      live,
      settler: this.settler,
      isOnline: (id) => this.presence.isOnline(id),
      onError,
    });
    const lock = new ReceiptLock();
    const positions = new JournalPositions();
    const observer = this.dispatcher;
    const keys = this.#speakerKeys;
    const onForged = (name: SignedWordName, speakerId: string) => this.gateway.forged(name, speakerId);
    this.answers = new AnswerIngest({
      ...{ storage, clock, lock, keys, onForged },
      orders: this.dispatcher.orders,
      areas,
      live,
      observer,
      onError,
    });
    this.journal = new JournalIngest({
      ...{ storage, clock, lock, keys },
      positions,
      publisher,
      areas,
      live,
      observer,
      onRefused: (_speakerId, code) => this.#refuse(code),
      onError,
    });
    this.healer = new HeldHealer({ documents: this.held, publisher, areas, clock, onError });
    this.#hellos = new HelloService({
      ...{ storage, clock, publisher, keys, onForged },
      presence: this.presence,
      assignments: this.assignments,
      positions,
      journal: this.journal,
      dispatcher: this.dispatcher,
      held: this.healer,
      rehomes: { greet: () => undefined },
      disconnect: (speakerId) => this.broker.disconnect(speakerId),
      onError,
    });
    this.#health = new HealthIngest({ clock, keys, hellos: this.#hellos, onForged, onError });
    this.gateway.handle(
      speakerMessages({
        hellos: this.#hellos,
        health: this.#health,
        answers: this.answers,
        journal: this.journal,
        presence: this.presence,
        progress: new ProgressRelay({ live, areas }),
        time: new TimeService({ clock, keys: this.keys }),
        publisher,
        onError,
      }),
    );
  }

  async start(): Promise<this> {
    await this.storage.start();
    this.#undo.defer('storage', () => this.storage.stop());
    await this.storage.transaction(async (tx) => {
      if ((await tx.areas.all()).length > 0) return;
      for (const place of PLACES)
        await tx.areas.insert({ ...place, policy: null, createdAt: this.clock.now(), retiredAt: null });
    });
    await this.keys.start();
    const tree = new AreaTree(await this.storage.read.areas.all());
    this.credentials.load(await this.storage.read.speakers.credentials(), tree);
    await this.#speakerKeys.load(this.storage);
    const parts = [
      this.broker,
      this.presence,
      this.assignments,
      this.settler,
      this.dispatcher,
      this.answers,
      this.journal,
      this.healer,
      this.#hellos,
      this.#health,
      this.gateway,
      this.listener,
    ];
    for (const part of parts) {
      await part.start();
      this.#undo.defer(part.constructor.name, () => part.stop());
    }
    this.#undo.defer(
      'kick',
      this.gateway.onConnected(() => this.dispatcher.kick()),
    );
    await this.gateway.ready();
    return this;
  }

  stop(): Promise<void> {
    return this.#undo.dispose();
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.listener.port}`;
  }

  /** Enters a speaker that has enrolled; gives back what it connects and signs with. */
  async addSpeaker(id: string, areaId = HAMLET) {
    const secret = randomBytes(32).toString('base64url');
    const key = generateSigningKey();
    const { kid: keyId, publicKey } = key;
    const speaker: Speaker = {
      ...enteredSpeaker({ id, areaId, name: id, createdAt: this.clock.now() }),
      ...{ secretHash: sha256(secret), keyId, publicKey },
    };
    await this.storage.transaction(async (tx) => {
      await tx.speakers.insert(speaker);
      await this.assignments.refresh(tx, [id]);
    });
    this.#speakerKeys.enrolled(id, { keyId, publicKey });
    return { id, secret, key };
  }

  /** Changes a speaker's record, as the service does. */
  async changeSpeaker(id: string, change: Partial<Speaker>): Promise<void> {
    const tree = new AreaTree(await this.storage.read.areas.all());
    const speaker = await this.storage.transaction(async (tx) => {
      const before = await tx.speakers.get(id);
      if (before === null) throw new Error(`no speaker ${id}`);
      const after = { ...before, ...change };
      await tx.speakers.update(after);
      return after;
    });
    this.assignments.saved(speaker, tree);
  }

  /** Makes a broadcast to a hamlet and lets it out. */
  async broadcast(
    speakerIds: readonly string[],
    options: {
      readonly areaId?: string;
      readonly expiresInMs?: number;
      readonly kick?: boolean;
      /** What the order says otherwise. */
      readonly order?: Partial<PlayOrder>;
    } = {},
  ): Promise<{ readonly broadcastId: string; readonly order: StoredOrder }> {
    const { areaId = HAMLET, expiresInMs = 600_000, kick = true } = options;
    const now = Math.floor(this.clock.now());
    const broadcastId = newId('brc', now);
    const payload: PlayOrder = {
      ...playOrderOf(broadcastId, now, expiresInMs, areaId),
      ...options.order,
    };
    const { document, hash } = await this.keys.sign('order', payload);
    const order: StoredOrder = {
      id: payload.id,
      broadcastId,
      kind: 'play',
      document,
      hash,
      topics: [topicOf('areaOrder', areaId)],
      issuedAt: now,
      expiresAt: payload.expiresAt,
    };
    await this.storage.transaction(async (tx) => {
      const announcementId = `ann-${broadcastId.slice(4)}`;
      await tx.announcements.insert({
        id: announcementId,
        areaId: COMMUNE,
        title: 'Thông báo',
        category: 'notice',
        origin: 'own',
        language: 'vi',
        priority: 'normal',
        text: null,
        state: 'approved',
        mediaSha256: null,
        approvedSha256: null,
        stream: null,
        stored: false,
        rejectedReason: null,
        createdBy: 'test',
        composers: ['test'],
        recordedBy: null,
        forAreas: [],
        decisions: [],
        createdAt: now,
        updatedAt: now,
      });
      await tx.broadcasts.insert(
        {
          id: broadcastId,
          announcementId,
          areaId: COMMUNE,
          title: 'Thông báo',
          priority: payload.priority,
          state: 'planned',
          startsAt: payload.startsAt,
          latestStartAt: payload.latestStartAt,
          hardEndAt: payload.hardEndAt,
          targets: payload.targets,
          targetCount: speakerIds.length,
          drill: false,
          makesGoodOf: null,
          cancelReason: null,
          missedCode: null,
          scheduleId: null,
          seriesId: null,
          sessionId: null,
          originalAt: null,
          clearance: null,
          createdBy: 'test',
          createdAt: now,
        },
        { broadcastId, speakerIds },
      );
      await tx.broadcasts.insertOrder(order);
      if (kick) tx.afterCommit(() => this.dispatcher.kick());
    });
    return { broadcastId, order };
  }

  /** The next thing of this name that fits, or one that was heard already. */
  heard(name: string, fits: Record<string, unknown>): Promise<Heard> {
    const accept = (heard: Heard) =>
      heard.name === name &&
      Object.entries(fits).every(([key, value]) => Reflect.get(heard.data, key) === value);
    const already = this.#events.find(accept);
    if (already !== undefined) return Promise.resolve(already);
    return new Promise((resolve) => this.#waiters.push({ accept, resolve }));
  }

  #refuse(code: ErrorCode): void {
    this.refused.push(code);
    this.#hear({ name: 'refused', data: { code } });
  }

  #hear(heard: Heard): void {
    this.#events.push(heard);
    const due = this.#waiters.filter(({ accept }) => accept(heard));
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve(heard);
  }
}
