import type { Instant } from '#kit';
import { DomainError } from '#protocols';
import { type ClearedTargets, partOf } from '../announcements/clearance.ts';
import type { AreaTree } from '../areas/area.ts';
import { territoryOf } from '../areas/territory.ts';
import { planTargets } from '../broadcasts/plan-targets.ts';
import type { SpeakerIndex, Targetable } from '../broadcasts/resolve-targets.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { askedAtOf, contentOf } from '../schedule/asked-at.ts';
import { mayBeginFrom } from '../schedule/ended.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { sessionsOfSlots } from '../schedule/session-limits.ts';
import { readSlotFacts, type SlotFacts as ScheduleFacts } from '../schedule/slot-facts.ts';
import { type Slots, slotSteps } from '../schedule/slots.ts';
import { TargetRules } from '../schedule/target-rules.ts';
import type { Turns } from '../turns.ts';
import { KeptFacts } from './kept-facts.ts';
import type { DraftedSession, ScheduleDrafts, SlotFacts, SlotSource } from './slot-draft.ts';

/** Parts of a series that ended longer before the range have nothing in it, and nothing that still sounds. */
const ENDED_MS = 2 * 24 * 3_600_000;

export interface ScheduleSlotsOptions {
  readonly areas: { readonly tree: AreaTree };
  readonly speakers: SpeakerIndex;
  readonly holidays: () => HolidayTable;
}

/** The drafts of one schedule, and all that they were made from. */
interface Known {
  readonly drafts: ScheduleDrafts;
  readonly from: Instant;
  readonly to: Instant;
  /** Tree, holidays, schedule, programme, announcements and files: compared as objects. */
  readonly made: readonly unknown[];
  /** Where the speakers lie that it names. */
  readonly places: string;
}

/** Makes the slots of the schedules that are stored, and keeps them while nothing changes of what they are made from. */
export class ScheduleSlots implements SlotSource {
  readonly #options: ScheduleSlotsOptions;
  readonly #kept = new KeptFacts();
  #rules: { readonly tree: AreaTree; readonly places: string; readonly rules: TargetRules } | undefined;
  #known = new Map<string, Known>();

  constructor(options: ScheduleSlotsOptions) {
    this.#options = options;
  }

  async read(
    stores: Parameters<SlotSource['read']>[0],
    range: { readonly from: Instant; readonly to: Instant },
    turns: Turns,
  ): Promise<SlotFacts> {
    const { areas, speakers } = this.#options;
    const { tree } = areas;
    const territory = territoryOf(tree, speakers);
    const { areaOfSpeaker } = territory;
    const active = (await stores.schedules.active()).filter((one) =>
      mayBeginFrom(one, range.from - ENDED_MS),
    );
    const schedules = await this.#kept.schedules(active, turns);
    await turns.turn();
    const read = await readSlotFacts(stores, territory, schedules);
    const places = new Map(schedules.map((one) => [one.id, placesOf(one, areaOfSpeaker)]));
    const rules = this.#rulesOf(tree, [...places.values()].join('|'), areaOfSpeaker);
    const facts: ScheduleFacts = { ...(await this.#kept.facts(read, turns)), rules };
    const holidays = this.#options.holidays();
    const known = new Map<string, Known>();
    for (const schedule of schedules) {
      const leaves = facts.standing.get(schedule.seriesId) ?? [];
      const made = [tree, holidays, schedule, ...contentOf(schedule, facts), ...leaves];
      const here = { ...range, made, places: places.get(schedule.id) ?? '' };
      const before = this.#known.get(schedule.id);
      known.set(
        schedule.id,
        before !== undefined && isSame(before, here)
          ? before
          : { ...here, drafts: await this.#expand(schedule, facts, holidays, range, turns) },
      );
      await turns.take();
    }
    this.#known = known;
    return { drafts: [...known.values()].map(({ drafts }) => drafts), rules };
  }

  #rulesOf(tree: AreaTree, places: string, areaOfSpeaker: (id: string) => string | undefined): TargetRules {
    if (this.#rules?.tree !== tree || this.#rules.places !== places)
      this.#rules = { tree, places, rules: new TargetRules({ tree, areaOfSpeaker }) };
    return this.#rules.rules;
  }

  async #expand(
    schedule: Schedule,
    facts: ScheduleFacts,
    holidays: HolidayTable,
    { from, to }: { readonly from: Instant; readonly to: Instant },
    turns: Turns,
  ): Promise<ScheduleDrafts> {
    const askedAt = askedAtOf(schedule, facts);
    let made: Slots;
    try {
      const steps = slotSteps(schedule, facts, holidays, from, to);
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) await turns.take();
      made = step.value;
    } catch (error) {
      // One that cannot be expanded any more is no reason to plan nothing else.
      if (!(error instanceof DomainError)) throw error;
      return { schedule, slots: [], withheld: [], sessions: [], failed: error, askedAt };
    }
    const { slots, withheld } = made;
    await turns.take();
    const { speakers } = this.#options;
    const planned = new Map<ClearedTargets, ClearedTargets>();
    const targetsOf = (cleared: ClearedTargets) => {
      const known = planned.get(cleared);
      if (known !== undefined) return known;
      // One that is blocked or retired is named in no plan, as everywhere.
      const targets = planTargets(cleared, facts.tree, {
        get: (id) => inUse(speakers, id),
        inAreas: (areaIds) => speakers.inAreas(areaIds),
      });
      const part = partOf(cleared, targets, facts.territory);
      planned.set(cleared, part);
      return part;
    };
    const { areaId } = schedule;
    const bySession = new Map<string, string[]>();
    for (const { sessionId, broadcastId } of slots) {
      const ids = bySession.get(sessionId);
      if (ids === undefined) bySession.set(sessionId, [broadcastId]);
      else ids.push(broadcastId);
    }
    return {
      schedule,
      slots: slots.map(
        ({ broadcastId, scheduleId, announcementId, sessionId, originalAt, position, targets, order }) => ({
          ...{ broadcastId, scheduleId, announcementId, areaId, seriesId: schedule.seriesId, sessionId },
          ...{ originalAt, position, targets: targetsOf(targets), order },
        }),
      ),
      withheld: withheld.map(({ broadcastId, code }) => ({ broadcastId, code })),
      sessions: sessionsOfSlots(slots).map(
        (session): DraftedSession => ({ ...session, broadcastIds: bySession.get(session.sessionId) ?? [] }),
      ),
      ...{ failed: null, askedAt },
    };
  }
}

/** A speaker that is used; undefined for one that is blocked, retired or unknown. */
function inUse(speakers: SpeakerIndex, id: string): Targetable | undefined {
  const speaker = speakers.get(id);
  return speaker?.lifecycle === 'enrolled' || speaker?.lifecycle === 'active' ? speaker : undefined;
}

function placesOf({ targets }: Schedule, areaOfSpeaker: (id: string) => string | undefined): string {
  return targets.speakers.map((id) => areaOfSpeaker(id) ?? '').join();
}

function isSame(a: Omit<Known, 'drafts'>, b: Omit<Known, 'drafts'>): boolean {
  return (
    a.from === b.from &&
    a.to === b.to &&
    a.places === b.places &&
    a.made.length === b.made.length &&
    a.made.every((one, i) => one === b.made[i])
  );
}
