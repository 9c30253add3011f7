import { type Clock, Exclusive, type Instant, type Milliseconds } from '#kit';
import { PLAN_HORIZON_DAYS, type Targets } from '#protocols';
import type { StandingApproval } from '../announcements/standing-approval.ts';
import { areasMeant } from '../areas/meant.ts';
import type { Territory } from '../areas/territory.ts';
import { KeptFacts } from '../plans/kept-facts.ts';
import { inTurns, Turns } from '../turns.ts';
import { contentOf } from './asked-at.ts';
import { announcementsOf } from './draft.ts';
import { mayBeginFrom } from './ended.ts';
import type { HolidayBook } from './holiday-book.ts';
import { faultOf } from './originals.ts';
import type { Schedule } from './schedule.ts';
import type { ScheduleGuard, ScheduleReads } from './schedule-guard.ts';
import type { SlotFacts } from './slot-facts.ts';
import { type MadeSlot, type Slots, slotSteps, type WithheldSlot } from './slots.ts';

const DAY_MS: Milliseconds = 24 * 3_600_000;
/** What is waited for may sound within the days that a plan holds. */
const HORIZON_MS: Milliseconds = PLAN_HORIZON_DAYS * DAY_MS;

/** What is planned of an announcement. */
export interface Lack {
  /** Areas in which that lacks an approval. */
  readonly areas: ReadonlySet<string>;
  /** Leaves for series by which some of it sounds. */
  readonly leaves: readonly StandingApproval[];
}

export interface LackBookOptions {
  readonly read: ScheduleReads;
  readonly guard: ScheduleGuard;
  readonly holidays: Pick<HolidayBook, 'table'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** Sessions of one schedule in which an announcement sounds, or does not, in the same way. */
interface Airing {
  readonly announcementId: string;
  readonly lacks: readonly string[];
  /** Ids of the leaves. */
  readonly leaves: readonly string[];
  /** When these sessions begin. */
  readonly at: Instant[];
}

/** What a schedule airs from this day on, and all that it was made from: compared as objects. */
interface Known {
  readonly day: Instant;
  readonly made: readonly unknown[];
  readonly airings: readonly Airing[];
}

/**
 * Says of announcements what is planned of them within the days of a plan, and what of it lacks an approval. Whoever asks has it as the database is at that
 * moment; the slots of a schedule are made anew only when something changed that they are made from, and once a day. Memory: what the schedules in force air.
 */
export class LackBook {
  readonly #options: LackBookOptions;
  readonly #kept = new KeptFacts();
  readonly #known = new Map<string, Known>();
  /** One asking at a time: two would forget each other's objects. */
  readonly #turns = new Exclusive();
  #made = 0;

  constructor(options: LackBookOptions) {
    this.#options = options;
  }

  /** How often the slots of a schedule were made so far. */
  get made(): number {
    return this.#made;
  }

  /** Of these announcements those that are planned to begin within the next fourteen days, also as a fallback. */
  of(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, Lack>> {
    return this.#turns.run(() => this.#of(ids));
  }

  async #of(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, Lack>> {
    const { read, guard, clock } = this.#options;
    const found = new Map<string, { areas: Set<string>; leaves: Map<string, StandingApproval> }>();
    if (ids.size === 0) return new Map();
    const turns = new Turns(clock);
    const from = clock.now();
    const to = from + HORIZON_MS;
    const active = (await read.schedules.active()).filter((one) => mayBeginFrom(one, from));
    const schedules = await this.#kept.schedules(active, turns);
    const facts = await this.#kept.facts(await guard.facts(read, schedules), turns);
    const standing = areasWithSpeakers(facts.territory);
    this.#forget(schedules);
    for (const schedule of schedules) {
      await turns.take();
      if (schedule.pausedAt !== null || !airs(schedule, facts, ids)) continue;
      const leaves = facts.standing.get(schedule.seriesId) ?? [];
      for (const { announcementId, lacks, leaves: by, at } of await this.#airings(
        schedule,
        facts,
        { from, standing, leaves },
        turns,
      )) {
        if (!ids.has(announcementId) || !at.some((begins) => from <= begins && begins < to)) continue;
        const known = found.get(announcementId) ?? { areas: new Set(), leaves: new Map() };
        found.set(announcementId, known);
        for (const id of lacks) known.areas.add(id);
        for (const leave of leaves) if (by.includes(leave.id)) known.leaves.set(leave.id, leave);
      }
    }
    return new Map(
      [...found].map(([id, { areas, leaves }]) => [id, { areas, leaves: [...leaves.values()] }]),
    );
  }

  async #airings(
    schedule: Schedule,
    facts: SlotFacts,
    { from, standing, leaves }: { from: Instant; standing: string; leaves: readonly StandingApproval[] },
    turns: Turns,
  ): Promise<readonly Airing[]> {
    const { table } = this.#options.holidays;
    const day = Math.floor(from / DAY_MS) * DAY_MS;
    const { tree, territory } = facts;
    const places = schedule.targets.speakers.map((id) => territory.areaOfSpeaker(id)).join(' ');
    const made = [tree, table, standing, places, schedule, ...contentOf(schedule, facts), ...leaves];
    const before = this.#known.get(schedule.id);
    if (before !== undefined && before.day === day && isSame(before.made, made)) return before.airings;
    this.#made += 1;
    // A day more than is asked for: so it holds until that day is over.
    const steps = () => slotSteps(schedule, facts, table, day, day + DAY_MS + HORIZON_MS);
    const faulty = faultOf(schedule.rule, table) !== null;
    const airings = faulty ? [] : airingsOf(await inTurns(steps(), turns), territory);
    this.#known.set(schedule.id, { day, made, airings });
    return airings;
  }

  #forget(schedules: readonly Schedule[]): void {
    const ids = new Set(schedules.map(({ id }) => id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}

/** Whether a schedule airs one of these announcements, also as a fallback. */
function airs({ content, fallbackId }: Schedule, facts: SlotFacts, ids: ReadonlySet<string>): boolean {
  return (
    announcementsOf(content, facts).some(({ id }) => ids.has(id)) ||
    (fallbackId !== null && ids.has(fallbackId))
  );
}

function airingsOf({ slots, withheld }: Slots, territory: Territory): Airing[] {
  const all = [...slots, ...withheld];
  const begins = new Map<string, Instant>();
  for (const { sessionId, startsAt } of all)
    begins.set(sessionId, Math.min(startsAt, begins.get(sessionId) ?? startsAt));
  const meant = new Map<Targets, readonly string[]>();
  const areasOf = (targets: Targets) => {
    const known = meant.get(targets) ?? [...areasMeant(targets, territory)];
    meant.set(targets, known);
    return known;
  };
  const found = new Map<string, Airing>();
  for (const one of all) {
    const { announcementId, sessionId, startsAt } = one;
    const lacks = lackOf(one, areasOf);
    if (lacks === undefined || announcementId === null) continue;
    const leaves = 'by' in one ? one.by.flatMap((by) => (by.kind === 'standing' ? by.id : [])) : [];
    const key = JSON.stringify([announcementId, lacks, leaves]);
    const known = found.get(key) ?? { announcementId, lacks, leaves, at: [] };
    found.set(key, known);
    known.at.push(begins.get(sessionId) ?? startsAt);
  }
  return [...found.values()];
}

/** Codes of what is withheld for want of an approval. */
const UNAPPROVED: readonly string[] = [
  'schedule.not_approved',
  'approval.areas_missing',
  'approval.scattered',
];

/** Where an item lacks an approval; undefined: it is withheld for another reason, and nothing is known of it. */
function lackOf(
  one: MadeSlot | WithheldSlot,
  areasOf: (targets: Targets) => readonly string[],
): readonly string[] | undefined {
  if (!('code' in one)) return one.missing;
  if (!UNAPPROVED.includes(one.code)) return undefined;
  // Of a fallback that is not approved only this is known.
  return one.missing.length > 0 ? one.missing : areasOf(one.targets);
}

/** Where something lacks an approval depends on where speakers in use stand. */
function areasWithSpeakers({ tree, hasSpeakers }: Territory): string {
  return [...tree.ids()].filter((id) => hasSpeakers(id)).join(' ');
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
