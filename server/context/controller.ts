import { mkdir } from 'node:fs/promises';
import { type Clock, Lifecycle } from '#kit';
import type { ServerConfig } from '../config/index.ts';
import type { MarkKeeper } from '../domain/announcements/mark-keeper.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import type { MakeGoodService } from '../domain/coverage/make-good-service.ts';
import type { KeyRotation } from '../domain/keys/key-rotation.ts';
import type { KeyService } from '../domain/keys/key-service.ts';
import type { CommonState } from '../domain/speakers/common-state.ts';
import type { SpeakerDirectory } from '../domain/speakers/speaker-directory.ts';
import type { ApiServices } from '../http/services.ts';
import type { Logger } from '../logger.ts';
import type { SelfCheck } from '../reach/self-check.ts';
import type { DatabaseStorage } from '../storage/index.ts';
import type { BackupSide } from './backup-side.ts';
import type { Housekeeping } from './housekeeping.ts';
import type { LatchSide } from './latch-side.ts';
import type { MailSide } from './mail-side.ts';
import type { MediaSide } from './media-side.ts';
import type { PeopleSide } from './people-side.ts';
import type { PlanSide } from './plan-side.ts';
import { ensureRootArea } from './root-area.ts';
import type { ScheduleSide } from './schedule-side.ts';
import type { SpeakerSide } from './speaker-side.ts';
import type { TlsSide } from './tls-side.ts';
import type { UrgentSide } from './urgent-side.ts';

/** What the controller is made of, for the order in which it starts and stops. */
export interface Parts {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly storage: DatabaseStorage;
  readonly keys: KeyService;
  readonly areaDirectory: AreaDirectory;
  readonly speakerDirectory: SpeakerDirectory;
  readonly people: PeopleSide;
  readonly mail: MailSide;
  readonly media: MediaSide;
  readonly speakers: SpeakerSide;
  readonly planSide: PlanSide;
  readonly makeGoods: MakeGoodService;
  readonly latchSide: LatchSide;
  readonly urgentSide: UrgentSide;
  readonly scheduleSide: ScheduleSide;
  readonly backupSide: BackupSide;
  readonly askMorningStart: () => Promise<string>;
  readonly housekeeping: Housekeeping;
  readonly tls: TlsSide;
  readonly reach: SelfCheck;
  readonly rotation: KeyRotation;
  readonly commonState: CommonState;
  readonly marks: MarkKeeper;
}

/** The controller put together. `start` makes it work, without HTTP; `services` is what HTTP is made of. */
export class Context extends Lifecycle {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly storage: DatabaseStorage;
  readonly speakerSide: SpeakerSide;
  readonly planSide: PlanSide;
  readonly services: ApiServices;
  readonly backupSide: BackupSide;
  readonly housekeeping: Housekeeping;
  readonly tls: TlsSide;
  /** Started by whoever opens the HTTP port. */
  readonly reach: SelfCheck;
  readonly #parts: Parts;

  constructor(parts: Parts, services: ApiServices) {
    super();
    this.#parts = parts;
    this.config = parts.config;
    this.log = parts.log;
    this.storage = parts.storage;
    this.speakerSide = parts.speakers;
    this.planSide = parts.planSide;
    this.backupSide = parts.backupSide;
    this.housekeeping = parts.housekeeping;
    this.services = services;
    this.tls = parts.tls;
    this.reach = parts.reach;
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
    await speakers.rehomes.load();
    await this.backupSide.adopt();
    await this.#run('sessions', this.#parts.people.sessions);
    await this.#run('API tokens', this.#parts.people.apiTokenBook);
    if (this.#parts.mail.delivery !== null) await this.#run('mail', this.#parts.mail.delivery);
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
    await this.#parts.scheduleSide.settleLeaves();
    await this.#run('planning', planSide.planning);
    await this.#run('answers', speakers.answers);
    // Before the first receipt is folded what was due while we were away is known. Until then batches wait in the ingest's own queue.
    this.#runAfter(planSide.planning.caughtUp(), 'journal', speakers.journal);
    await this.#run('plan heads and latches', speakers.healer);
    await this.#run('hellos', speakers.hellos);
    await this.#run('health', speakers.health);
    if (speakers.broker !== null) await this.#run('broker', speakers.broker);
    for (const [name, part] of Object.entries({
      'dispatch on connection': speakers.dispatcher,
      'plan heads on connection': planSide.compiler,
      'latches on connection': latchSide.latches,
      'urgent acts on connection': urgentSide.urgent,
    }))
      this.disposers.defer(
        name,
        speakers.gateway.onConnected(() => part.kick()),
      );
    await this.#run('gateway', speakers.gateway);
    if (speakers.listener !== null) await this.#run('MQTT port', speakers.listener);
    await this.#run('make-goods', makeGoods);
    await this.#run('reminders', latchSide.reminders);
    await this.#run('approvals', this.#parts.scheduleSide.approvalsDue);
    await this.#run('collisions', planSide.collisions);
    await this.#run('housekeeping', housekeeping);
    await this.#parts.rotation.signAgain();
    this.background(this.#parts.commonState.bringUpToDate(), (error) =>
      log.error({ err: error, part: 'assignments' }, 'a part failed'),
    );
    this.background(this.#parts.marks.settle(), (error) =>
      log.error({ err: error, part: 'approvals' }, 'a part failed'),
    );
    await this.#run('backups', this.backupSide.part);
    this.background(this.#parts.people.preload(), (error) =>
      log.error({ err: error, part: 'passkeys' }, 'a part failed'),
    );
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

  /** Starts a part when something else has come to its end (true) and nobody waits for it; never when that was stopped before. */
  #runAfter(ended: Promise<boolean>, name: string, part: Lifecycle): void {
    const { log } = this.#parts;
    let stopped = false;
    this.disposers.defer(name, () => {
      stopped = true;
      return part.stop();
    });
    const started = ended.then(async (done) => {
      if (done && !stopped) await part.start();
    });
    this.background(started, (error) => log.error({ err: error, part: name }, 'a part failed'));
  }

  /** What is held in memory, from the database. */
  async #load(): Promise<void> {
    const { storage, areaDirectory, speakerDirectory, speakers, config, clock } = this.#parts;
    const { askMorningStart } = this.#parts;
    const areas = await ensureRootArea(storage, config.rootArea, clock.now(), askMorningStart);
    areaDirectory.load(areas);
    const credentials = await storage.read.speakers.credentials();
    speakerDirectory.load(credentials);
    speakers.credentials.load(credentials, areaDirectory.tree);
    await speakers.speakerKeys.load(storage);
    await this.#parts.scheduleSide.holidays.load(storage.read);
    await this.#parts.people.load();
  }
}

/** Waits for all, then throws the first failure: nothing may still be starting when the rest is undone. */
async function settleAll(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
