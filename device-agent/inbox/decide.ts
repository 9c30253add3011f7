import {
  AGENT_CAPABILITIES,
  airTimeMs,
  completePolicy,
  DomainError,
  type LocalRules,
  MAX_TEST_MS,
  type OrderHeader,
  openWindowAt,
  PLAYED_SHARE,
  type PlayOrder,
  repetitionMs,
  rulesCover,
  sureOf,
  type Trust,
  targetsInclude,
  testWindowAt,
} from '#protocols';
import type { OrderRecord } from '../state/order-store.ts';
import { isPlayableKind } from './content-of.ts';

/** What an order is judged by, beside itself. */
export interface OrderFacts {
  /** Best known time. */
  readonly now: number;
  readonly trust: Trust;
  /** The true time is not before this, whatever the clocks say. */
  readonly notBefore: number;
  readonly speakerId: string;
  /** Ancestry of the assignment; empty without one. */
  readonly areas: readonly string[];
  /** The rules that hold here; null before the first assignment: then `arbitrate` keeps silent. */
  readonly rules: LocalRules | null;
  /** An order of the same id that was accepted before. */
  readonly sameId: OrderRecord | undefined;
  /** What was accepted of the same broadcast. */
  readonly sameBroadcast: readonly OrderRecord[];
  /** Share (0 to 1) of a broadcast's content that sounded here, by the journal. */
  readonly soundedShare: (broadcastId: string) => number;
  /** Whether the journal tells of a play of a broadcast, whatever became of the order's record. */
  readonly hasBegun: (broadcastId: string) => boolean;
}

/** Whether an order on an area's topic simply leaves this loudspeaker out: nothing to answer. */
export function leavesOut(order: OrderHeader, facts: Pick<OrderFacts, 'speakerId' | 'areas'>): boolean {
  const { targets } = order;
  const excluded =
    targets.excludeSpeakers.includes(facts.speakerId) ||
    facts.areas.some((area) => targets.excludeAreas.includes(area));
  return excluded && !targets.speakers.includes(facts.speakerId);
}

/** What holds for orders of every kind. Throws the code of the refusal. */
export function checkHeader(order: OrderHeader, facts: OrderFacts): void {
  const { id: orderId } = order;
  if (!targetsInclude(order.targets, facts.speakerId, facts.areas))
    throw new DomainError('order.not_for_us', { orderId, speakerId: facts.speakerId });
  // Without trusted time only what is certain counts against an order.
  if (sureOf(facts) >= order.expiresAt)
    throw new DomainError('order.expired', {
      orderId,
      expiresAt: new Date(order.expiresAt).toISOString(),
    });
  if (facts.sameId !== undefined) throw new DomainError('order.replayed', { orderId });
  checkCapabilities(order);
}

/** Throws `order.unsupported` for what this version cannot do. */
export function checkCapabilities({ id: orderId, requires }: OrderHeader): void {
  const known: readonly string[] = AGENT_CAPABILITIES;
  const capability = requires.find((name) => !known.includes(name));
  if (capability !== undefined) throw new DomainError('order.unsupported', { orderId, capability });
}

/**
 * Whether an order to play is taken. Throws the code of the refusal. Returns the orders of the same broadcast that it
 * replaces: none of them has sounded.
 */
export function checkPlay(order: PlayOrder, facts: OrderFacts): readonly OrderRecord[] {
  const { broadcastId } = order;
  checkContent(order);
  checkTestLength(order, facts.rules);
  checkWindow(order);
  checkRules(order, facts.rules);
  const plays = facts.sameBroadcast.filter(({ kind }) => kind === 'play');
  if (facts.sameBroadcast.some(({ kind, revision }) => kind === 'cancel' && revision >= order.revision))
    throw new DomainError('order.cancelled', { broadcastId });
  // Once begun it is not begun again, whatever its order is called now.
  if (plays.some((record) => record.phase === 'playing' || record.plays > 0) || facts.hasBegun(broadcastId))
    throw new DomainError('order.already_played', { broadcastId });
  const newer = plays.find(({ revision }) => revision >= order.revision);
  if (newer !== undefined)
    throw new DomainError('document.stale_revision', {
      document: 'order',
      revision: order.revision,
      held: newer.revision,
    });
  checkMakeGood(order, facts.soundedShare);
  return plays;
}

/** Whether a slot of the plan can be played here at all. Throws the code of the refusal. What the rules say of it is asked when it begins. */
export function checkSlot(order: PlayOrder, soundedShare: OrderFacts['soundedShare']): void {
  checkCapabilities(order);
  checkContent(order);
  checkTestLength(order);
  checkWindow(order);
  checkMakeGood(order, soundedShare);
}

function checkContent({ id: orderId, content }: PlayOrder): void {
  if (!isPlayableKind(content.kind))
    throw new DomainError('order.unsupported', { orderId, capability: `content:${content.kind}` });
}

function checkMakeGood({ makesGoodOf }: PlayOrder, soundedShare: OrderFacts['soundedShare']): void {
  if (makesGoodOf !== null && soundedShare(makesGoodOf) >= PLAYED_SHARE)
    throw new DomainError('order.already_played', { broadcastId: makesGoodOf });
}

/** The policy as it is held here: a normal or priority item inside its windows, a test in testing hours and short. */
function checkRules(order: PlayOrder, rules: LocalRules | null): void {
  if (rules === null) return;
  if (order.test) {
    if (testWindowAt(rules, order.startsAt) === undefined) throw noTests(rules);
    return;
  }
  if (order.priority === 'emergency' || order.windowOverride !== null) return;
  if (!rulesCover(rules, order.startsAt)) throw new DomainError('policy.expired');
  const open = openWindowAt(rules, order.startsAt);
  if (open === undefined)
    throw new DomainError('order.outside_window', {
      orderId: order.id,
      opensAt: 'none',
      closesAt: 'none',
    });
}

/** Of a test all repetitions together are short, the sounds before them and the pauses included. */
function checkTestLength(order: PlayOrder, rules: LocalRules | null = null): void {
  if (!order.test) return;
  const endless = !('durationMs' in order.content);
  const durationMs = endless ? Number.POSITIVE_INFINITY : repetitionMs(order);
  const lengthMs = airTimeMs({ durationMs, repeat: order.repeat });
  if (lengthMs > MAX_TEST_MS) throw noTests(rules);
}

function noTests(rules: LocalRules | null): DomainError {
  const testing = rules === null ? null : completePolicy(rules.policy).testing;
  return new DomainError('policy.no_tests', {
    hours: testing ? `${testing.opens}–${testing.closes}` : 'none',
    seconds: MAX_TEST_MS / 1_000,
    area: '',
  });
}

/** Silent by default: without a window, or leave from a person, only an emergency sounds; of tests the rules decide. */
function checkWindow(order: PlayOrder): void {
  if (order.test || order.priority === 'emergency' || order.windowOverride !== null) return;
  const { window } = order;
  if (window !== null && order.startsAt >= window.opensAt && order.startsAt < window.closesAt) return;
  throw new DomainError('order.outside_window', {
    orderId: order.id,
    opensAt: window === null ? 'none' : new Date(window.opensAt).toISOString(),
    closesAt: window === null ? 'none' : new Date(window.closesAt).toISOString(),
  });
}
