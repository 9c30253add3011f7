import { type Clock, Lifecycle } from '#kit';
import type { ServerConfig } from '../config/index.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import { BackupService } from '../domain/backup/backup-service.ts';
import { AddressWatch } from '../domain/backup/known-address.ts';
import { type AfterRestore, adoptRestored } from '../domain/backup/restored.ts';
import { SetupRestore } from '../domain/backup/setup-restore.ts';
import { StorageUseService } from '../domain/backup/storage-use.ts';
import type { LiveEvents } from '../domain/events/live-events.ts';
import type { SetupGuard } from '../domain/setup/setup-guard.ts';
import type { PresenceService } from '../domain/speakers/presence.ts';
import type { SpeakerDirectory } from '../domain/speakers/speaker-directory.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { MetricSource } from '../http/metrics.ts';
import type { CheckResult } from '../http/readiness.ts';
import type { Logger } from '../logger.ts';
import {
  BackupLogFile,
  BackupWorker,
  FolderPlaces,
  IncomingRestore,
  RestoredMarkFile,
} from '../storage/backup/index.ts';
import { VERSION } from '../version.ts';
import { Housekeeping } from './housekeeping.ts';

export interface BackupSideOptions {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
  readonly events: LiveEvents;
  readonly areas: AreaDirectory;
  readonly clockGuard: { readonly disputed: boolean };
  /** Who may put a backup back at the first start. */
  readonly guard: SetupGuard;
  readonly keys: { readonly statingRoot: string };
  /** When each loudspeaker in use was heard last, those that ever were. */
  readonly heardAt: () => Iterable<number>;
  /** What other parts do to their data when it comes out of a backup. */
  readonly afterRestore?: readonly AfterRestore[];
  /** The built worker, where this runs from the sources. */
  readonly workerScript?: URL | undefined;
}

export type BackupSide = ReturnType<typeof buildBackupSide>;

/** Backups, and putting them back, joined but not started. */
export function buildBackupSide(options: BackupSideOptions) {
  const {
    config,
    clock,
    log,
    storage,
    events,
    areas,
    clockGuard,
    guard,
    keys,
    heardAt,
    afterRestore = [],
    workerScript,
  } = options;
  const { dataFolder, databaseUrl, publicUrl } = config;
  const onError = (error: unknown) => log.error({ err: error, part: 'backups' }, 'a part failed');
  const worker = new BackupWorker({ clock, ...(workerScript === undefined ? {} : { script: workerScript }) });
  const clockTrusted = () => !clockGuard.disputed;
  const now = () => Math.floor(clock.now());
  const address = new AddressWatch({ storage, publicUrl, heardAt, clockTrusted, now });
  const service = new BackupService({
    ...{ storage, clock, events, areas, dataFolder, databaseUrl, onError, version: VERSION },
    maker: worker,
    places: new FolderPlaces({ dataFolder, clock }),
    log: new BackupLogFile({ dataFolder }),
    rootAreaId: config.rootArea.id,
    rootKey: () => keys.statingRoot,
    oldAddress: () => address.old,
    clockTrusted,
    onAlarm: (days) =>
      log.warn({ days }, 'no backup has left this box for too long: connect a drive, or name a share'),
    onRun: (run) => {
      const left = (run.skipped ?? []).length > 0;
      if (!run.verified) log.error({ run }, 'backup failed');
      else log[left ? 'warn' : 'info']({ run }, left ? 'backup made without some files' : 'backup made');
    },
  });
  const storageUse = new StorageUseService({
    ...{ clock, areas, areaId: () => service.areaId, read: storage.read },
    count: () => worker.use({ dataFolder, databaseUrl }),
  });
  let restartNow: () => void = () => undefined;
  const restart = new Promise<void>((resolve) => {
    restartNow = resolve;
  });
  // Nobody but the first start has done anything.
  const isFresh = async () => {
    // What strangers were refused does not close the setup.
    const acts = await storage.read.audit.find({ refused: false }, { order: 'oldest', limit: 50 });
    return acts.length < 50 && acts.every(({ actor }) => actor === 'controller');
  };
  const setupRestore = new SetupRestore({
    ...{ guard, isFresh, onError, clock, ownUrl: publicUrl, restart: () => restartNow() },
    stage: new IncomingRestore({ dataFolder, databaseUrl, worker, clock }),
  });
  const part = new BackupParts({
    // A stop gives up what is under way before it waits for who waits for it.
    parts: [service, setupRestore, worker],
    load: () => address.load(),
    // It decides nothing: what is due is asked for, so that a night in which the box was off is made up for.
    ticks: new Housekeeping({
      cron: '*/5 * * * *',
      tasks: { backups: () => service.tick() },
      onError: (task, error) => log.error({ err: error, task }, 'housekeeping failed'),
    }),
    onError,
  });
  return {
    service,
    part,
    restart,
    services: { backups: service, setupRestore, storageUse },
    checks: { backup: () => check(service), 'old address': async () => addressCheck(address) },
    metrics: metricsOf(service),
    /** Once the database is open and before anything is sent: what comes out of a backup is made fit for work. */
    adopt: async () => {
      const restored = await adoptRestored(new RestoredMarkFile({ dataFolder }), storage, afterRestore);
      if (restored !== null)
        log.warn(
          { restored },
          'this controller was restored from a backup: the box that it replaces must stay off, as both sign with the same keys',
        );
    },
  };
}

/** When each loudspeaker in use was heard last; one that never came is not among them. */
export function* heardAt(
  speakers: Pick<SpeakerDirectory, 'all'>,
  presence: Pick<PresenceService, 'statusOf'>,
): Generator<number> {
  for (const { speakerId, lifecycle } of speakers.all()) {
    const at = presence.statusOf(speakerId)?.lastSeenAt ?? null;
    if (lifecycle === 'active' && at !== null) yield at;
  }
}

interface PartsOptions {
  readonly parts: readonly Lifecycle[];
  /** What they have to know first. */
  readonly load: () => Promise<void>;
  readonly ticks: Housekeeping;
  readonly onError: (error: unknown) => void;
}

/** Everything of it that runs; what was missed while the box was off is made up for at once. */
class BackupParts extends Lifecycle {
  readonly #options: PartsOptions;

  constructor(options: PartsOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { parts, load, ticks, onError } = this.#options;
    await load();
    for (const part of [...parts, ticks]) {
      this.disposers.defer('backups', () => part.stop());
      await part.start();
    }
    this.background(ticks.sweep(), onError);
  }
}

/** Never a reason not to broadcast: the detail is for the operator. */
async function check(service: BackupService): Promise<CheckResult> {
  const { hasSheet, alarm } = await service.summary();
  const { verifiedAt, logFailure } = service;
  const said: string[] = [];
  if (!hasSheet) said.push('not set up: nobody has made a backup passphrase');
  else if (alarm !== null) said.push(`ALARM: no backup has left this box for ${alarm.days} days`);
  else said.push(verifiedAt === null ? 'none yet' : `last ${new Date(verifiedAt).toISOString()}`);
  const skipped = service.last?.skipped ?? [];
  if (skipped.length > 0) said.push(`left out: ${skipped.map(({ path }) => path).join(', ')}`);
  if (logFailure !== null) said.push(`the log of backups cannot be kept (${logFailure})`);
  return { ok: true, detail: said.join('; ') };
}

/** A warning and never unreadiness: what is broadcast reaches those that are here. */
function addressCheck({ old }: AddressWatch): CheckResult {
  if (old === null) return { ok: true, detail: 'nobody looks for another address, as far as is known' };
  const { url, own, waiting } = old;
  return {
    ok: true,
    detail: `LOUDSPEAKERS LOOK FOR ${url}, which was the address before, and this is ${own}: ${waiting} have not come since. Set LOA_PUBLIC_URL to it, let that name and port lead here, and start again; where that cannot be, enrol each of them anew`,
  };
}

function metricsOf(service: BackupService): MetricSource[] {
  const seconds = (name: string, help: string, at: () => number | null): MetricSource => ({
    ...{ name, help, kind: 'gauge' },
    read: () => {
      const instant = at();
      return instant === null ? [] : [[{}, instant / 1000]];
    },
  });
  return [
    seconds(
      'loa_backup_verified_timestamp_seconds',
      'When the newest good backup was taken',
      () => service.verifiedAt,
    ),
    seconds(
      'loa_backup_away_timestamp_seconds',
      'When the newest backup on another disk was taken',
      () => service.awayAt,
    ),
  ];
}
