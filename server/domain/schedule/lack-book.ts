import { type Clock, Exclusive, type Instant, type Milliseconds } from '#kit';
import { PLAN_HORIZON_DAYS, type SessionTooLong, type Targets } from '#protocols';
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
import { tooLongOf } from './session-too-long.ts';
import type { SlotFacts } from './slot-facts.ts';
import { type MadeSlot, type Slots, slotSteps, type WithheldSlot } from './slots.ts';

const DAY_MS: Milliseconds = 24 * 3_600_000;
/** What is waited for may sound within the days that a plan holds. */
const HORIZON_MS: Milliseconds = PLAN_HORIZON_DAYS * DAY_MS;

/** What is planned of an announcement, and what of that begins within the days of a plan. */
export interface Lack {
  /** Areas in which that lacks an approval. */
  readonly areas: ReadonlySet<string>;
  /** Leaves for series by which some of it sounds. */
  readonly leaves: readonly StandingApproval[];
  /** What of it is longer than leaves for its series let it be, the earliest first, and where that is why it lacks an approval. */
  readonly tooLong: readonly TooLongThere[];
}

interface TooLongThere extends SessionTooLong {
  readonly areas: readonly string[];
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
  readonly tooLong: SessionTooLong | null;
  /** When these sessions begin. */
  readonly at: Instant[];
}

/** What a schedule airs within the days of a plan. */
interface Aired {
  readonly airings: readonly Airing[];
  /** When the last of its sessions begins, whatever withholds it; infinite where its rule cannot be: it may be another one tomorrow. */
  readonly lastAt: Instant;
}

/** What was found of an announcement so far. */
interface Found {
  readonly areas: Set<string>;
  readonly leaves: Map<string, StandingApproval>;
  readonly tooLong: (TooLongThere & { readonly first: Instant })[];
}

/** The same from this day on, and all that it was made from: compared as objects. */
interface Known extends Aired {
  readonly day: Instant;
  readonly made: readonly unknown[];
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

  /**
   * Of these announcements those that some schedule may still air, also as a fallback, in however many days and also if it is paused; what lacks an approval, and what
   * has a leave, of what begins within the next fourteen days.
   */
  of(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, Lack>> {
    return this.#turns.run(() => this.#of(ids));
  }

  /** The announcements that schedules in force name, also as a fallback: all that some schedule may still air, and some more. */
  async named(): Promise<ReadonlySet<string>> {
    const { read } = this.#options;
    const schedules = await read.schedules.active();
    const programmes = await read.programmes.some(
      schedules.flatMap(({ content }) => (content.kind === 'programme' ? content.programmeId : [])),
    );
    return new Set([
      ...schedules.flatMap(({ content }) => (content.kind === 'announcement' ? content.announcementId : [])),
      ...schedules.flatMap(({ fallbackId }) => fallbackId ?? []),
      ...programmes.flatMap(({ items }) => items.map(({ announcementId }) => announcementId)),
    ]);
  }

  async #of(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, Lack>> {
    const { read, guard, clock } = this.#options;
    const found = new Map<string, Found>();
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
      const aired = airedBy(schedule, facts).filter((id) => ids.has(id));
      if (aired.length === 0) continue;
      const leaves = facts.standing.get(schedule.seriesId) ?? [];
      const about = (id: string) => {
        const known: Found = found.get(id) ?? { areas: new Set(), leaves: new Map(), tooLong: [] };
        found.set(id, known);
        return known;
      };
      if (schedule.pausedAt !== null) {
        aired.forEach(about);
        continue;
      }
      const { airings, lastAt } = await this.#aired(schedule, facts, { from, standing, leaves }, turns);
      // After the days that were made: nobody has looked, so it may.
      if (lastAt >= from || mayBeginFrom(schedule, to)) aired.forEach(about);
      for (const { announcementId, lacks, leaves: by, tooLong, at } of airings) {
        const first = Math.min(...at.filter((begins) => from <= begins && begins < to));
        if (!ids.has(announcementId) || first === Number.POSITIVE_INFINITY) continue;
        const known = about(announcementId);
        if (tooLong !== null) known.tooLong.push({ ...tooLong, areas: lacks, first });
        for (const id of lacks) known.areas.add(id);
        for (const leave of leaves) if (by.includes(leave.id)) known.leaves.set(leave.id, leave);
      }
    }
    return new Map(
      [...found].map(([id, { areas, leaves, tooLong }]) => {
        tooLong.sort((a, b) => a.first - b.first);
        return [id, { areas, leaves: [...leaves.values()], tooLong }];
      }),
    );
  }

  async #aired(
    schedule: Schedule,
    facts: SlotFacts,
    { from, standing, leaves }: { from: Instant; standing: string; leaves: readonly StandingApproval[] },
    turns: Turns,
  ): Promise<Aired> {
    const { table } = this.#options.holidays;
    const day = Math.floor(from / DAY_MS) * DAY_MS;
    const { tree, territory } = facts;
    const places = schedule.targets.speakers.map((id) => territory.areaOfSpeaker(id)).join(' ');
    const made = [tree, table, standing, places, schedule, ...contentOf(schedule, facts), ...leaves];
    const before = this.#known.get(schedule.id);
    if (before !== undefined && before.day === day && isSame(before.made, made)) return before;
    this.#made += 1;
    // A day more than is asked for: so it holds until that day is over.
    const steps = () => slotSteps(schedule, facts, table, day, day + DAY_MS + HORIZON_MS);
    const faulty = faultOf(schedule.rule, table) !== null;
    const aired = faulty
      ? { airings: [], lastAt: Number.POSITIVE_INFINITY }
      : airedOf(await inTurns(steps(), turns), territory);
    this.#known.set(schedule.id, { day, made, ...aired });
    return aired;
  }

  #forget(schedules: readonly Schedule[]): void {
    const ids = new Set(schedules.map(({ id }) => id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}

/** The announcements that a schedule airs, also as a fallback. */
function airedBy({ content, fallbackId }: Schedule, facts: SlotFacts): string[] {
  const ids = announcementsOf(content, facts).map(({ id }) => id);
  return fallbackId === null ? ids : [...ids, fallbackId];
}

function airedOf({ slots, withheld }: Slots, territory: Territory): Aired {
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
    const tooLong = tooLongOf(one);
    const key = JSON.stringify([announcementId, lacks, leaves, tooLong]);
    const known = found.get(key) ?? { announcementId, lacks, leaves, tooLong, at: [] };
    found.set(key, known);
    known.at.push(begins.get(sessionId) ?? startsAt);
  }
  return { airings: [...found.values()], lastAt: Math.max(Number.NEGATIVE_INFINITY, ...begins.values()) };
}

/** Codes of what is withheld for want of an approval. */
const UNAPPROVED: readonly string[] = [
  'schedule.not_approved',
  'approval.session_too_long',
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
