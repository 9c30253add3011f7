import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Lifecycle } from '#kit';
import {
  AGENT_CAPABILITIES,
  type Health,
  type Hello,
  isDomainError,
  type Progress,
  type Provisioning,
  type SigningKey,
} from '#protocols';
import { ContentCache } from './cache/content-cache.ts';
import {
  FileTimeStore,
  type ReferenceClock,
  type SamplingPolicy,
  type SystemClockSetter,
  TimeKeeper,
} from './clock/index.ts';
import { HealthReporter, problemsOf } from './health/health-reporter.ts';
import { roundedHealth } from './health/rounding.ts';
import { readSystemFacts, type SystemFacts } from './health/system-facts.ts';
import { Inbox } from './inbox/inbox.ts';
import { factTime } from './journal/fact-time.ts';
import { Journal } from './journal/journal.ts';
import { JournalUploader } from './journal/uploader.ts';
import { ControllerHttp } from './link/controller-http.ts';
import { Link } from './link/link.ts';
import { errorText, type Log } from './log.ts';
import type { Output, OutputProbe } from './outputs/index.ts';
import { type Decoder, PlaybackEngine } from './playback/index.ts';
import { PlaybackControl } from './runner/playback-control.ts';
import { PositionFile } from './runner/position-file.ts';
import { AssignmentStore } from './state/assignment-store.ts';
import { loadIdentity } from './state/identity.ts';
import { KeyStore } from './state/key-store.ts';
import { OrderStore } from './state/order-store.ts';
import { SessionEpoch } from './state/session-epoch.ts';
import { AGENT_VERSION } from './version.ts';

/** Housekeeping of journal and orders. */
const PRUNE_EVERY_MS = 6 * 3_600_000;

/** What an agent is made of. Everything that a simulator or a test may want otherwise is given from outside. */
export interface AgentOptions {
  readonly dataFolder: string;
  readonly provisioning: Provisioning;
  /** Its `monotonic` is boot time. */
  readonly clock: Clock;
  readonly bootId: string;
  readonly output: Output;
  readonly decoder: Decoder;
  readonly reference: ReferenceClock;
  readonly systemClock: SystemClockSetter;
  readonly log: Log;
  /** Most that the audio cache may take; not used when `cache` is given. */
  readonly cacheBytes: number;
  /** A cache that several agents of one process share, started and stopped by whoever made it. */
  readonly cache?: ContentCache;
  readonly cacheRetry?: { readonly baseMs: number; readonly maxMs: number };
  readonly sampling?: Partial<SamplingPolicy>;
  readonly segmentBytes?: number;
  /** 1 s, durably, unless a simulator says otherwise. */
  readonly position?: { readonly everyMs: number; readonly durable: boolean };
  readonly systemFacts?: () => Promise<SystemFacts>;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Every progress message, whether the controller can be told or not. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * One loudspeaker: state on disk, link to the controller, inbox, cache, playback and journal, put together. Holds
 * nothing that belongs to the process, so that many can live in one.
 */
export class Agent extends Lifecycle {
  readonly link: Link;
  readonly inbox: Inbox;
  readonly journal: Journal;
  readonly keeper: TimeKeeper;
  readonly control: PlaybackControl;
  readonly orders: OrderStore;
  readonly assignments: AssignmentStore;
  readonly #options: AgentOptions;
  readonly #keys: KeyStore;
  readonly #sessionEpoch: SessionEpoch;
  readonly #engine: PlaybackEngine;
  readonly #cache: ContentCache;
  readonly #health: HealthReporter;
  #identity: SigningKey | undefined;
  #probe: OutputProbe | undefined;
  #startedAtMs = 0;

  constructor(options: AgentOptions) {
    super();
    const { dataFolder: folder, provisioning, clock, bootId, log, random = Math.random } = options;
    const { speakerId, secret, rootKeys, url } = provisioning;
    this.#options = options;
    this.#keys = new KeyStore({ folder, rootKeys, log });
    this.#sessionEpoch = new SessionEpoch({ folder, log });
    this.assignments = new AssignmentStore({ folder, speakerId, log });
    this.orders = new OrderStore({ folder: join(folder, 'orders'), log });
    this.journal = new Journal({
      folder: join(folder, 'journal'),
      speakerId,
      clock,
      log,
      ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    });
    const onError = (what: string, error: unknown) =>
      log.info(`${what} failed`, { reason: errorText(error) });
    this.link = new Link({
      speakerId,
      secret,
      clock,
      log,
      http: new ControllerHttp({ url, clock, keys: this.#keys }),
      keys: this.#keys,
      sessionEpoch: this.#sessionEpoch,
      endpoints: () => [url, ...(this.assignments.held?.assignment.endpoints ?? [])],
      areas: () => this.assignments.held?.assignment.areas ?? [],
      hello: (withAssignment) => this.#hello(withAssignment),
      now: () => this.keeper.time.now().instant,
      random,
    });
    this.keeper = new TimeKeeper({
      clock,
      bootId,
      source: this.link,
      store: new FileTimeStore({
        path: join(folder, 'time.json'),
        onBad: (path, error) => log.warn('the stored time is put aside', { path, error }),
      }),
      reference: options.reference,
      systemClock: options.systemClock,
      nonce: () => randomBytes(24).toString('base64url'),
      planValidUntil: () => this.#plannedUntil(),
      onError,
      random,
      ...(options.sampling === undefined ? {} : { policy: options.sampling }),
    });
    this.#engine = new PlaybackEngine({
      clock,
      output: options.output,
      decoder: options.decoder,
      toMonotonic: (instant) => this.keeper.time.toMonotonic(instant),
      onListenerError: (event, error) => log.error('a listener of a play failed', { event, error }),
    });
    this.#cache =
      options.cache ??
      new ContentCache({
        folder: join(folder, 'cache'),
        clock,
        log,
        budgetBytes: options.cacheBytes,
        random,
        ...(options.cacheRetry === undefined ? {} : { retry: options.cacheRetry }),
      });
    const { everyMs, durable } = options.position ?? { everyMs: 1_000, durable: true };
    this.control = new PlaybackControl({
      clock,
      keeper: this.keeper,
      engine: this.#engine,
      cache: this.#cache,
      keys: this.#keys,
      orders: this.orders,
      journal: this.journal,
      assignments: this.assignments,
      position: new PositionFile({ path: join(folder, 'position'), durable }),
      origin: { url, headers: { authorization: basic(speakerId, secret) } },
      log,
      random,
      positionEveryMs: everyMs,
      onProgress: (progress) => {
        options.onProgress?.(progress);
        this.#send('progress', progress);
      },
      onChange: () => this.#health.changed(),
    });
    this.inbox = new Inbox({
      speakerId,
      clock,
      time: this.keeper.time,
      keys: this.#keys,
      assignments: this.assignments,
      orders: this.orders,
      journal: this.journal,
      taker: this.control,
      log,
      answer: (answer) => this.#send('answer', answer),
      updateKeys: () => this.link.updateKeys(),
    });
    this.#health = new HealthReporter({
      clock,
      log,
      collect: async () => roundedHealth(await this.#collectHealth()),
      send: (report) => this.link.send('health', report),
    });
  }

  /** Public half of the key that this agent signs its journal with; known after the start. */
  get publicKey(): string | undefined {
    return this.#identity?.publicKey;
  }

  protected override async onStart(): Promise<void> {
    const { dataFolder, clock, log, cache } = this.#options;
    this.#startedAtMs = clock.monotonic();
    await mkdir(dataFolder, { recursive: true });
    const key = await loadIdentity(dataFolder);
    this.#identity = key;
    await this.#keys.load(clock.now());
    await this.assignments.load(this.#keys.ring, clock.now());
    await this.orders.load(clock.now());
    const uploader = new JournalUploader({
      journal: this.journal,
      speakerId: this.#options.provisioning.speakerId,
      key,
      log,
      send: (batch) => this.link.send('journal', batch),
    });
    this.#listen(uploader);
    await this.#run('the journal', this.journal);
    if (cache === undefined) await this.#run('the cache', this.#cache);
    await this.#run('the time keeper', this.keeper);
    await this.#run('the playback engine', this.#engine);
    await this.#run('health', this.#health);
    await this.#run('playback control', this.control);
    await this.#run('the link', this.link);
    const { at, clockErrorMs } = factTime(this.keeper.time);
    await this.journal
      .append({ kind: 'boot', at, clockErrorMs, detail: `agent ${AGENT_VERSION}` })
      .catch((error) => log.error('the start could not be written down', { error }));
    this.#everySoOften();
  }

  async #run(name: string, part: Lifecycle): Promise<void> {
    await part.start();
    this.disposers.defer(name, () => part.stop());
  }

  #listen(uploader: JournalUploader): void {
    const { log } = this.#options;
    let welcomed = 0;
    const off = [
      this.link.on('online', async (welcome) => {
        // Other areas bring another welcome on the same connection.
        const { sessionEpoch } = welcome;
        if (sessionEpoch === welcomed) log.debug('welcomed again', { sessionEpoch });
        else log.info('connected', { sessionEpoch });
        welcomed = sessionEpoch;
        this.keeper.linkUp();
        this.#health.connected();
        for (const answer of this.inbox.openAnswers()) this.#send('answer', answer);
        await uploader.begin(welcome);
      }),
      this.link.on('offline', ({ reason }) => {
        uploader.end();
        log.info('connection lost', { reason });
      }),
      this.link.on('order', ({ source, payload }) => this.inbox.receive(source, payload)),
      this.link.on('assignment', ({ payload }) => this.#assign(payload)),
      this.link.on('journalAck', (ack) => uploader.acknowledged(ack)),
      this.keeper.on('trusted', () => this.#health.changed()),
      this.keeper.on('disputed', () => this.#health.changed()),
      this.keeper.on('trusted', async ({ basis }) => {
        const { at, clockErrorMs } = factTime(this.keeper.time);
        await this.journal.append({ kind: 'time', at, clockErrorMs, detail: `trusted: ${basis}` });
      }),
    ];
    for (const unsubscribe of off) this.disposers.defer('a listener', unsubscribe);
  }

  #everySoOften(): void {
    const { clock, log } = this.#options;
    let timer = clock.setTimer('housekeeping', 0, () => this.background(prune(), onError));
    const onError = (error: unknown) => log.error('housekeeping failed', { error });
    const prune = async () => {
      const now = this.keeper.time.now();
      if (now.trust === 'trusted') {
        const acked = new Map(this.journal.epochs.map(({ epoch, ackedSeq }) => [epoch, ackedSeq]));
        // An epoch that is gone was acknowledged whole.
        await this.orders.prune(now.instant, (epoch, seq) => (acked.get(epoch) ?? seq) >= seq);
        await this.journal.prune(now.instant);
      }
      timer = clock.setTimer('housekeeping', PRUNE_EVERY_MS, () => this.background(prune(), onError));
    };
    this.disposers.defer('housekeeping', () => timer.cancel());
  }

  async #assign(payload: Buffer): Promise<void> {
    const { log } = this.#options;
    try {
      const taken = await this.assignments.accept(payload.toString('latin1'), this.#keys.ring);
      if (taken === undefined) return;
      const { held } = this.assignments;
      log.info('a new assignment', { revision: held?.assignment.revision });
      this.control.poke();
      this.#health.changed();
      const before = taken.before?.assignment.areas ?? [];
      if (before.join() !== held?.assignment.areas.join()) await this.link.resubscribe();
    } catch (error) {
      if (!isDomainError(error)) throw error;
      log.warn('an assignment was refused', { code: error.code, reason: error.message });
    }
  }

  #hello(withAssignment: boolean): Omit<Hello, 'v' | 'sessionEpoch'> {
    const { held } = this.assignments;
    return {
      agentVersion: AGENT_VERSION,
      bootId: this.#options.bootId,
      capabilities: [...AGENT_CAPABILITIES],
      publicKey: this.#identity?.publicKey ?? '',
      assignment: this.#heldAssignment(),
      ...(withAssignment && held !== null ? { assignmentDocument: held.document } : {}),
      journal: this.journal.status,
    };
  }

  #heldAssignment(): Hello['assignment'] {
    const { held } = this.assignments;
    return held === null ? null : { revision: held.assignment.revision, hash: held.hash };
  }

  async #collectHealth(): Promise<Health> {
    const { clock, output, systemFacts, dataFolder } = this.#options;
    // Probing a device that is in use would say that it is busy.
    if (this.#engine.active === 0 || this.#probe === undefined) this.#probe = await output.probe();
    const probe = this.#probe;
    const facts = await (systemFacts?.() ?? readSystemFacts({ folder: dataFolder }));
    const { at } = factTime(this.keeper.time);
    const known = this.keeper.health();
    const playing = this.control.playing;
    return {
      v: 1,
      sessionEpoch: Math.max(1, this.#sessionEpoch.current),
      at,
      agentVersion: AGENT_VERSION,
      uptimeSeconds: Math.round((clock.monotonic() - this.#startedAtMs) / 1000),
      ...facts,
      output: { kind: output.kind, ok: probe.ok, detail: probe.detail.slice(0, 256) },
      clock: { trust: known.trust, offsetMs: known.wallErrorMs, boundMs: known.errorBoundMs },
      playing,
      assignment: this.#heldAssignment(),
      journal: this.journal.status,
      problems: problemsOf({
        outputOk: probe.ok,
        outputCode: 'output.missing',
        freeBytes: facts.disk.freeBytes,
        journalOk: this.journal.failure === undefined,
        clockTrusted: known.trust === 'trusted',
        troubles: this.control.troubles,
      }),
    };
  }

  /** End of the last order that is held: a clock that shows a later time is not believed. */
  #plannedUntil(): number | undefined {
    const ends = this.orders.all().filter(({ phase }) => phase !== 'done');
    return ends.length === 0 ? undefined : Math.max(...ends.map(({ expiresAt }) => expiresAt));
  }

  #send(name: 'answer' | 'progress', message: object): void {
    if (!this.link.online) return;
    this.link
      .send(name, message)
      .catch((error) => this.#options.log.debug('not sent', { name, reason: errorText(error) }));
  }
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
