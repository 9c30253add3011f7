import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Lifecycle, SystemClock } from '#kit';
import type { ServerConfig } from './config/index.ts';
import { buildHousekeeping, type Housekeeping } from './context/housekeeping.ts';

import { buildLatchSide, type LatchSide } from './context/latch-side.ts';
import { buildMediaSide, type MediaSide } from './context/media-side.ts';
import { metricSources } from './context/metric-sources.ts';
import { buildPlanSide, type PlanSide } from './context/plan-side.ts';
import { readinessChecks } from './context/readiness-checks.ts';
import { ensureRootArea } from './context/root-area.ts';
import { buildScheduleSide, type ScheduleSide } from './context/schedule-side.ts';
import { buildSpeakerSide, type SpeakerSide } from './context/speaker-side.ts';
import { bootTimeOf, systemTimeWitness } from './context/system-time.ts';
import { buildTlsSide, type TlsSide } from './context/tls-side.ts';
import { buildUrgentSide, type UrgentSide } from './context/urgent-side.ts';
import { openTokens } from './domain/accounts/first-tokens.ts';
import { TokenBook } from './domain/accounts/token-book.ts';
import { AnnouncementService } from './domain/announcements/announcement-service.ts';
import { AreaDirectory } from './domain/areas/area-directory.ts';
import { AreaMover } from './domain/areas/area-mover.ts';
import { AreaService } from './domain/areas/area-service.ts';
import { Acts } from './domain/audit/acts.ts';
import { BroadcastService } from './domain/broadcasts/broadcast-service.ts';
import { SpeakerTestService } from './domain/broadcasts/speaker-test-service.ts';
import { MakeGoodService } from './domain/coverage/make-good-service.ts';
import { EventHub } from './domain/events/event-hub.ts';
import { KeyRotation } from './domain/keys/key-rotation.ts';
import { KeyService } from './domain/keys/key-service.ts';
import type { KeyVault } from './domain/keys/key-vault.ts';
import { TimeService } from './domain/keys/time-service.ts';
import { PlannedSessions } from './domain/latches/planned-sessions.ts';
import { SUGGESTED_MORNING } from './domain/policies/morning-start.ts';
import type { Speaker } from './domain/speakers/speaker.ts';
import { SpeakerDirectory } from './domain/speakers/speaker-directory.ts';
import { SpeakerService } from './domain/speakers/speaker-service.ts';
import type { BootTime, TimeWitness } from './domain/time/clock-guard.ts';
import { PendingActs } from './domain/urgent/pending-acts.ts';
import { Metrics } from './http/metrics.ts';
import { Readiness } from './http/readiness.ts';
import type { ApiServices } from './http/services.ts';
import { createLogger, type Logger } from './logger.ts';
import type { MqttConnector } from './mqtt/index.ts';
import { type DatabaseStorage, openStorage } from './storage/index.ts';
import { KeyFiles } from './storage/key-files.ts';
import { VERSION } from './version.ts';

/** Parts that a test or another program brings along; each is in place before anything is built on it. */
export interface ContextOverrides {
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly storage?: DatabaseStorage;
  readonly vault?: KeyVault;
  readonly connect?: MqttConnector;
  readonly events?: EventHub;
  /** With a clock of one's own; by default that clock's monotonic time is the boot time. */
  readonly boot?: BootTime;
  readonly witness?: TimeWitness;
  /** Asks somebody when mornings begin, "HH:MM"; at the very first start alone, where the configuration does not say. */
  readonly askMorningStart?: () => Promise<string>;
}

interface Parts {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly storage: DatabaseStorage;
  readonly keys: KeyService;
  readonly areaDirectory: AreaDirectory;
  readonly speakerDirectory: SpeakerDirectory;
  readonly tokens: { book: TokenBook };
  readonly media: MediaSide;
  readonly speakers: SpeakerSide;
  readonly planSide: PlanSide;
  readonly makeGoods: MakeGoodService;
  readonly latchSide: LatchSide;
  readonly urgentSide: UrgentSide;
  readonly scheduleSide: ScheduleSide;
  readonly askMorningStart: () => Promise<string>;
  readonly housekeeping: Housekeeping;
  readonly tls: TlsSide;
  readonly rotation: KeyRotation;
}

/** The controller put together. `start` makes it work, without HTTP; `services` is what HTTP is made of. */
export class Context extends Lifecycle {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly storage: DatabaseStorage;
  readonly speakerSide: SpeakerSide;
  readonly planSide: PlanSide;
  readonly services: ApiServices;
  readonly tls: TlsSide;
  readonly #parts: Parts;
  #firstTokens: string | null = null;

  constructor(parts: Parts, services: ApiServices) {
    super();
    this.#parts = parts;
    this.config = parts.config;
    this.log = parts.log;
    this.storage = parts.storage;
    this.speakerSide = parts.speakers;
    this.planSide = parts.planSide;
    this.services = services;
    this.tls = parts.tls;
  }

  /** File with the secrets of tokens that this start made; null when there were tokens already. */
  get firstTokensFile(): string | null {
    return this.#firstTokens;
  }

  protected async onStart(): Promise<void> {
    const { config, storage, keys, media, speakers, planSide, makeGoods, latchSide, housekeeping, log } =
      this.#parts;
    const { urgentSide } = this.#parts;
    await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
    if (media.binaries.warning !== null) log.warn(media.binaries.warning);
    // Asking ffmpeg what it can takes as long as opening the database.
    await settleAll([this.#startStorage(storage, keys), this.#startPreparation(media)]);
    if (keys.missingUses.length > 0)
      log.error(
        { uses: keys.missingUses },
        'the key statements do not let this controller sign these: put root.pem into the key folder and start again',
      );
    if (this.tls.keeper !== null) await this.#run('certificate', this.tls.keeper);
    await this.#load();
    await this.#run('latch file', latchSide.file);
    await this.#run('latches', latchSide.latches);
    await this.#run('media jobs', media.jobs);
    await this.#run('presence', speakers.presence);
    await this.#run('assignments', speakers.assignments);
    await this.#run('settler', speakers.settler);
    await this.#run('dispatcher', speakers.dispatcher);
    await this.#run('urgent file', urgentSide.file);
    // Before anything reads what it changes, and after what it is published by.
    await this.#run('urgent acts', urgentSide.urgent);
    await this.#run('clock guard', planSide.guard);
    // Before the first receipt: what was due while we were away is known by then.
    await this.#run('planning', planSide.planning);
    await this.#run('answers', speakers.answers);
    await this.#run('journal', speakers.journal);
    await this.#run('plan heads and latches', speakers.healer);
    await this.#run('hellos', speakers.hellos);
    if (speakers.broker !== null) await this.#run('broker', speakers.broker);
    this.disposers.defer(
      'dispatch on connection',
      speakers.gateway.onConnected(() => speakers.dispatcher.kick()),
    );
    this.disposers.defer(
      'plan heads on connection',
      speakers.gateway.onConnected(() => planSide.compiler.kick()),
    );
    this.disposers.defer(
      'latches on connection',
      speakers.gateway.onConnected(() => latchSide.latches.kick()),
    );
    this.disposers.defer(
      'urgent acts on connection',
      speakers.gateway.onConnected(() => urgentSide.urgent.kick()),
    );
    await this.#run('gateway', speakers.gateway);
    if (speakers.listener !== null) await this.#run('MQTT port', speakers.listener);
    await this.#run('make-goods', makeGoods);
    await this.#run('reminders', latchSide.reminders);
    await this.#run('housekeeping', housekeeping);
    await this.#parts.rotation.signAgain();
  }

  async #startStorage(storage: Lifecycle, keys: Lifecycle): Promise<void> {
    await this.#run('storage', storage);
    await this.#run('keys', keys);
  }

  async #startPreparation({ content, queue }: MediaSide): Promise<void> {
    await this.#run('content store', content);
    await this.#run('preparation queue', queue);
  }

  async #run(name: string, part: Lifecycle): Promise<void> {
    this.disposers.defer(name, () => part.stop());
    await part.start();
  }

  /** What is held in memory, from the database. */
  async #load(): Promise<void> {
    const { storage, areaDirectory, speakerDirectory, speakers, config, clock, tokens } = this.#parts;
    const { askMorningStart } = this.#parts;
    const areas = await ensureRootArea(storage, config.rootArea, clock.now(), askMorningStart);
    areaDirectory.load(areas);
    const credentials = await storage.read.speakers.credentials();
    speakerDirectory.load(credentials);
    speakers.credentials.load(credentials, areaDirectory.tree);
    await speakers.speakerKeys.load(storage);
    await this.#parts.scheduleSide.holidays.load(storage.read);
    const secretsPath = join(config.dataFolder, 'first-tokens.txt');
    const rootAreas = areas.filter(({ parentId }) => parentId === null).map(({ id }) => id);
    const { book, created } = await openTokens({ path: config.tokensFile, secretsPath, rootAreas });
    tokens.book = book;
    this.#firstTokens = created ? secretsPath : null;
  }
}

/** Waits for all, then throws the first failure: nothing may still be starting when the rest is undone. */
async function settleAll(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Puts the controller together. Nothing runs yet. Throws `media.decoder_missing` and `StorageStartError` (`unusable`). */
export async function buildContext(config: ServerConfig, overrides: ContextOverrides = {}): Promise<Context> {
  const clock = overrides.clock ?? new SystemClock();
  const log = overrides.log ?? createLogger(config.logLevel);
  const storage = overrides.storage ?? openStorage({ url: config.databaseUrl, clock, log });
  const events = overrides.events ?? new EventHub();
  const areaDirectory = new AreaDirectory();
  const speakerDirectory = new SpeakerDirectory();
  const tokens = { book: new TokenBook([]) };
  const vault = overrides.vault ?? new KeyFiles({ folder: join(config.dataFolder, 'keys') });
  const keys = new KeyService({ vault, clock });
  const time = new TimeService({ clock, keys });
  const common = { config, clock, log, storage, events };
  const media = await buildMediaSide({ ...common, areas: areaDirectory });
  const pending = new PendingActs();
  const tls = buildTlsSide(config, clock, log);
  const speakerSide = buildSpeakerSide({
    ...{ ...common, keys, time, pending, tls: tls.mqtt, connect: overrides.connect },
  });
  const { assignments, credentials, dispatcher, presence } = speakerSide;
  const acts = new Acts({ storage, clock });
  const read = storage.read;
  const territory = { areas: areaDirectory, speakers: speakerDirectory };
  const heldDocuments = speakerSide.held;
  const planSide = buildPlanSide({
    ...{ clock, log, storage, events, keys, speakerSide },
    ...territory,
    holidays: () => scheduleSide.holidays.table,
    storedMessages: (areaId) => announcements.storedMessages(areaId),
    boot: overrides.boot ?? bootTimeOf(overrides.clock),
    witness: overrides.witness ?? systemTimeWitness,
  });
  const { planning } = planSide;
  const announcements = new AnnouncementService({
    ...{ read, areas: areaDirectory, clock },
    onApprovalChanged: () => planning.changed(),
    onStoredChanged: (areaId) => planning.storedChanged(areaId),
  });
  const latchSide = buildLatchSide({
    ...{ clock, log, storage, events, keys, speakerSide },
    ...territory,
    dataFolder: config.dataFolder,
    documents: heldDocuments,
    sessions: new PlannedSessions({ read, ...territory }),
  });
  const { latches, reminders, told } = latchSide;
  const broadcasts = new BroadcastService({
    read,
    areas: areaDirectory,
    speakers: speakerDirectory,
    signer: keys,
    dispatcher,
    events,
    clock,
    stops: latches,
    plan: planSide.plan,
    pending,
    defaults: {
      leadMs: config.playLeadMs,
      emergencyLeadMs: config.emergencyLeadMs,
      latenessMs: config.latenessMs,
    },
  });
  const scheduleSide = buildScheduleSide({
    ...{ read, clock, ...territory },
    plans: planning,
    slots: planSide.slots,
    told: (id) => presence.statusOf(id)?.heldHash === heldDocuments.expectedHash(id, credentials.areasOf(id)),
  });
  const speakerTests = new SpeakerTestService({
    ...territory,
    ...{ signer: keys, dispatcher, events, clock, stops: latches },
  });
  const makeGoods = new MakeGoodService({
    storage,
    areas: areaDirectory,
    speakers: speakerDirectory,
    broadcasts,
    planned: (from, to) => planSide.slots.between(from, to),
    events,
    clock,
    onError: (error) => log.error({ err: error, part: 'make-good' }, 'a part failed'),
  });
  const onSaved = (speaker: Speaker) => {
    speakerDirectory.put({ ...speaker, speakerId: speaker.id });
    presence.saved(speaker);
    assignments.saved(speaker, areaDirectory.tree);
    planning.changed();
  };
  const speakers = new SpeakerService({
    ...{ read, areas: areaDirectory, clock, onSaved, pending },
    rootKeys: () => keys.rootKeys,
    publicUrl: () => config.publicUrl,
    trust: tls.anchors,
    assign: (tx, ids) => assignments.refresh(tx, ids),
  });
  const urgentSide = buildUrgentSide({
    ...{ log, storage, acts, pending, clock, events, onSaved, speakers, assignments, presence, dispatcher },
    ...{ areas: areaDirectory, speakerIndex: speakerDirectory, signer: keys, plan: planSide.plan },
    dataFolder: config.dataFolder,
  });

  const rotation = new KeyRotation({
    ...{ keys, storage, clock, assignments, latches, planning, areas: areaDirectory },
    speakerIds: () => Array.from(speakerDirectory.all(), ({ speakerId }) => speakerId),
    onError: (error) => log.error({ err: error, part: 'key rotation' }, 'a part failed'),
  });

  const onTerritory = (areaIds: ReadonlySet<string>) => {
    assignments.refreshSoon(Array.from(speakerDirectory.inAreas(areaIds), ({ speakerId }) => speakerId));
    planning.changed();
  };
  const areaParts = { directory: areaDirectory, clock, holidays: scheduleSide.holidays };
  const areas = new AreaService({ ...areaParts, onRulesChanged: onTerritory });
  const services: ApiServices = {
    rotation,
    version: VERSION,
    clock,
    tokens: { find: (token) => tokens.book.find(token) },
    speakerSecrets: credentials,
    acts,
    read,
    areaDirectory,
    areas,
    areaMoves: new AreaMover({
      ...{ ...areaParts, view: (area, tree) => areas.view(area, tree), onSpeakerMoved: onSaved },
      isStopped: (id) => latches.book.newestOf({ kind: 'area', id })?.state === 'set',
      onMoved: onTerritory,
    }),
    speakerIndex: speakerDirectory,
    speakers,
    mediaJobs: media.jobs,
    content: media.content,
    announcements,
    plans: planSide,
    broadcasts,
    speakerTests,
    makeGoods,
    latches,
    reminders,
    told,
    urgent: urgentSide.urgent,
    cancels: urgentSide.cancels,
    speakerChanges: urgentSide.speakerChanges,
    ...scheduleSide,
    events,
    statements: keys,
    trust: tls.anchors,
    clientCertificates: config.tls.clientCaFile !== null,
    time,
    readiness: new Readiness(
      readinessChecks({
        storage,
        gateway: speakerSide.gateway,
        embedded: speakerSide.broker !== null,
        clock,
        clockGuard: planSide.guard,
        dataFolder: config.dataFolder,
      }),
    ),
    metrics: new Metrics(metricSources(speakerSide, media.jobs, planSide)),
    uploadLimitBytes: config.uploadLimitBytes,
  };
  const housekeeping = buildHousekeeping({ clock, log, storage, acts, compiler: planSide.compiler });
  const parts: Parts = {
    config,
    log,
    clock,
    storage,
    keys,
    areaDirectory,
    speakerDirectory,
    tokens,
    media,
    speakers: speakerSide,
    planSide,
    makeGoods,
    latchSide,
    urgentSide,
    scheduleSide,
    askMorningStart: async () =>
      config.morningStart ?? (await overrides.askMorningStart?.()) ?? SUGGESTED_MORNING,
    housekeeping,
    tls,
    rotation,
  };
  return new Context(parts, services);
}
