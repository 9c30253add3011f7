import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  DomainError,
  type DownTopicName,
  type PlanHead,
  type PlayOrder,
  payloadOf,
  planHeadCodec,
  type Recurrence,
  readPlanDocument,
  sha256,
} from '#protocols';
import { asApproved } from '../../../server/domain/announcements/approval-hash.ts';
import { AreaDirectory } from '../../../server/domain/areas/area-directory.ts';
import type { Broadcast } from '../../../server/domain/broadcasts/broadcast.ts';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import type { HolidayTable } from '../../../server/domain/calendar/holiday.ts';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import { HeadBook } from '../../../server/domain/plans/head-book.ts';
import { PlanCompiler } from '../../../server/domain/plans/plan-compiler.ts';
import { ScheduleSlots } from '../../../server/domain/plans/schedule-slots.ts';
import { SlotBook } from '../../../server/domain/plans/slot-book.ts';
import { SlotBroadcasts } from '../../../server/domain/plans/slot-broadcasts.ts';
import { SlotIssuer } from '../../../server/domain/plans/slot-issuer.ts';
import type { Schedule } from '../../../server/domain/schedule/schedule.ts';
import { enteredSpeaker } from '../../../server/domain/speakers/speaker.ts';
import { SpeakerDirectory } from '../../../server/domain/speakers/speaker-directory.ts';
import { type BootTime, ClockGuard } from '../../../server/domain/time/clock-guard.ts';
import type { Storage, Transaction } from '../../../server/domain/unit-of-work.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const COMMUNE = 'tan-an';
export const HAMLETS = ['ap-1', 'ap-2'] as const;
const ALL_DAY = JSON.stringify({
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  sessionMinutes: null,
  legalBasis: '',
});

/** What went down to the loudspeakers. */
export interface Sent {
  readonly name: DownTopicName;
  readonly id: string;
  readonly payload: string;
}

/** One run of the planning part of a controller on a folder: real database, real keys, a clock that the test moves. */
export class Planner {
  readonly sent: Sent[] = [];
  readonly events: { readonly broadcastId: string; readonly state: string }[] = [];
  readonly errors: unknown[] = [];
  readonly areas = new AreaDirectory();
  readonly speakers = new SpeakerDirectory();
  readonly slots = new SlotBook();
  readonly heads = new HeadBook();
  /** Capabilities of the speakers that said any. */
  readonly capabilities = new Map<string, readonly string[]>();
  synchronised = false;
  /** Somebody else holds the database: nothing that is planned or issued can be written. */
  held = false;
  /** Nothing can be planned, for this. */
  defect: Error | undefined;
  holidays: HolidayTable = DEFAULT_HOLIDAYS;
  /** Broadcasts that are followed. */
  readonly watched: string[] = [];
  /** Following fails. */
  blind = false;
  readonly storage: ReturnType<typeof openStorage>;
  readonly keys: KeyService;
  readonly guard: ClockGuard;
  readonly compiler: PlanCompiler;
  readonly issuer: SlotIssuer;
  readonly #clock: FakeClock;

  constructor(folder: string, clock: FakeClock, boot: BootTime) {
    this.#clock = clock;
    const onError = (error: unknown) => void this.errors.push(error);
    this.storage = openStorage({ url: `file:${join(folder, 'loa.db')}`, clock });
    const { storage, areas, speakers, slots, heads } = this;
    this.keys = new KeyService({ vault: new KeyFiles({ folder: join(folder, 'keys') }), clock });
    const { keys } = this;
    const witness = { synchronised: async () => this.synchronised };
    this.guard = new ClockGuard({
      ...{ clock, boot, witness, storage, onError },
      onChange: (dispute) => {
        if (dispute === null) this.changed();
      },
    });
    const disputed = () => this.guard.disputed;
    const broadcasts = new SlotBroadcasts({
      ...{ areas, speakers, signer: keys, clock },
      holdsPlans: (id) => this.capabilities.get(id)?.includes('plan'),
      dispatcher: { kick: () => undefined },
      events: { publish: (_name, data) => void this.events.push(data as Planner['events'][number]) },
    });
    const settler = {
      watch: async (id: string) => {
        if (this.blind) throw new Error('not read');
        this.watched.push(id);
      },
      changed: () => undefined,
    };
    const held: Storage = {
      read: storage.read,
      transaction: async (work, limits) => {
        if (this.held) throw new DomainError('storage.busy');
        return storage.transaction(work, limits);
      },
    };
    this.issuer = new SlotIssuer({ storage: held, slots, broadcasts, clock, disputed, settler, onError });
    const schedules = new ScheduleSlots({ areas, speakers, holidays: () => this.holidays });
    this.compiler = new PlanCompiler({
      ...{ storage: held, areas, speakers, keys, broadcasts, slots, heads, clock, disputed, onError },
      source: {
        read: (...wanted) => {
          if (this.defect !== undefined) throw this.defect;
          return schedules.read(...wanted);
        },
      },
      publisher: {
        connected: true,
        publish: async (name, id, payload) => void this.sent.push({ name, id, payload: String(payload) }),
      },
      watermark: () => this.issuer.watermark,
      onCompiled: () => this.issuer.look(),
    });
  }

  async start(): Promise<this> {
    await this.open();
    await this.issuer.load();
    await this.compiler.start();
    const caughtUp = this.compiler.caughtUp().then(async (done) => {
      if (done) await this.issuer.start();
    });
    if (this.held) return this;
    await caughtUp;
    await this.settled();
    return this;
  }

  /** Opens what planning is built on. */
  async open(): Promise<void> {
    await this.storage.start();
    await this.keys.start();
    if ((await this.storage.read.areas.all()).length === 0) await this.#enter();
    this.areas.load(await this.storage.read.areas.all());
    this.speakers.load(await this.storage.read.speakers.credentials());
    await this.guard.start();
  }

  async stop(): Promise<void> {
    await this.issuer.stop();
    await this.compiler.stop();
    await this.guard.stop();
    await this.keys.stop();
    await this.storage.stop();
  }

  /** Leaves the compiler alone at work: days pass quickly then. */
  async rest(): Promise<void> {
    await this.issuer.stop();
    await this.guard.stop();
  }

  changed(): void {
    this.compiler.changed();
    this.issuer.look();
  }

  /** Moves time on and lets everything come to rest. */
  async advance(ms: number): Promise<void> {
    await this.#clock.advance(ms);
    await this.settled();
  }

  /** Everything that has changed is compiled and issued. */
  async settled(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      const compiled = this.compiler.compiled();
      await this.#clock.advance(200);
      await compiled;
      await this.compiler.idle();
      await this.#clock.advance(1);
      await this.issuer.idle();
    }
  }

  /** A schedule of the approved announcement, saved as the service saves it. */
  async schedule(over: Partial<Schedule> & { readonly recurrence: Recurrence }): Promise<Schedule> {
    const schedule = this.wish(over);
    await this.save(schedule);
    return schedule;
  }

  /** The same, not saved. */
  wish(over: Partial<Schedule> & { readonly recurrence: Recurrence }): Schedule {
    const { recurrence, ...fields } = over;
    const now = this.#clock.now();
    return {
      ...{ id: 'sch_1', seriesId: 'ser_1', areaId: COMMUNE, title: '', priority: 'normal' },
      content: { kind: 'announcement', announcementId: 'ann_1' },
      targets: { areas: [COMMUNE], speakers: [], excludeAreas: [], excludeSpeakers: [] },
      rule: {
        ...{ recurrence, fromDay: null, untilDay: null, fromInstant: null, beforeInstant: null },
        changes: [],
      },
      start: { mode: 'instant', latenessMs: 5 * 60_000 },
      ...{ overlap: 'queue', afterInterruption: 'resume', gainDb: 0, makeGood: 'off', windowOverride: null },
      ...{
        fallbackId: null,
        againOf: null,
        pausedAt: null,
        pausedBy: null,
        deletedAt: null,
        createdBy: 'bich',
        createdAt: now,
        updatedAt: now,
      },
      ...fields,
    };
  }

  async save(schedule: Schedule): Promise<void> {
    await this.write((tx) => tx.schedules.save(schedule));
    await this.settled();
  }

  /** Commits a change of what plans are made of, whoever holds the database a moment later. */
  write(change: (tx: Transaction) => Promise<unknown>): Promise<void> {
    return this.storage.transaction(async (tx) => {
      await change(tx);
      tx.afterCommit(() => this.changed());
    });
  }

  /** Time passes in which nothing can come to rest. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 30_000) {
      await this.#clock.advance(Math.min(left, 30_000));
      await this.compiler.idle();
      await this.issuer.idle();
    }
  }

  /** Approves the announcement or takes the approval back. */
  async approve(state: 'approved' | 'withdrawn', id = 'ann_1'): Promise<void> {
    await this.storage.transaction(async (tx) => {
      const before = await tx.announcements.get(id);
      if (before === null) throw new Error('no announcement');
      await tx.announcements.update({ ...before, state }, before.state);
      tx.afterCommit(() => this.changed());
    });
    await this.settled();
  }

  /** Puts another opening time of the commune in force. */
  async policy(opens: string): Promise<void> {
    const area = this.areas.tree.get(COMMUNE);
    const policy = JSON.stringify({
      ...JSON.parse(ALL_DAY),
      windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens, closes: '24:00' }],
    });
    await this.storage.transaction((tx) => tx.areas.update({ ...area, policy }, this.#clock.now()));
    this.areas.load(await this.storage.read.areas.all());
    this.changed();
    await this.settled();
  }

  head(scope: string): PlanHead {
    const known = [...this.heads.all()].find(({ stored }) => stored.scope === scope);
    if (known === undefined) throw new Error(`no head of ${scope}`);
    return known.head;
  }

  /** The slots that a loudspeaker finds behind the head of a scope. */
  async planned(scope: string): Promise<PlayOrder[]> {
    const slots: PlayOrder[] = [];
    for (const { sha256: hash, bytes } of this.head(scope).documents) {
      const body = Buffer.from((await this.storage.read.plans.document(hash)) ?? '');
      if (sha256(body) !== hash || body.length !== bytes)
        throw new Error('a document is not what its head says');
      slots.push(...readPlanDocument(body).slots.map(({ order }) => order));
    }
    return slots;
  }

  async broadcasts(): Promise<Broadcast[]> {
    const areaIds = [COMMUNE, ...HAMLETS];
    const newest = await this.storage.read.broadcasts.list({ areaIds, limit: 200 });
    return newest.sort((a, b) => a.startsAt - b.startsAt);
  }

  headsSent(): PlanHead[] {
    return this.sent
      .filter(({ name }) => name === 'areaPlan' || name === 'plan')
      .map(({ payload }) => planHeadCodec.parse(payloadOf(payload)));
  }

  async #enter(): Promise<void> {
    const at = this.#clock.now();
    const sound = sha256('sound');
    await this.storage.transaction(async (tx) => {
      const place = (id: string, parentId: string | null, policy: string | null) =>
        tx.areas.insert({
          ...{ id, parentId, kind: 'xã', name: id, zone: parentId === null ? 'Asia/Ho_Chi_Minh' : null },
          ...{ policy, createdAt: at, retiredAt: null },
        });
      await place(COMMUNE, null, ALL_DAY);
      for (const [i, hamlet] of HAMLETS.entries()) {
        await place(hamlet, COMMUNE, null);
        const id = `loa-${i + 1}`;
        await tx.speakers.insert(enteredSpeaker({ id, areaId: hamlet, name: id, createdAt: at }));
      }
      await tx.media.put({
        ...{ sha256: sound, bytes: 1_000, durationMs: 60_000, integratedLufs: -16, truePeakDb: -2 },
        ...{ peaks: '[]', chunkList: '{}', chunkListSha256: sha256('{}'), createdAt: at },
      });
      for (const id of ['ann_1', 'ann_2'])
        await tx.announcements.insert(
          asApproved({
            ...{ id, areaId: COMMUNE, title: `Bản tin ${id}`, category: '', origin: 'own', language: 'vi' },
            ...{
              priority: 'normal',
              text: null,
              state: 'submitted',
              mediaSha256: sound,
              approvedSha256: null,
            },
            ...{
              stream: null,
              stored: false,
              rejectedReason: null,
              createdBy: 'bich',
              composers: ['bich'],
              recordedBy: null,
              forAreas: [],
              decisions: [],
              createdAt: at,
            },
            updatedAt: at,
          }),
        );
    });
  }
}

/** Runs of a planner, one after another, on one folder and one clock. */
export class PlanWorld {
  readonly folder = tempDir('plans');
  readonly clock: FakeClock;
  readonly boot: BootTime;

  constructor(options: { readonly start?: number } = {}) {
    this.clock = new FakeClock(options);
    this.boot = { bootId: 'boot-1', elapsed: () => this.clock.monotonic() };
  }

  /** Stops a run, lets time pass and begins another one: the controller was away. */
  async later(planner: Planner, ms: number): Promise<Planner> {
    await planner.stop();
    await this.clock.advance(ms);
    return this.run();
  }

  async run({ held = false } = {}): Promise<Planner> {
    const planner = new Planner(this.folder, this.clock, this.boot);
    onTestFinished(() => planner.stop());
    planner.held = held;
    return planner.start();
  }
}

/** Every day at a local time. */
export function daily(...times: string[]): Recurrence {
  return { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times };
}

/** The instant of a local time in Vietnam, `days` after the clock's first day (2026-01-05). */
export function local(time: string, days = 0): number {
  return Date.parse(`2026-01-05T${time}:00+07:00`) + days * DAY;
}
