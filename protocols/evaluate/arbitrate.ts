import type { Priority } from '../documents/order.ts';
import type { ErrorCode } from '../errors/index.ts';
import { type Item, soundsMs } from './item.ts';
import { limitsSessions, type Session, type SessionLimit, sessionLimit, sessionsOf } from './sessions.ts';
import { type Situation, sureOf, type Verdict } from './situation.ts';
import { cutCode, endOf, PREPARE_MS, type Timing, timingOf } from './timing.ts';

/** Without trusted time an emergency is of this moment when the true time may be so close to its start. */
const EMERGENCY_NEAR_MS = 15_000;

const RANK: Readonly<Record<Priority, number>> = { emergency: 0, priority: 1, normal: 2 };

/** An item that may begin: now if it is due, or within `PREPARE_MS`. */
interface Candidate {
  readonly item: Item;
  readonly beginsAt: number;
  readonly due: boolean;
}

/**
 * What sounds now. Pure, and independent of the order of its lists. One thing at a time, and a priority item that may speak over a
 * normal one; only an emergency pre-empts; others queue: what is due, the higher priority first, equal ones by plan.
 * Maintenance holds everything, for somebody stands at the horns; so does a latch, unless an emergency names it; mute
 * (a quiet hour) holds everything but an emergency, which is there to save lives. Outside the windows of the loudspeaker's own
 * rules nothing but an emergency sounds without leave of a person. Untrusted or disputed time keeps planned items from
 * beginning; what sounds already goes on. An emergency of this moment that has just come sounds without trusted time, at once.
 */
export function arbitrate(situation: Situation): Verdict {
  const { now, items, current, voice } = situation;
  const over: { id: string; code: ErrorCode }[] = [];
  const passed: { id: string; code: ErrorCode }[] = [];
  const blocked = new Map<string, ErrorCode>();
  const startable: Candidate[] = [];
  const next = new NextLook(situation);
  next.untilHoldsEnd();
  const limits = sessionLimits(situation);
  const sure = sureOf(situation);
  for (const item of items) {
    if (item.id === current || item.id === voice) {
      next.whileItSounds(item);
      continue;
    }
    const end = endOf(item);
    // A repetition that would begin after the end does not take the output first.
    const never = item.plannedAt >= end;
    const isEnd = never || sure >= end;
    const isOver = isEnd || sure > lastStartOf(item);
    if (!isOver) next.untilItBegins(item);
    if (!isOver && now < item.plannedAt - PREPARE_MS && !soundsAnyway(item, situation)) continue;
    const timing = timingOf(item, situation);
    const block = startBlock(item, timing, situation);
    if (isOver) {
      const late = block ?? trouble(item) ?? item.blockedBy ?? 'order.too_late';
      const code = never ? (item.blockedBy ?? cutCode(item, end)) : late;
      // Of what keeps its end, the end is that of this repetition: the next has its own.
      (item.more && (item.keepsEnd || !isEnd) ? passed : over).push({ id: item.id, code });
      continue;
    }
    next.at(timing.beginsAt - PREPARE_MS);
    next.at(timing.beginsAt);
    const early = now < timing.beginsAt - PREPARE_MS && !soundsAnyway(item, situation);
    if (early && now < item.plannedAt) continue;
    const limit = limits(item, timing);
    if (limit !== null && limit.until !== null) next.at(limit.until);
    const code = block ?? limit?.code ?? (early ? 'order.outside_window' : trouble(item));
    if (code !== null) blocked.set(item.id, code);
    else startable.push(candidate(item, timing, situation));
  }
  startable.sort(precedence);
  const choice = choose(startable, situation);
  const waitsFor = queue(startable, choice, blocked);
  const { sound, stop, voice: speaks, stopVoice } = choice;
  return { sound, stop, voice: speaks, stopVoice, over, passed, blocked, waitsFor, nextAt: next.instant };
}

/** What was held up by nothing but sound may begin while that hands over. */
function lastStartOf({ blockedBy, latestStartAt, handOverUntil }: Item): number {
  return blockedBy === null || blockedBy === 'order.queued' ? handOverUntil : latestStartAt;
}

/** An emergency of this moment, on a loudspeaker that does not know the time. One that is planned for later waits. */
export function soundsAnyway(
  item: Pick<Item, 'priority' | 'fresh' | 'plannedAt'>,
  { trust, notBefore }: Pick<Situation, 'trust' | 'notBefore'>,
): boolean {
  const emergency = item.priority === 'emergency' && item.fresh;
  return emergency && trust !== 'trusted' && item.plannedAt - notBefore <= EMERGENCY_NEAR_MS;
}

/** What keeps everything, or all but emergencies, from sounding. */
function hold(item: Item, { maintenance, latches, muted }: Situation): ErrorCode | null {
  const emergency = item.priority === 'emergency';
  if (maintenance) return 'order.maintenance';
  if (latches.some((latch) => !emergency || !item.releases.includes(latch))) return 'order.latched';
  return muted && !emergency ? 'order.muted' : null;
}

function startBlock(item: Item, timing: Timing, situation: Situation): ErrorCode | null {
  const held = hold(item, situation);
  if (held !== null || soundsAnyway(item, situation)) return held;
  if (situation.trust !== 'trusted') return 'order.time_untrusted';
  if (isPlanOver(item, Math.max(sureOf(situation), timing.beginsAt))) return 'plan.expired';
  if (item.priority !== 'emergency' && !situation.journalOk) return 'storage.disk_full';
  return timing.code;
}

function isPlanOver({ plannedUntil }: Item, instant: number): boolean {
  return plannedUntil !== null && instant >= plannedUntil;
}

/** Tells of each item which limit of sessions it would break if it began as soon as it may. */
function sessionLimits(situation: Situation): (item: Item, timing: Timing) => SessionLimit | null {
  const { now, rules } = situation;
  if (rules === null || !limitsSessions(rules)) return () => null;
  let sessions: Session[] | undefined;
  return (item, { beginsAt, endsAt, code }) => {
    if (code !== null || item.priority === 'emergency' || item.test || item.override) return null;
    // Worked out as late as this: mostly nobody needs it.
    sessions ??= sessionsOf(situation.history);
    const startsAt = Math.max(now, beginsAt);
    const lengthMs = Math.min(soundsMs(item, startsAt), endsAt - startsAt);
    return sessionLimit(rules, sessions, startsAt, lengthMs, Math.min(item.remainingMs, endsAt - beginsAt));
  };
}

function choose(
  startable: readonly Candidate[],
  situation: Situation,
): Pick<Verdict, 'sound' | 'stop' | 'voice' | 'stopVoice'> {
  const { items, current, voice } = situation;
  const first = startable[0]?.item;
  const sounding = items.find(({ id }) => id === current);
  const speaking = items.find(({ id }) => id === voice);
  const stop = sounding === undefined ? null : stopReason(sounding, first, situation);
  const stopVoice = speaking === undefined ? null : stopReason(speaking, first, situation);
  const goesOn = stop === null ? sounding : undefined;
  const speaksOn = stopVoice === null ? speaking : undefined;
  if (goesOn === undefined) {
    const sound = speaksOn === undefined ? (first?.id ?? null) : null;
    return { sound, stop, voice: speaksOn?.id ?? null, stopVoice };
  }
  const ducking = goesOn.priority === 'normal' ? startable.find(({ item }) => speaksOver(item)) : undefined;
  return { sound: goesOn.id, stop, voice: speaksOn?.id ?? ducking?.item.id ?? null, stopVoice };
}

function speaksOver({ priority, overlap }: Item): boolean {
  return priority === 'priority' && overlap === 'duck';
}

function stopReason(sounding: Item, first: Item | undefined, situation: Situation): ErrorCode | null {
  const held = hold(sounding, situation);
  if (held !== null) return held;
  if (situation.trust === 'trusted') {
    const { now } = situation;
    const timing = timingOf(sounding, situation);
    if (isPlanOver(sounding, sureOf(situation))) return 'plan.expired';
    if (timing.code !== null) return timing.code;
    // Silence before its start belongs to it.
    if (timing.beginsAt > Math.max(now, sounding.plannedAt) + PREPARE_MS) return 'order.outside_window';
  }
  const emergency = first?.priority === 'emergency' && sounding.priority !== 'emergency';
  return emergency ? 'order.preempted' : null;
}

function candidate(item: Item, { beginsAt }: Timing, situation: Situation): Candidate {
  return { item, beginsAt, due: beginsAt <= situation.now || soundsAnyway(item, situation) };
}

function trouble(item: Item): ErrorCode | null {
  return item.ready ? null : (item.trouble ?? 'cache.unreachable');
}

/** Emergencies first, then what is due. Emergencies and priority items in the order of their orders, normal ones by plan. */
function precedence(a: Candidate, b: Candidate): number {
  const rank = RANK[a.item.priority] - RANK[b.item.priority];
  if (rank !== 0 && (a.item.priority === 'emergency' || b.item.priority === 'emergency')) return rank;
  if (a.due !== b.due) return a.due ? -1 : 1;
  const begins = a.due ? 0 : a.beginsAt - b.beginsAt;
  return begins || rank || (a.item.priority === 'normal' ? byPlan(a.item, b.item) : byOrder(a.item, b.item));
}

function byPlan(a: Item, b: Item): number {
  return a.plannedAt - b.plannedAt || a.position - b.position || byOrder(a, b);
}

function byOrder(a: Item, b: Item): number {
  return a.issuedAt - b.issuedAt || a.plannedAt - b.plannedAt || a.position - b.position || byId(a, b);
}

function byId(a: Item, b: Item): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** Says of what is due and does not begin which item it waits for. */
function queue(
  startable: readonly Candidate[],
  { sound, voice }: Pick<Verdict, 'sound' | 'voice'>,
  blocked: Map<string, ErrorCode>,
): Map<string, string> {
  const waitsFor = new Map<string, string>();
  const taken = sound ?? voice;
  for (const { item, due } of startable) {
    if (taken === null || item.id === sound || item.id === voice || !due) continue;
    blocked.set(item.id, 'order.queued');
    waitsFor.set(item.id, taken);
  }
  return waitsFor;
}

/** The first instant after now at which to look again. */
class NextLook {
  readonly #situation: Situation;
  #instant = Number.POSITIVE_INFINITY;

  constructor(situation: Situation) {
    this.#situation = situation;
  }

  get instant(): number | null {
    return this.#instant === Number.POSITIVE_INFINITY ? null : this.#instant;
  }

  at(instant: number): void {
    if (instant > this.#situation.now && instant < this.#instant) this.#instant = instant;
  }

  untilItBegins(item: Item): void {
    this.at(item.plannedAt - PREPARE_MS);
    this.at(item.plannedAt);
    if (this.#situation.trust !== 'trusted') this.#certainly(item.plannedAt - EMERGENCY_NEAR_MS);
    this.#certainly(item.latestStartAt + 1);
    this.#certainly(item.handOverUntil + 1);
    this.#certainly(endOf(item));
  }

  /** A quiet hour or maintenance that ends wakes nobody else. */
  untilHoldsEnd(): void {
    for (const until of this.#situation.holdEnds) this.#certainly(until);
  }

  /** Its rules, their window or its plan may end, and earlier than they said when it began: of that the output does not know. */
  whileItSounds(item: Item): void {
    const { trust, rules } = this.#situation;
    if (trust !== 'trusted') return;
    if (item.plannedUntil !== null) this.at(item.plannedUntil);
    if (item.priority === 'emergency' || rules === null) return;
    this.at(rules.until);
    this.at(timingOf(item, this.#situation).endsAt);
  }

  /** What is certain of the time grows as fast as time does. */
  #certainly(instant: number): void {
    this.at(this.#situation.now + instant - sureOf(this.#situation));
  }
}
