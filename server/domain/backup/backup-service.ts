import { join, resolve } from 'node:path';
import { type Clock, type Instant, Lifecycle } from '#kit';
import {
  type BackupNotices,
  type BackupRun,
  type BackupSettings,
  type BackupState,
  DomainError,
  keyFingerprint,
} from '#protocols';
import { type Actor, authorize, isAllowed } from '../accounts/actor.ts';
import { type Area, DEFAULT_ZONE } from '../areas/area.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { changes, record } from '../audit/record.ts';
import type { LiveEvents } from '../events/live-events.ts';
import { toldError } from '../told-error.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import type { BackupLog } from './backup-log.ts';
import type { BackupMaker, BackupPhase } from './backup-maker.ts';
import { readSettings, type Sheet, type StoredBackupSettings, writeSettings } from './backup-settings.ts';
import { KnownRuns } from './known-runs.ts';
import { isNightlyDue, nextNightly } from './nightly.ts';
import type { Places } from './places.ts';
import { type PlacesSeen, seen, usableFolder } from './places-seen.ts';
import { AHEAD_MS } from './rotation.ts';
import { lookAt, noDestination, problemOf, runBackup } from './run-backup.ts';

const DAY_MS = 24 * 3_600_000;
/** Live events of progress come no closer than this many bytes. */
const PROGRESS_STEP_BYTES = 8 * 1024 * 1024;

export interface BackupServiceOptions {
  readonly storage: Storage;
  readonly maker: BackupMaker;
  readonly places: Places;
  readonly log: BackupLog;
  readonly clock: Clock;
  readonly events: LiveEvents;
  readonly areas: AreaDirectory;
  readonly rootAreaId: string;
  readonly databaseUrl: string;
  readonly dataFolder: string;
  readonly version: string;
  /** The raw root key that sheets name. */
  readonly rootKey: () => string;
  /** Where loudspeakers look since ours was another, and we are not. */
  readonly oldAddress: () => BackupNotices['oldAddress'];
  /** Whether the controller believes its clock: one in 1970 makes no nightly backup. */
  readonly clockTrusted: () => boolean;
  readonly onError: (error: unknown) => void;
  /** Told about once a day while nothing has left the box for too long. */
  readonly onAlarm: (days: number) => void;
  /** Told what became of each run. */
  readonly onRun: (run: BackupRun) => void;
}

/** What a new sheet leaves behind of its key. */
type SealedSheet = Required<Pick<Sheet, 'recipient' | 'keyFile' | 'rootKey'>>;

interface Running {
  readonly startedAt: Instant;
  phase: BackupPhase;
  bytes: number;
}

/** Backups of this controller: each night, and when somebody asks. One at a time. */
export class BackupService extends Lifecycle {
  readonly #options: BackupServiceOptions;
  #running: Running | null = null;
  readonly #runs: KnownRuns;
  #toldAlarmAt: Instant | null = null;

  constructor(options: BackupServiceOptions) {
    super();
    this.#options = options;
    this.#runs = new KnownRuns(options);
  }

  protected async onStart(): Promise<void> {
    await this.#runs.read();
  }

  /** What became of the run before now; null: none. */
  get last(): BackupRun | null {
    return this.#runs.all.at(-1) ?? null;
  }

  /** Why the log of runs is not kept, until it is again; null: it is. A reason to say so, and none not to start. */
  get logFailure(): string | null {
    return this.#runs.failure;
  }

  /** Where backups go by default. */
  get localFolder(): string {
    return join(this.#options.dataFolder, 'backups');
  }

  /** To be called every few minutes: runs what is due, also what was missed while the box was off. Resolves when that has ended. */
  async tick(): Promise<void> {
    const { clock, clockTrusted, onAlarm } = this.#options;
    const now = clock.now();
    await this.#runs.read();
    const alarm = this.alarm(await this.#alarmDays());
    if (alarm !== null && (this.#toldAlarmAt === null || now - this.#toldAlarmAt >= DAY_MS)) {
      this.#toldAlarmAt = now;
      onAlarm(alarm.days);
    }
    const { sheet, settings } = await this.#stored();
    if (sheet === null || this.#running !== null || !clockTrusted()) return;
    const attempts = {
      succeededAt: this.#newest(({ verified }) => verified),
      attemptedAt: this.#newest(() => true),
    };
    if (isNightlyDue(this.#zone, settings.at, attempts, now)) await this.#run(sheet, settings, 'controller');
  }

  /** How the destinations are, for `begin`; before its transaction, as a share may take its time to say nothing. Throws `request.forbidden`. */
  async look(actor: Actor): Promise<PlacesSeen> {
    const { areas, places, dataFolder } = this.#options;
    authorize(actor, 'backup:write', this.areaId, areas.tree);
    const { destinations } = (await this.#stored()).settings;
    return seen(destinations, (destination) => lookAt(places, destination, dataFolder));
  }

  /** How the destinations of settings that come are, for `configure`. Throws `request.forbidden`. */
  async lookAhead(actor: Actor, { destinations }: BackupSettings): Promise<PlacesSeen> {
    const { areas, places, dataFolder } = this.#options;
    authorize(actor, 'backup:write', this.areaId, areas.tree);
    return seen([...destinations, { folder: dataFolder }], ({ folder }) => places.look(folder));
  }

  /**
   * Begins a backup; how it goes is told by events and `state`. `places`: as `look` saw them. Throws `backup.no_sheet`, `backup.running`,
   * `backup.no_destination`, `backup.nowhere`.
   */
  async begin(tx: Transaction, actor: Actor, places: PlacesSeen): Promise<{ readonly startedAt: Instant }> {
    const { areas, clock, onError } = this.#options;
    authorize(actor, 'backup:write', this.areaId, areas.tree);
    const { sheet, settings } = await readSettings(tx, this.localFolder);
    if (sheet === null) throw new DomainError('backup.no_sheet');
    if (this.#running !== null) throw new DomainError('backup.running');
    const mayTakeIt = settings.destinations.some((destination) => {
      const facts = places.get(resolve(destination.folder));
      // Named since then: the run will see.
      return facts === undefined || problemOf(destination, facts) === null;
    });
    if (!mayTakeIt) throw noDestination(settings);
    const startedAt = Math.floor(clock.now());
    await record(tx, startedAt, actor, 'backup.start', this.areaId, { sheet: sheet.number });
    tx.afterCommit(() => this.background(this.#run(sheet, settings, actor.name), onError));
    return { startedAt };
  }

  /** Replaces the settings. `places`: as `lookAhead` saw them; one that is a file, say, is refused. Throws `backup.place_file`, `backup.place_within`. */
  async configure(tx: Transaction, actor: Actor, given: BackupSettings, places: PlacesSeen): Promise<void> {
    const { areas, clock, dataFolder } = this.#options;
    authorize(actor, 'backup:write', this.areaId, areas.tree);
    const ids = new Set(given.destinations.map(({ id }) => id));
    if (ids.size !== given.destinations.length)
      throw new DomainError('request.invalid', {
        reason: 'two destinations have one id',
        field: 'destinations',
      });
    const own = { dataFolder, localFolder: this.localFolder };
    const destinations = given.destinations.map((destination) => ({
      ...destination,
      folder: usableFolder(destination.folder, places, own),
    }));
    const settings = { ...given, destinations };
    const stored = await readSettings(tx, this.localFolder);
    const at = clock.now();
    await writeSettings(tx, { ...stored, settings }, at);
    await record(
      tx,
      at,
      actor,
      'backup.configure',
      this.areaId,
      {},
      {
        areaId: this.areaId,
        ...changes(stored.settings, settings, ['at', 'keep', 'destinations', 'alarmDays']),
      },
    );
  }

  /** Makes the next sheet the one in force. Its key was sealed before: that takes longer than a transaction may. */
  async adoptSheet(
    tx: Transaction,
    actor: Actor,
    sealed: SealedSheet,
  ): Promise<Pick<Sheet, 'number' | 'madeAt'>> {
    const { areas, clock } = this.#options;
    authorize(actor, 'backup:write', this.areaId, areas.tree);
    const stored = await readSettings(tx, this.localFolder);
    const madeAt = Math.floor(clock.now());
    const number = (stored.sheet?.number ?? 0) + 1;
    await writeSettings(tx, { ...stored, sheet: { number, madeAt, ...sealed } }, madeAt);
    await record(tx, madeAt, actor, 'backup.passphrase', this.areaId, { sheet: number });
    return { number, madeAt };
  }

  /** Seals a new key that names our root key, away from the event loop. */
  async sealKey(passphrase: string): Promise<SealedSheet> {
    const { maker, rootKey } = this.#options;
    const named = rootKey();
    const { recipient, keyFile } = await maker.sealKey(passphrase, named);
    return { recipient, keyFile, rootKey: named };
  }

  /** Our root key as paper has it. */
  get rootKey(): string {
    return keyFingerprint(this.#options.rootKey());
  }

  /** What is told on every page; nothing to who answers for a part of the area alone, whose pages ask as well. */
  async notices(actor: Actor): Promise<BackupNotices> {
    const { areas, oldAddress } = this.#options;
    if (!isAllowed(actor, 'backup:read', this.areaId, areas.tree)) return { alarm: null, oldAddress: null };
    const days = await this.#alarmDays();
    await this.#runs.read();
    return { alarm: this.alarm(days), oldAddress: oldAddress() };
  }

  /** Everything that the screen shows. Throws `request.forbidden`. */
  async state(actor: Actor): Promise<BackupState> {
    const { areas, clock } = this.#options;
    authorize(actor, 'backup:read', this.areaId, areas.tree);
    const { sheet, settings } = await this.#stored();
    await this.#runs.read();
    return {
      sheet:
        sheet === null
          ? null
          : { number: sheet.number, madeAt: sheet.madeAt, named: sheet.rootKey !== undefined },
      rootKey: this.rootKey,
      settings,
      running:
        this.#running === null ? null : { ...this.#running, startedAt: Math.floor(this.#running.startedAt) },
      last: this.last,
      awayAt: this.awayAt,
      nextAt: sheet === null ? null : nextNightly(this.#zone, settings.at, clock.now()),
      alarm: this.alarm(settings.alarmDays),
      destinations: await Promise.all(
        settings.destinations.map(async (destination) => {
          const { places, dataFolder } = this.#options;
          const facts = await lookAt(places, destination, dataFolder);
          const problem = problemOf(destination, facts);
          const backups = problem === null ? await places.list(destination.folder) : [];
          return {
            id: destination.id,
            present: problem === null,
            problem: problem === null ? null : toldError(problem),
            fileSystem: facts.fileSystem,
            freeBytes: facts.freeBytes,
            leavesBox: facts.present && !facts.ownDisk,
            backups: backups.map(({ name, at, bytes, sheet: number }) => ({
              name,
              at,
              bytes,
              sheet: number,
            })),
          };
        }),
      ),
    };
  }

  /** When the newest backup was taken that is on another disk. */
  get awayAt(): Instant | null {
    return this.#newest(({ places }) => places.some(({ ok, away }) => ok && away));
  }

  /** When the newest good backup was taken, wherever it is. */
  get verifiedAt(): Instant | null {
    return this.#newest(({ verified }) => verified);
  }

  /** Whether nothing has left the box for so many days, and since when; a new controller gets as long. */
  alarm(alarmDays: number): BackupState['alarm'] {
    const since = this.awayAt ?? Math.floor(this.#root?.createdAt ?? this.#options.clock.now());
    const days = Math.floor((this.#options.clock.now() - since) / DAY_MS);
    return days >= alarmDays ? { since, days } : null;
  }

  /** For readiness and figures. */
  async summary(): Promise<{ readonly hasSheet: boolean; readonly alarm: BackupState['alarm'] }> {
    const { sheet, settings } = await this.#stored();
    return { hasSheet: sheet !== null, alarm: this.alarm(settings.alarmDays) };
  }

  async #run(sheet: Sheet, settings: BackupSettings, by: string): Promise<void> {
    const { maker, places, clock, databaseUrl, dataFolder, version, events } = this.#options;
    if (this.#running !== null) throw new DomainError('backup.running');
    const startedAt = clock.now();
    const running: Running = { startedAt, phase: 'snapshot', bytes: 0 };
    this.#running = running;
    const areaId = this.areaId;
    let told = -PROGRESS_STEP_BYTES;
    try {
      const run = await runBackup({
        ...{ maker, places, settings, zone: this.#zone, by, now: () => clock.now() },
        order: {
          ...{ databaseUrl, dataFolder, version, areaId, at: Math.floor(startedAt), sheet: sheet.number },
          ...{ recipient: sheet.recipient, keyFile: sheet.keyFile },
        },
        onProgress: ({ phase, bytes }) => {
          if (phase !== running.phase) told = -PROGRESS_STEP_BYTES;
          Object.assign(running, { phase, bytes });
          if (bytes - told < PROGRESS_STEP_BYTES) return;
          told = bytes;
          events.publish('backup.progress', { areaId, phase, bytes });
        },
      });
      this.#options.onRun(run);
      await this.#runs.add(run);
    } finally {
      this.#running = null;
      const { last } = this;
      const alarm = this.alarm(settings.alarmDays) !== null;
      const state = last?.at === Math.floor(startedAt) && last.verified ? 'succeeded' : 'failed';
      events.publish('backup.changed', { areaId, state, name: last?.name ?? null, alarm });
    }
  }

  /** What a clock that was ahead has written is no help: it would count as the newest until then. */
  #newest(wanted: (run: BackupRun) => boolean): Instant | null {
    const latest = this.#options.clock.now() + AHEAD_MS;
    return this.#runs.all.reduce<number | null>(
      (newest, run) => (wanted(run) && run.at <= latest && run.at > (newest ?? -1) ? run.at : newest),
      null,
    );
  }

  #stored(): Promise<StoredBackupSettings> {
    return readSettings(this.#options.storage.read, this.localFolder);
  }

  async #alarmDays(): Promise<number> {
    return (await this.#stored()).settings.alarmDays;
  }

  /** The area of the whole controller: the one that its first start made, or else the first that has none above it. */
  get #root(): Area | undefined {
    const { areas, rootAreaId } = this.#options;
    const roots = areas.all().filter(({ parentId }) => parentId === null);
    return roots.find(({ id }) => id === rootAreaId) ?? roots[0];
  }

  /** The area that backups are of. */
  get areaId(): string {
    return this.#root?.id ?? 'xa';
  }

  get #zone(): string {
    return this.#root?.zone ?? DEFAULT_ZONE;
  }
}
