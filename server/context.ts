import { join } from 'node:path';
import { type Clock, SystemClock } from '#kit';
import type { DomainError } from '#protocols';
import type { ServerConfig } from './config/index.ts';
import { buildAnnouncementSide } from './context/announcement-side.ts';
import { buildAuditSide, buildRefusals } from './context/audit-side.ts';
import { buildBackupSide, heardAt } from './context/backup-side.ts';
import { Context, type Parts } from './context/controller.ts';
import { buildEnrolmentSide } from './context/enrolment-side.ts';
import { homeCard } from './context/home-card.ts';
import { buildHousekeeping } from './context/housekeeping.ts';
import { buildLatchSide } from './context/latch-side.ts';
import { buildMailSide } from './context/mail-side.ts';
import { buildMediaSide } from './context/media-side.ts';
import { metricSources } from './context/metric-sources.ts';
import { buildPeopleSide } from './context/people-side.ts';
import { buildPlanSide } from './context/plan-side.ts';
import { buildReachSide } from './context/reach-side.ts';
import { readinessChecks } from './context/readiness-checks.ts';
import { resolveHost } from './context/resolve-host.ts';
import { buildScheduleSide } from './context/schedule-side.ts';
import { buildSpeakerSide } from './context/speaker-side.ts';
import { bootTimeOf, systemTimeWitness } from './context/system-time.ts';
import { buildTerritorySide } from './context/territory-side.ts';
import { buildTlsSide } from './context/tls-side.ts';
import { buildUrgentSide } from './context/urgent-side.ts';
import { type ResolveHost, StreamGuard } from './domain/announcements/stream-guard.ts';
import { AreaDirectory } from './domain/areas/area-directory.ts';
import { territoryOf } from './domain/areas/territory.ts';
import { BroadcastService } from './domain/broadcasts/broadcast-service.ts';
import { SpeakerTestService } from './domain/broadcasts/speaker-test-service.ts';
import { DecisionService } from './domain/collisions/decision-service.ts';
import { MakeGoodService } from './domain/coverage/make-good-service.ts';
import { EmergencyService } from './domain/emergencies/emergency-service.ts';
import { EventHub } from './domain/events/event-hub.ts';
import { EvidenceService } from './domain/evidence/evidence-service.ts';
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
import { readEvidencePage } from './verify/page-file.ts';
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
  readonly resolveHost?: ResolveHost;
  /** Asks somebody when mornings begin, "HH:MM"; at the very first start alone, where the configuration does not say. */
  readonly askMorningStart?: () => Promise<string>;
  /** The built worker of backups, where this runs from the sources. */
  readonly backupWorker?: URL;
  /** What undid the restore that was to be ended before this start. */
  readonly restoreUndone?: DomainError | null;
}

/** Puts the controller together. Nothing runs yet. Throws `media.decoder_missing` and `StorageStartError` (`unusable`). */
export async function buildContext(config: ServerConfig, overrides: ContextOverrides = {}): Promise<Context> {
  const clock = overrides.clock ?? new SystemClock();
  const log = overrides.log ?? createLogger(config.logLevel);
  const storage = overrides.storage ?? openStorage({ url: config.databaseUrl, clock, log });
  const events = overrides.events ?? new EventHub();
  const areaDirectory = new AreaDirectory();
  const speakerDirectory = new SpeakerDirectory();
  const vault = overrides.vault ?? new KeyFiles({ folder: join(config.dataFolder, 'keys') });
  const keys = new KeyService({ vault, clock });
  const time = new TimeService({ clock, keys });
  const common = { config, clock, log, storage, events };
  const media = await buildMediaSide({ ...common, areas: areaDirectory });
  const mail = buildMailSide(common);
  const refusals = buildRefusals(common);
  const people = buildPeopleSide({
    ...{ ...common, vault, refusals, areas: areaDirectory, mails: mail.queue },
    followGiver: (...act) => scheduleSide.standing.followGiver(...act),
  });
  const pending = new PendingActs();
  const tls = buildTlsSide(config, clock, log);
  const speakerSide = buildSpeakerSide({
    ...{ ...common, keys, vault, time, pending, tls: tls.mqtt, connect: overrides.connect },
  });
  const reach = buildReachSide(config, clock, log, tls.anchors);
  const { assignments, credentials, dispatcher, presence } = speakerSide;
  const { acts, ...auditSide } = buildAuditSide({
    ...{ config, clock, log, storage, areas: areaDirectory, signer: keys, mailer: mail.mailer },
    areaId: () => backupSide.service.areaId,
    clockTrusted: () => !planSide.guard.disputed,
  });
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
  const announcementSide = buildAnnouncementSide({
    ...{ storage, clock, ...territory, events, planning, accounts: people.services.directory },
    stop: (...act) => broadcasts.cancelAllOf(...act),
    lacking: (ids) => scheduleSide.lacks.of(ids),
    named: () => scheduleSide.lacks.named(),
  });
  const { announcements, needs } = announcementSide;
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
    ...{ pending, onOrdered: () => planSide.collisions.kick() },
    defaults: {
      leadMs: config.playLeadMs,
      emergencyLeadMs: config.emergencyLeadMs,
      latenessMs: config.latenessMs,
    },
  });
  const emergencies = new EmergencyService({
    ...{ read, ...territory, broadcasts, clock, events, actorNow: people.actorNow },
  });
  const scheduleSide = buildScheduleSide({
    ...{ storage, clock, ...territory, needs, events, accounts: people.services.directory },
    ...{ notices: people.notices, publicUrl: config.publicUrl },
    disputed: () => planSide.guard.disputed,
    onError: (error) => log.error({ err: error, part: 'approvals' }, 'a part failed'),
    stopUnder: (...act) => broadcasts.cancelUnder(...act),
    plans: planning,
    slots: planSide.slots,
    told: (id) => presence.statusOf(id)?.heldHash === heldDocuments.expectedHash(id, credentials.areasOf(id)),
  });
  const decisions = new DecisionService({
    ...{ ...territory, signer: keys, dispatcher, events, clock },
    schedules: scheduleSide.schedules,
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
    assign: (tx, ids) => assignments.refresh(tx, ids),
  });
  const enrolmentSide = buildEnrolmentSide({
    ...{ storage, clock, keys, speakers, speakerSide, trust: tls.anchors, publicUrl: config.publicUrl },
    onSaved: (speaker) => onSaved(pending.speaker(speaker)),
  });
  const urgentSide = buildUrgentSide({
    ...{ log, storage, acts, pending, clock, events, onSaved, speakers, assignments, presence, dispatcher },
    ...{ areas: areaDirectory, speakerIndex: speakerDirectory, signer: keys, plan: planSide.plan },
    slots: planSide.slots,
    dataFolder: config.dataFolder,
  });
  const backupSide = buildBackupSide({
    ...{ config, clock, log, storage, events, areas: areaDirectory, clockGuard: planSide.guard },
    ...{ guard: people.services.setup, keys, heardAt: () => heardAt(speakerDirectory, presence) },
    afterRestore: [
      ...[people.afterRestore, enrolmentSide.afterRestore, scheduleSide.afterRestore],
      mail.afterRestore,
    ],
    workerScript: overrides.backupWorker,
  });

  const territorySide = buildTerritorySide({
    ...{ config, clock, log, storage, keys, assignments, latches, planning, onSaved, ...territory },
    holidays: scheduleSide.holidays,
    follow: async (tx, actor, shift) => ({
      ...(await announcementSide.followShift(tx, shift)),
      leaves: await scheduleSide.standing.followShift(tx, actor, shift),
    }),
    onEntered: (...entered) => announcementSide.marks.entered(...entered),
  });

  const services: ApiServices = {
    ...territorySide,
    version: VERSION,
    clock,
    tokens: people.tokens,
    people: people.services,
    speakerSecrets: credentials,
    ...{ acts, refusals, ...auditSide },
    streams: new StreamGuard({ resolve: overrides.resolveHost ?? resolveHost, allow: config.streamAllow }),
    read,
    areaDirectory,
    speakerIndex: speakerDirectory,
    speakers,
    ...enrolmentSide,
    mediaJobs: media.jobs,
    content: media.content,
    ...{ collisions: planSide.collisions, decisions },
    ...{ ...announcementSide, broadcasts, emergencies, speakerTests, makeGoods, latches, reminders, told },
    plans: planSide,
    urgent: urgentSide.urgent,
    cancels: urgentSide.cancels,
    speakerChanges: urgentSide.speakerChanges,
    ...scheduleSide,
    evidence: new EvidenceService({
      ...{ read, areas: areaDirectory, clock, statements: keys, keysOf: enrolmentSide.keysOf },
    }),
    evidencePage: readEvidencePage,
    events,
    statements: keys,
    rehomes: speakerSide.rehomes,
    homeCard: () => homeCard(config, keys, tls.anchors),
    trust: tls.anchors,
    clientCertificates: config.tls.clientCaFile !== null,
    time,
    ...{ ...backupSide.services, restoreUndone: overrides.restoreUndone ?? null },
    readiness: new Readiness({
      ...readinessChecks({
        ...{ storage, clock, gateway: speakerSide.gateway, clockGuard: planSide.guard, planning },
        embedded: speakerSide.broker !== null,
        ...{ dataFolder: config.dataFolder, heads: auditSide.headDelivery },
        territory: () => territoryOf(areaDirectory.tree, speakerDirectory),
      }),
      mail: mail.check,
      ...backupSide.checks,
      ...reach.readiness,
    }),
    processProof: reach.proof,
    metrics: new Metrics([
      ...metricSources(speakerSide, media.jobs, planSide),
      ...backupSide.metrics,
      reach.metric,
    ]),
    uploadLimitBytes: config.uploadLimitBytes,
    trustedProxies: config.trustedProxies,
  };
  const housekeeping = buildHousekeeping({
    ...{ clock, log, storage, acts, people, enrolment: enrolmentSide, compiler: planSide.compiler },
    commonState: territorySide.commonState,
    marks: announcementSide.marks,
    auditHeads: auditSide,
    ...{ audio: media.content, rootAreaId: config.rootArea.id },
  });
  const parts: Parts = {
    ...{ config, log, clock, storage, keys, areaDirectory, speakerDirectory, people, mail, media },
    speakers: speakerSide,
    planSide,
    makeGoods,
    latchSide,
    urgentSide,
    scheduleSide,
    backupSide,
    askMorningStart: async () =>
      config.morningStart ?? (await overrides.askMorningStart?.()) ?? SUGGESTED_MORNING,
    housekeeping,
    tls,
    reach: reach.check,
    rotation: territorySide.rotation,
    commonState: territorySide.commonState,
    marks: announcementSide.marks,
  };
  return new Context(parts, services);
}
