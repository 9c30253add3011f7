import { join } from 'node:path';
import { type Clock, SystemClock } from '#kit';
import { sha256 } from '#protocols';
import { asApproved } from '../../../server/domain/announcements/approval-hash.ts';
import type { Area } from '../../../server/domain/areas/area.ts';
import { AreaDirectory } from '../../../server/domain/areas/area-directory.ts';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import { HeadBook } from '../../../server/domain/plans/head-book.ts';
import { PlanCompiler } from '../../../server/domain/plans/plan-compiler.ts';
import { ScheduleSlots } from '../../../server/domain/plans/schedule-slots.ts';
import { SlotBook } from '../../../server/domain/plans/slot-book.ts';
import { SlotBroadcasts } from '../../../server/domain/plans/slot-broadcasts.ts';
import type { Schedule } from '../../../server/domain/schedule/schedule.ts';
import { SpeakerDirectory } from '../../../server/domain/speakers/speaker-directory.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';

const COMMUNE = 'xa';
const ANNOUNCEMENTS = 300;
const ROWS = 50;
/** Of the whole day, with a limit that is counted and seldom reached. */
const POLICY = JSON.stringify({
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  ...{ sessionMinutes: null, sessionsPerDay: 96, legalBasis: '' },
});

/** The planning part of a controller with a real database and real keys; what goes to the loudspeakers is counted. */
export class BenchPlanner {
  readonly areas = new AreaDirectory();
  readonly slots = new SlotBook();
  readonly heads = new HeadBook();
  readonly compiler: PlanCompiler;
  readonly #clock: Clock = new SystemClock();
  readonly #storage: ReturnType<typeof openStorage>;
  readonly #keys: KeyService;
  #published = 0;

  constructor(folder: string) {
    const clock = this.#clock;
    const { areas, slots, heads } = this;
    const speakers = new SpeakerDirectory();
    const storage = openStorage({ url: `file:${join(folder, 'loa.db')}`, clock });
    const keys = new KeyService({ vault: new KeyFiles({ folder: join(folder, 'keys') }), clock });
    this.#storage = storage;
    this.#keys = keys;
    this.compiler = new PlanCompiler({
      ...{ storage, areas, speakers, keys, slots, heads, clock },
      broadcasts: new SlotBroadcasts({
        ...{ areas, speakers, signer: keys, clock, holdsPlans: () => true },
        ...{ dispatcher: { kick: () => undefined }, events: { publish: () => undefined } },
      }),
      source: new ScheduleSlots({ areas, speakers, holidays: () => DEFAULT_HOLIDAYS }),
      publisher: {
        connected: true,
        publish: async () => {
          this.#published += 1;
        },
      },
      disputed: () => false,
      watermark: () => clock.now(),
      onError: (error) => {
        throw error;
      },
    });
  }

  /** Plan heads that went out. */
  get published(): number {
    return this.#published;
  }

  /** Opens the database; with an empty one enters the territory and the schedules. */
  async open(size: { readonly areas: number; readonly schedules: number } | null): Promise<void> {
    await this.#storage.start();
    await this.#keys.start();
    if (size !== null) await this.#enter(size.areas, size.schedules);
    this.areas.load(await this.#storage.read.areas.all());
  }

  async close(): Promise<void> {
    await this.compiler.stop();
    await this.#keys.stop();
    await this.#storage.stop();
  }

  /** Saves a schedule under another hour and resolves when the plan with it has gone out. */
  async change(id: string, times: readonly string[]): Promise<void> {
    const found = await this.#storage.read.schedules.get(id);
    if (found === null) throw new Error(`there is no schedule ${id}`);
    const rule = { ...found.rule, recurrence: daily(times) };
    const changed: Schedule = { ...found, rule, updatedAt: Math.floor(this.#clock.now()) };
    await this.#storage.transaction((tx) => tx.schedules.save(changed));
    await this.compileAgain();
  }

  async compileFirst(): Promise<void> {
    await this.compiler.start();
    if (!(await this.compiler.caughtUp())) throw new Error('stopped before the first compilation');
  }

  async compileAgain(): Promise<void> {
    this.compiler.changed();
    await this.compiler.compiled();
  }

  async #enter(areas: number, schedules: number): Promise<void> {
    const at = Math.floor(this.#clock.now());
    const sound = sha256('sound');
    const hamlets = Array.from({ length: areas - 1 }, (_, i) => `ap-${i + 1}`);
    await this.#storage.transaction(async (tx) => {
      const place = (id: string, parentId: string | null): Area => ({
        ...{ id, parentId, kind: parentId === null ? 'xã' : 'ấp', name: id, zone: null },
        ...{ policy: parentId === null ? POLICY : null, createdAt: at, retiredAt: null },
      });
      await tx.areas.insert(place(COMMUNE, null));
      for (const id of hamlets) await tx.areas.insert(place(id, COMMUNE));
      await tx.media.put({
        ...{ sha256: sound, bytes: 1_000, durationMs: 60_000, integratedLufs: -16, truePeakDb: -2 },
        ...{ peaks: '[]', chunkList: '{}', chunkListSha256: sha256('{}'), createdAt: at },
      });
      for (let i = 0; i < ANNOUNCEMENTS; i++)
        await tx.announcements.insert(
          asApproved({
            ...{ id: `ann-${i}`, areaId: COMMUNE, title: `Bản tin số ${i}`, category: '', origin: 'own' },
            ...{ language: 'vi', priority: 'normal', text: null, state: 'submitted', stream: null },
            ...{ mediaSha256: sound, approvedSha256: null, stored: false, rejectedReason: null },
            ...{ createdBy: 'bench', composers: ['bench'], recordedBy: null, createdAt: at, updatedAt: at },
            ...{ forAreas: [], decisions: [] },
          }),
        );
    });
    for (let from = 0; from < schedules; from += ROWS)
      await this.#storage.transaction(async (tx) => {
        for (let i = from; i < Math.min(schedules, from + ROWS); i++)
          await tx.schedules.save(schedule(i, hamlets, at));
      });
  }
}

/** Seven of ten for one hamlet, two for several, one for the whole commune; twice a day. */
function schedule(number: number, hamlets: readonly string[], at: number): Schedule {
  const hamlet = (i: number) => hamlets[i % hamlets.length] ?? COMMUNE;
  const kind = number % 10;
  const several = [hamlet(number), hamlet(number + 7), hamlet(number + 13)];
  const areas = kind === 0 ? [COMMUNE] : kind < 3 ? several : [hamlet(number)];
  const time = (hour: number) =>
    `${String(hour + (number % 5)).padStart(2, '0')}:${String((number * 7) % 60).padStart(2, '0')}`;
  return {
    ...{ id: `sch-${number}`, seriesId: `ser-${number}`, areaId: COMMUNE, title: `Lịch ${number}` },
    ...{
      priority: 'normal',
      content: { kind: 'announcement', announcementId: `ann-${number % ANNOUNCEMENTS}` },
    },
    targets: { areas, speakers: [], excludeAreas: [], excludeSpeakers: [] },
    rule: {
      ...{ recurrence: daily([time(5), time(16)]), fromDay: null, untilDay: null },
      ...{ fromInstant: null, beforeInstant: null, changes: [] },
    },
    start: { mode: 'instant', latenessMs: 300_000 },
    ...{ overlap: 'queue', afterInterruption: 'resume', gainDb: 0, makeGood: 'off', windowOverride: null },
    ...{ againOf: null, fallbackId: null, pausedAt: null, pausedBy: null, deletedAt: null },
    ...{ createdBy: 'bench', createdAt: at, updatedAt: at },
  };
}

function daily(times: readonly string[]): Schedule['rule']['recurrence'] {
  return { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times: [...times] };
}
