import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Lifecycle } from '#kit';
import { type HeldScoped, type Signer, type SigningKey, signerOf } from '#protocols';
import type { AgentOptions } from './agent-options.ts';
import { ContentCache } from './cache/content-cache.ts';
import type { DataBudget } from './cache/data-budget.ts';
import type { Downloads } from './cache/downloads.ts';
import { FileTimeStore, TimeKeeper } from './clock/index.ts';
import { HealthCollector } from './health/collect-health.ts';
import { HealthReporter } from './health/health-reporter.ts';
import { roundedHealth } from './health/rounding.ts';
import { readSystemFacts } from './health/system-facts.ts';
import type { HomeMover } from './home/home-mover.ts';
import { homeParts } from './home/home-parts.ts';
import { Housekeeping } from './housekeeping.ts';
import { Inbox } from './inbox/inbox.ts';
import { factTime } from './journal/fact-time.ts';
import { Journal } from './journal/journal.ts';
import { JournalUploader } from './journal/uploader.ts';
import { LatchStore } from './latches/latch-store.ts';
import { Latches } from './latches/latches.ts';
import { ControllerHttp } from './link/controller-http.ts';
import { Endpoints } from './link/endpoints.ts';
import { helloOf } from './link/hello-of.ts';
import { Link } from './link/link.ts';
import { OwnWords } from './link/own-words.ts';
import { errorText } from './log.ts';
import type { PlanKeeper } from './plan/plan-keeper.ts';
import { planParts } from './plan/plan-parts.ts';
import { PlanRunner } from './plan/plan-runner.ts';
import { PlaybackEngine } from './playback/index.ts';
import { PlaybackControl } from './runner/playback-control.ts';
import { PositionFile } from './runner/position-file.ts';
import { SoundMaker } from './sounds/sound-maker.ts';
import { StoredSounds } from './sounds/stored-sounds.ts';
import { AssignmentIntake } from './state/assignment-intake.ts';
import { AssignmentStore } from './state/assignment-store.ts';
import { loadIdentity } from './state/identity.ts';
import { KeyStore } from './state/key-store.ts';
import { OrderStore } from './state/order-store.ts';
import { OwedWrites } from './state/owed-writes.ts';
import { Prover } from './state/prover.ts';
import { SessionEpoch } from './state/session-epoch.ts';
import { AGENT_VERSION } from './version.ts';

export type { AgentOptions } from './agent-options.ts';

/**
 * One loudspeaker: state on disk, link to the controller, inbox, cache, playback and journal, put together. Holds
 * nothing that belongs to the process, so that many can live in one.
 */
export class Agent extends Lifecycle {
  readonly link: Link;
  readonly endpoints: Endpoints;
  readonly inbox: Inbox;
  readonly journal: Journal;
  readonly keeper: TimeKeeper;
  readonly control: PlaybackControl;
  readonly orders: OrderStore;
  readonly assignments: AssignmentStore;
  readonly plan: PlanKeeper;
  readonly latches: Latches;
  readonly downloads: Downloads;
  readonly sounds: StoredSounds;
  /** Where it takes documents that move it. */
  readonly homes: HomeMover | undefined;
  readonly #options: AgentOptions;
  /** Of what the home in force has signed. */
  readonly #signedFolder: string;
  readonly #keys: KeyStore;
  readonly #latchStore: LatchStore;
  readonly #owed: OwedWrites;
  readonly #assigning: AssignmentIntake;
  readonly #budget: DataBudget;
  readonly #runner: PlanRunner;
  readonly #sessionEpoch: SessionEpoch;
  readonly #engine: PlaybackEngine;
  readonly #cache: ContentCache;
  readonly #health: HealthReporter;
  #identity: SigningKey | undefined;
  #signer: Signer = () => {
    throw new Error('the key was not loaded yet');
  };

  constructor(options: AgentOptions) {
    super();
    const { dataFolder: folder, clock, bootId, log, random = Math.random } = options;
    const { home = { inForce: { provisioning: options.provisioning, folder, name: undefined } } } = options;
    const { provisioning, folder: signedFolder } = home.inForce;
    const { speakerId, secret, rootKeys, statement, url, ca } = provisioning;
    this.#options = options;
    this.#signedFolder = signedFolder;
    this.#keys = new KeyStore({ folder: signedFolder, rootKeys, statement, log });
    this.#sessionEpoch = new SessionEpoch({ folder, log, floor: provisioning.sessionEpoch });
    this.assignments = new AssignmentStore({ folder: signedFolder, speakerId, log });
    const owed = new OwedWrites({ clock, log, retry: options.cacheRetry });
    this.#owed = owed;
    this.orders = new OrderStore({ folder: join(signedFolder, 'orders'), log, owed });
    this.journal = new Journal({
      folder: join(folder, 'journal'),
      ...{ speakerId, clock, log, home: home.inForce.name },
      ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    });
    const assignment = () => this.assignments.held?.assignment;
    const { clientCertificate } = options;
    const more = () => assignment()?.endpoints ?? [];
    const origin = new Endpoints({ url, ca, speakerId, secret, clientCertificate, more });
    this.endpoints = origin;
    const onError = (what: string, error: unknown) =>
      log.info(`${what} failed`, { reason: errorText(error) });
    const http = new ControllerHttp({ endpoints: origin, clock, keys: this.#keys });
    const words = new OwnWords(speakerId, (statement) => this.#signer(statement));
    this.link = new Link({
      ...{ speakerId, secret, clock, log, http, words },
      ...{ keys: this.#keys, sessionEpoch: this.#sessionEpoch },
      endpoints: origin,
      areas: () => this.#areas(),
      hello: (want) =>
        helloOf(
          {
            ...{ bootId, publicKey: this.#identity?.publicKey ?? '', held: this.#held() },
            ...{ assignments: this.assignments, journal: this.journal },
            documents: () => [...this.latches.documents(), ...this.plan.texts()],
          },
          want,
        ),
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
    const signedAt = (instant: number) => this.keeper.time.signedAt(instant);
    const updateKeys = () => this.link.updateKeys();
    const prover = new Prover({ keys: this.#keys, clock, log, updateKeys, signedAt });
    this.#assigning = new AssignmentIntake({ prover, assignments: this.assignments, log });
    const areas = () => this.#areas();
    this.#latchStore = new LatchStore({ folder: signedFolder, log, owed });
    this.latches = new Latches({
      ...{ speakerId, store: this.#latchStore, prover, areas, time: this.keeper.time, log },
      note: (fact) => this.control.note(fact),
    });
    const { plan, budget, downloads, slots } = planParts({
      ...{
        folder: signedFolder,
        speakerId,
        prover,
        owed,
        assignment,
        cache: this.#cache,
        cacheBytes: options.cacheBytes,
      },
      ...{ origin, clock, time: this.keeper.time, log, random },
      dataBudgetBytes: options.dataBudgetBytes ?? 0,
      onSpent: () => this.#health.changed(),
      ...(options.cacheRetry === undefined ? {} : { retry: options.cacheRetry }),
    });
    this.plan = plan;
    this.#budget = budget;
    this.downloads = downloads;
    this.sounds = new StoredSounds({
      ...{ folder: join(folder, 'sounds'), cache: this.#cache, decoder: options.decoder, origin },
      ...{ clock, log, random, onChange: () => this.control.poke() },
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
      position: new PositionFile({ path: join(signedFolder, 'position'), durable }),
      downloads: this.downloads,
      sounds: new SoundMaker({
        stored: this.sounds,
        cache: this.#cache,
        decoder: options.decoder,
        streams: () => assignment()?.streams ?? [],
        ...{ origin, clock, log },
      }),
      slots,
      latches: () => this.latches.set,
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
      time: this.keeper.time,
      clock,
      prover,
      ...{ assignments: this.assignments, assigning: this.#assigning, orders: this.orders },
      journal: this.journal,
      taker: this.control,
      log,
      answer: (answer) => this.#send('answer', answer),
    });
    this.#runner = new PlanRunner({
      ...{ speakerId, plan: this.plan, control: this.control, slots, orders: this.orders },
      ...{ journal: this.journal, downloads: this.downloads, messages: this.sounds },
      ...{ time: this.keeper.time, clock, log },
      assignment,
    });
    const health = new HealthCollector({
      ...{ clock, output: options.output, keeper: this.keeper, control: this.control, plan: this.plan },
      ...{ assignments: this.assignments, journal: this.journal, sessionEpoch: this.#sessionEpoch },
      downloads: this.downloads,
      systemFacts: options.systemFacts ?? (() => readSystemFacts({ folder })),
      idle: () => this.#engine.active === 0,
      held: () => this.#held(),
    });
    this.#health = new HealthReporter({
      clock,
      log,
      collect: async () => roundedHealth(await health.collect()),
      send: (report) => this.link.send('health', report),
    });
    if (options.home !== undefined)
      this.homes = homeParts({
        ...{ dataFolder: folder, enrolled: options.provisioning, provisioning, clientCertificate, bootId },
        ...{ clock, log, random, time: this.keeper.time, prover, areas, words, link: this.link, http },
        ...{ journal: this.journal, orders: this.orders, publicKey: () => this.publicKey ?? '' },
        silent: () => this.#engine.active === 0,
        onMoved: options.home.onMoved,
      });
  }

  /** Public half of the key that this agent signs its journal with; known after the start. */
  get publicKey(): string | undefined {
    return this.#identity?.publicKey;
  }

  protected override async onStart(): Promise<void> {
    const { dataFolder, clock, log, cache } = this.#options;
    await mkdir(dataFolder, { recursive: true });
    await mkdir(this.#signedFolder, { recursive: true, mode: 0o700 });
    const key = await loadIdentity(dataFolder);
    await this.#run('what the disk owes', this.#owed);
    this.#identity = key;
    this.#signer = signerOf(key);
    await this.#keys.load(clock.now());
    await this.assignments.load(this.#keys.ring, clock.now());
    await this.orders.load(clock.now());
    await this.#latchStore.load(this.#keys.ring);
    await this.plan.load(this.#keys.ring);
    await this.#budget.load();
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
    await this.#run('downloads', this.downloads);
    await this.#run('stored sounds', this.sounds);
    await this.#run('playback control', this.control);
    await this.#run('the plan', this.plan);
    await this.#run('the slots of the plan', this.#runner);
    if (this.homes !== undefined) await this.#run('moves to other controllers', this.homes);
    await this.#run('the link', this.link);
    const { at, clockErrorMs } = factTime(this.keeper.time);
    await this.journal
      .append({ kind: 'boot', at, clockErrorMs, detail: `agent ${AGENT_VERSION}` })
      .catch((error) => log.error('the start could not be written down', { error }));
    const { time } = this.keeper;
    const { orders, journal } = this;
    await this.#run('housekeeping', new Housekeeping({ clock, log, time, orders, journal }));
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
        this.plan.retryNow();
        await this.latches.welcomed();
        for (const answer of this.inbox.openAnswers()) this.#send('answer', answer);
        await uploader.begin(welcome);
      }),
      this.link.on('offline', ({ reason }) => {
        uploader.end();
        log.info('connection lost', { reason });
      }),
      this.link.on('order', ({ source, payload }) => this.inbox.receive(source, payload)),
      this.link.on('assignment', ({ payload }) => this.#assign(payload)),
      this.link.on('plan', ({ payload }) => this.plan.receive(payload)),
      this.link.on('latch', ({ payload }) => this.latches.receive(payload)),
      this.latches.onChange(() => {
        this.control.poke();
        this.#health.taken();
      }),
      this.plan.onChange(() => this.#health.taken()),
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

  async #assign(payload: Buffer): Promise<void> {
    const taken = await this.#assigning.take(payload);
    if (taken === undefined) return;
    this.control.poke();
    this.#health.changed();
    if (!taken.otherAreas) return;
    await this.latches.areasChanged();
    await this.plan.areasChanged();
    this.#runner.poke();
    await this.link.resubscribe();
  }

  #areas(): readonly string[] {
    return this.assignments.held?.assignment.areas ?? [];
  }

  /** Plan heads in force, and latches. */
  #held(): HeldScoped[] {
    return [...this.latches.held(), ...this.plan.held()];
  }

  /** End of the last order or plan that is held: a clock that shows a later time is not believed. */
  #plannedUntil(): number | undefined {
    const orders = this.orders.all().filter(({ phase }) => phase !== 'done');
    const ends = [...orders.map(({ expiresAt }) => expiresAt), this.plan.validUntil ?? []].flat();
    return ends.length === 0 ? undefined : Math.max(...ends);
  }

  #send(name: 'answer' | 'progress', message: object): void {
    if (!this.link.online) return;
    this.link
      .send(name, message)
      .catch((error) => this.#options.log.debug('not sent', { name, reason: errorText(error) }));
  }
}
