import type { Instant, Milliseconds } from '#kit';
import { derivedId, type PlayOrder, type Targets, type Window } from '#protocols';
import type { ClearedBy, ClearedSounds, ClearedTargets } from '../announcements/clearance.ts';
import { END_MARGIN_MS } from '../broadcasts/plan-broadcast.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { addDays, instantOf, localDay } from '../policies/zoned-time.ts';
import { explainRule, type Occurrence, type Omission } from './expand.ts';
import type { Schedule } from './schedule.ts';
import { type SessionItem, templateAt } from './session-template.ts';
import type { SlotFacts } from './slot-facts.ts';
import type { Refusal } from './target-rules.ts';

/** A play order but for what the plan adds: id, revision, issuedAt and targets. */
export type SlotOrder = Omit<PlayOrder, 'id' | 'revision' | 'issuedAt' | 'targets' | keyof ClearedSounds> &
  ClearedSounds;

interface SlotName {
  /** Derived from series, original instant and item: it survives edits, splits of the series and a restored backup. */
  readonly broadcastId: string;
  readonly scheduleId: string;
  readonly seriesId: string;
  readonly sessionId: string;
  readonly originalAt: Instant;
  /** Place in the session, from 0. */
  readonly position: number;
  readonly startsAt: Instant;
  readonly title: string;
  /** Those of the schedule; of what goes into a plan the part in which it was approved. */
  readonly targets: Targets;
  /** Areas of the schedule's targets in which nobody approved it. */
  readonly missing: readonly string[];
}

/** One item at one instant, as it goes into a plan. */
export interface MadeSlot extends SlotName {
  readonly latestStartAt: Instant;
  readonly announcementId: string;
  readonly airTimeMs: number;
  readonly order: SlotOrder;
  readonly targets: ClearedTargets;
  /** Those of the schedule. */
  readonly asked: Targets;
  /** The broadcast that it stands for where that is not approved; null: it is itself. */
  readonly insteadOf: string | null;
  /** By whose word it sounds. */
  readonly by: readonly ClearedBy[];
}

/** One item that would be due and does not go into a plan, and why. */
export interface WithheldSlot extends SlotName, Refusal {
  /** Null: not even the content is known any more. */
  readonly announcementId: string | null;
}

export interface Slots {
  readonly slots: readonly MadeSlot[];
  readonly withheld: readonly WithheldSlot[];
}

/** Where nothing closes: a schedule that starts "after what is playing" waits at most so long, and what was interrupted goes on at most until then. */
const LONGEST_WAIT_MS = 12 * 3_600_000;

const DAY_MS = 86_400_000;
/** Occurrences that are made at one go. */
const STEP = 16;

/** Items after the first follow one another: a loudspeaker that ran a little late is not too late for the next. */
const FOLLOWING_LATENESS_MS = 30_000;

/**
 * The slots of one occurrence, and what of it is withheld: nothing is dropped without a word. Pure. The items of a session
 * stand or fall together with the windows and limits of everywhere they are for; with leave of the chairman neither binds.
 */
export function slotsOf(schedule: Schedule, occurrence: Occurrence, facts: SlotFacts): Slots {
  const template = templateAt(schedule, occurrence.originalAt, facts);
  const { fallback } = template;
  const instead = fallback !== null && 'content' in fallback ? [fallback] : [];
  const items = [...template.items, ...instead];
  const silent = [...template.silent, ...(fallback !== null && 'refusal' in fallback ? [fallback] : [])];
  const lengthMs = Math.max(template.lengthMs, ...instead.map((one) => one.airTimeMs));
  const { startsAt } = occurrence;
  const name = namer(schedule, occurrence);
  const replaced = [...template.silent, ...template.items].sort((a, b) => a.position - b.position)[0];
  const withheld = silent.map(
    ({ key, position, announcementId, title, refusal, missing }): WithheldSlot => ({
      ...name(key, position, startsAt, title),
      ...{ announcementId, missing },
      ...(pausedFor(schedule, startsAt) ?? refusal),
    }),
  );
  if (items.length === 0) return { slots: [], withheld };
  const leave = leaveFor(schedule, startsAt, lengthMs, facts);
  if ('code' in leave) {
    for (const { key, position, announcementId, title, offsetMs } of items)
      withheld.push({ ...name(key, position, startsAt + offsetMs, title), announcementId, ...leave });
    return { slots: [], withheld: withheld.sort((a, b) => a.position - b.position) };
  }
  const resumeUntil = startsAt + Math.min(LONGEST_WAIT_MS, sessionLimitMs(schedule, facts));
  const slots = items.map((item): MadeSlot => {
    const { key, position, title, announcementId, airTimeMs, offsetMs, targets, missing, by } = item;
    const insteadOf =
      item === fallback && replaced !== undefined
        ? name(replaced.key, replaced.position, startsAt, replaced.title).broadcastId
        : null;
    const named = {
      ...name(key, position, startsAt + offsetMs, title),
      targets,
      missing,
      asked: schedule.targets,
      insteadOf,
      by,
    };
    const order = orderOf(schedule, named, item, leave.window, resumeUntil);
    return { ...named, latestStartAt: order.latestStartAt, announcementId, airTimeMs, order };
  });
  return { slots, withheld };
}

/** What a slot of the rule at which nothing begins would have been, by item: left out, or begun elsewhere (then nothing). */
export function skippedOf(
  schedule: Schedule,
  { originalAt, change }: Omission,
  facts: SlotFacts,
): WithheldSlot[] {
  if (change.kind !== 'skip') return [];
  const { items, silent } = templateAt(schedule, originalAt, facts);
  const name = namer(schedule, { originalAt });
  const refusal: Refusal = { code: 'schedule.skipped', params: { id: schedule.id, by: change.by } };
  return [
    ...items.map(({ key, position, title, announcementId, offsetMs }) => ({
      ...name(key, position, originalAt + offsetMs, title),
      announcementId,
      ...refusal,
    })),
    ...silent.map(({ key, position, title, announcementId }) => ({
      ...name(key, position, originalAt, title),
      announcementId,
      ...refusal,
    })),
  ].sort((a, b) => a.position - b.position);
}

/** Every slot of a schedule whose session begins in [from, to), and what is withheld or skipped there. Throws `schedule.invalid` for a rule that cannot be. */
export function slotsBetween(
  schedule: Schedule,
  facts: SlotFacts,
  holidays: HolidayTable,
  from: Instant,
  to: Instant,
): Slots {
  const steps = slotSteps(schedule, facts, holidays, from, to);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same in short steps: a cron rule may name thousands, and others have their turn in between. */
export function* slotSteps(
  schedule: Schedule,
  facts: SlotFacts,
  holidays: HolidayTable,
  from: Instant,
  to: Instant,
): Generator<void, Slots> {
  const zone = facts.tree.zoneOf(schedule.areaId);
  const slots: MadeSlot[] = [];
  const skipped: WithheldSlot[] = [];
  const withheld: WithheldSlot[] = [];
  for (let at = from; at < to; at += DAY_MS) {
    const { occurrences, omissions } = explainRule(
      schedule.rule,
      zone,
      holidays,
      at,
      Math.min(to, at + DAY_MS),
    );
    for (const [i, occurrence] of occurrences.entries()) {
      const made = slotsOf(schedule, occurrence, facts);
      slots.push(...made.slots);
      withheld.push(...made.withheld);
      if (i % STEP === STEP - 1) yield;
    }
    for (const omission of omissions) skipped.push(...skippedOf(schedule, omission, facts));
    yield;
  }
  return { slots, withheld: [...withheld, ...skipped] };
}

/** What is withheld of a schedule whose rule cannot be. When it would begin nobody knows: its title, on every local day. */
export function faultySlots(
  schedule: Schedule,
  { code, params }: Refusal,
  { tree }: SlotFacts,
  from: Instant,
  to: Instant,
): Slots {
  const zone = tree.zoneOf(schedule.areaId);
  const { fromInstant, beforeInstant } = schedule.rule;
  const begin = Math.max(from, fromInstant ?? from);
  const end = Math.min(to, beforeInstant ?? to);
  const withheld: WithheldSlot[] = [];
  for (let at = begin; at < end; at = instantOf(zone, addDays(localDay(zone, at), 1), 0)) {
    const name = namer(schedule, { originalAt: at });
    withheld.push({ ...name('rule', 0, at, schedule.title), announcementId: null, code, params });
  }
  return { slots: [], withheld };
}

/** The id of a session: all items of one occurrence. */
export function sessionIdOf({ seriesId }: Pick<Schedule, 'seriesId'>, originalAt: Instant): string {
  return derivedId('ses', seriesId, originalAt);
}

function namer(schedule: Schedule, { originalAt }: Pick<Occurrence, 'originalAt'>) {
  const { id: scheduleId, seriesId, targets } = schedule;
  const sessionId = sessionIdOf(schedule, originalAt);
  return (key: string, position: number, startsAt: Instant, title: string): SlotName => ({
    broadcastId: derivedId('brc', seriesId, originalAt, key),
    ...{ scheduleId, seriesId, sessionId, originalAt, position, startsAt, title, targets, missing: [] },
  });
}

function pausedFor({ id, pausedAt }: Schedule, startsAt: Instant): Refusal | null {
  return pausedAt !== null && startsAt >= pausedAt ? { code: 'schedule.paused', params: { id } } : null;
}

/** The window that a session lies in; null with the chairman's leave; or why it may not sound. */
function leaveFor(
  schedule: Schedule,
  startsAt: Instant,
  lengthMs: number,
  { rules }: SlotFacts,
): { readonly window: Window | null } | Refusal {
  const paused = pausedFor(schedule, startsAt);
  if (paused !== null) return paused;
  if (schedule.windowOverride !== null) return { window: null };
  const window = rules.window(rules.of(schedule.targets), startsAt, lengthMs);
  return 'code' in window ? window : { window };
}

function orderOf(
  schedule: Schedule,
  { broadcastId, sessionId, position, startsAt, title }: SlotName,
  item: SessionItem,
  window: Window | null,
  resumeUntil: Instant,
): SlotOrder {
  const { content, airTimeMs } = item;
  const closesAt = window?.closesAt ?? Number.POSITIVE_INFINITY;
  const latestStartAt = latestStart(schedule, startsAt, position, closesAt - airTimeMs);
  // A stream is of its hour: it ends when it should, however late it began.
  const lastStart = content.kind === 'relay' ? startsAt : latestStartAt;
  const lastEnd = lastStart + airTimeMs + END_MARGIN_MS;
  // What an emergency interrupts goes on after it, as long as the window is open and the session not over.
  const goesOn = schedule.afterInterruption === 'resume' && content.kind !== 'relay' && window !== null;
  const hardEndAt = Math.min(goesOn ? Math.max(lastEnd, resumeUntil) : lastEnd, closesAt);
  return {
    v: 1,
    kind: 'play',
    broadcastId,
    requires: [...item.requires],
    expiresAt: hardEndAt,
    priority: schedule.priority,
    title,
    startsAt,
    latestStartAt: Math.min(latestStartAt, hardEndAt),
    hardEndAt,
    content,
    prelude: item.prelude,
    scheduleId: schedule.id,
    orderedAt: Math.floor(schedule.createdAt),
    session: { id: sessionId, position },
    repeat: item.repeat,
    volume: { gainDb: schedule.gainDb, ignoreCap: false },
    window,
    windowOverride: schedule.windowOverride,
    makesGoodOf: null,
    afterInterruption: schedule.afterInterruption,
    overlap: schedule.overlap,
    test: false,
    drill: false,
    releases: [],
  };
}

/** The longest that a session may last everywhere it is for. */
function sessionLimitMs({ targets }: Schedule, { rules }: SlotFacts): Milliseconds {
  const limits = rules.of(targets).map(({ policy }) => policy.sessionMinutes ?? Number.POSITIVE_INFINITY);
  return Math.min(...limits) * 60_000;
}

/** `lastFit`: the latest start at which all of it still sounds before the window closes. */
function latestStart({ start }: Schedule, startsAt: Instant, position: number, lastFit: number): Instant {
  const fits = Math.max(startsAt, Math.min(lastFit, startsAt + LONGEST_WAIT_MS));
  switch (start.mode) {
    case 'after':
      return fits;
    case 'wait':
      return Math.min(fits, startsAt + start.minutes * 60_000);
    case 'instant': {
      const latenessMs =
        position === 0 ? start.latenessMs : Math.max(start.latenessMs, FOLLOWING_LATENESS_MS);
      return Math.min(fits, startsAt + latenessMs);
    }
  }
}
