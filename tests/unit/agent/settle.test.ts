import { describe, expect, it } from 'vitest';
import { DomainError, type ErrorCode, endOf, type PlayOrder } from '#protocols';
import { contentOf } from '../../../device-agent/inbox/content-of.ts';
import type { PlayOutcome } from '../../../device-agent/playback/index.ts';
import { PlayItem } from '../../../device-agent/runner/play-item.ts';
import { settle } from '../../../device-agent/runner/settle.ts';
import type { OrderRecord } from '../../../device-agent/state/order-store.ts';
import { playOrder } from '../../integration/agent/test-controller.ts';

const AT = Date.UTC(2026, 0, 5);
const SLOT_MS = 600_000;
const LEVELS = { meanDb: -20, peakDb: -3 };
const file = {
  ...{ kind: 'file', sha256: 'a'.repeat(64), bytes: 10, durationMs: 60_000, chunkListSha256: null },
  ...{ path: '/a', mediaType: 'audio/ogg' },
} as const;
const relay = {
  ...{ kind: 'relay', url: 'http://vov.vn/1', station: 'VOV1', durationMs: SLOT_MS, fallback: null },
} as const;

/** An item whose first play is under way. */
function playing(content: object, change: Partial<PlayOrder> = {}): PlayItem {
  const order = playOrder(content as PlayOrder['content'], {
    ...{ startsAt: AT, hardEndAt: AT + SLOT_MS },
    ...change,
  });
  const record = {
    ...{ orderId: order.id, broadcastId: order.broadcastId, hash: 'b'.repeat(64), origin: 'order' },
    ...{ phase: 'playing', plays: 1, repetitions: 0, resumeFromMs: 0, ready: true },
  } as OrderRecord;
  return new PlayItem({ record, order, content: contentOf(order), fresh: true });
}

type Interrupted = Extract<PlayOutcome, { kind: 'interrupted' }>;

function interrupted(
  reason: string,
  positionMs: number | null,
  more: Partial<Interrupted> = {},
): Interrupted {
  const position = positionMs === null ? null : { repetition: 0, positionMs, uncertaintyMs: 5 };
  return { kind: 'interrupted', reason, begun: position !== null, position, ...LEVELS, ...more };
}

/** What is done about it, told as one object; and where it leaves the item. */
function settled(
  item: PlayItem,
  outcome: PlayOutcome,
  fromMs = 0,
  stopCode: ErrorCode | null = null,
  endsAt = endOf(item.order),
): object {
  const output = { kind: 'file', evidence: 'reported' } as const;
  const settlement = settle(item, { outcome, fromMs, endsAt, stopCode }, output, { at: AT, clockErrorMs: 1 });
  const { phase, plays, resumeFromMs } = item;
  return {
    ...settlement,
    ...('fact' in settlement ? settlement.fact : {}),
    ...{ does: settlement.kind, phase, plays, resumeFromMs },
  };
}

describe('a file', () => {
  const whole = { kind: 'finished', framesPlayed: 0, skippedMs: 0, ...LEVELS } as const;
  it('of which the decoder left out a damaged page did not sound whole, and says so', () => {
    const damaged = settled(playing(file), { ...whole, durationMs: 58_000, skippedMs: 500 });
    expect(damaged).toMatchObject({ kind: 'finished', fromMs: 0, toMs: 60_000, skippedMs: 2_000 });
    // What goes on was decoded from there alone, and no decoder counts to the millisecond.
    expect(settled(playing(file), { ...whole, durationMs: 19_900 }, 40_000)).not.toHaveProperty('skippedMs');
  });
});

describe('a relay', () => {
  it('whose slot is over is finished, and says how much came of the station and how much stood in for it', () => {
    const outcome = interrupted('hard_end', 599_900, { relayedMs: 500_000, fallbackMs: 60_000 });
    expect(settled(playing(relay), outcome)).toMatchObject({
      ...{ kind: 'finished', phase: 'done', fromMs: 100, toMs: SLOT_MS },
      ...{ relayedMs: 500_000, fallbackMs: 60_000 },
    });
  });

  it('that began late has sounded the last part of its slot, not the first', () => {
    const outcome = interrupted('hard_end', SLOT_MS, { relayedMs: 100_000, fallbackMs: 0 });
    expect(settled(playing(relay), outcome, 450_000)).toMatchObject({
      ...{ kind: 'finished', fromMs: 450_000, toMs: SLOT_MS },
    });
  });

  it('of which nothing came has failed, whatever silence it wrote', () => {
    const silent = { does: 'tell', kind: 'failed', code: 'order.stream_failed', play: 1, phase: 'done' };
    for (const outcome of [
      interrupted('hard_end', 599_000, { relayedMs: 0, fallbackMs: 0 }),
      interrupted('hard_end', null),
    ])
      expect(settled(playing(relay), outcome)).toMatchObject(silent);
    const error = new DomainError('order.stream_failed', { orderId: 'ord_1', reason: 'nothing came' });
    const position = { repetition: 0, positionMs: 9_000, uncertaintyMs: 0 };
    const failed = settled(playing(relay), { kind: 'failed', code: error.code, error, position, ...LEVELS });
    expect(failed).toMatchObject(silent);
    // Silence is no range that sounded.
    expect(failed).not.toHaveProperty('toMs');
  });

  it('that its window cuts short is interrupted, and so is a file at its hard end', () => {
    const window = { opensAt: AT, closesAt: AT + 300_000 };
    const cut = playing(relay, { window, hardEndAt: AT + SLOT_MS });
    expect(settled(cut, interrupted('hard_end', 300_000, { relayedMs: 300_000 }))).toMatchObject({
      ...{ kind: 'interrupted', code: 'order.outside_window', phase: 'done', toMs: 300_000 },
    });
    // A second less may be the fade-out.
    const whole = playing(relay, { window: { opensAt: AT, closesAt: AT + SLOT_MS - 1_000 } });
    const heard = interrupted('hard_end', SLOT_MS - 1_000, { relayedMs: SLOT_MS - 1_000 });
    expect(settled(whole, heard)).toMatchObject({ kind: 'finished' });
    expect(settled(playing(file), interrupted('hard_end', 30_000))).toMatchObject({
      ...{ kind: 'interrupted', code: 'order.hard_end', phase: 'done' },
    });
  });

  it('that a person takes back at its end is cancelled, and one that gives way goes on', () => {
    const taken = playing(relay);
    taken.cancelledBy = { reason: 'Sai đài' };
    expect(settled(taken, interrupted('hard_end', 599_000, { relayedMs: 599_000 }))).toMatchObject({
      ...{ kind: 'cancelled', code: 'order.cancelled', detail: 'Sai đài', phase: 'done' },
    });
    const outcome = interrupted('order.preempted', 20_000, { relayedMs: 18_000, fallbackMs: 0 });
    expect(settled(playing(relay), outcome, 0, 'order.preempted')).toMatchObject({
      ...{ kind: 'interrupted', code: 'order.preempted', phase: 'interrupted', resumeFromMs: 19_000 },
      relayedMs: 18_000,
    });
  });
});

describe('a play of which nothing was heard', () => {
  it('is as if it had not been begun, or will not begin any more', () => {
    expect(settled(playing(file), interrupted('order.preempted', null), 0, 'order.preempted')).toMatchObject({
      ...{ does: 'reopen', phase: 'open', plays: 0 },
    });
    expect(settled(playing(file), interrupted('hard_end', null))).toMatchObject({
      ...{ does: 'give-up', code: 'order.hard_end', plays: 0 },
    });
    expect(settled(playing(file), { kind: 'missed', reason: 'not_ready' })).toMatchObject({
      ...{ does: 'give-up', code: 'order.too_late', plays: 0 },
    });
  });

  it('was begun all the same when what comes before the content was heard', () => {
    const outcome = interrupted('order.preempted', null, { begun: true });
    expect(settled(playing(file), outcome, 0, 'order.preempted')).toMatchObject({
      ...{ kind: 'interrupted', phase: 'interrupted', plays: 1, resumeFromMs: 0, fromMs: 0, toMs: 0 },
    });
  });
});

describe('an emergency that a fault ends', () => {
  const error = new DomainError('decoder.failed', { exitCode: 1, reason: 'broken' });
  const broken = (positionMs: number | null): PlayOutcome => {
    const position = positionMs === null ? null : { repetition: 0, positionMs, uncertaintyMs: 5 };
    return { kind: 'failed', code: error.code, error, position, ...LEVELS };
  };

  it('is told as failed and goes on from there; anything else is done with', () => {
    const alarm = playing(file, { priority: 'emergency', window: null, afterInterruption: 'drop' });
    const failed = { does: 'tell', kind: 'failed', code: 'decoder.failed', plays: 1 };
    expect(settled(alarm, broken(20_000))).toMatchObject({
      ...{ ...failed, phase: 'interrupted', toMs: 20_000, resumeFromMs: 19_000 },
    });
    const unheard = playing(file, { priority: 'emergency', window: null });
    expect(settled(unheard, broken(null))).toMatchObject({
      ...{ ...failed, phase: 'interrupted', resumeFromMs: 0 },
    });
    expect(settled(playing(file), broken(20_000))).toMatchObject({ ...failed, phase: 'done' });
    const taken = playing(file, { priority: 'emergency', window: null });
    taken.cancelledBy = { reason: 'Sai' };
    expect(settled(taken, broken(null))).toMatchObject({ ...failed, phase: 'done' });
  });
});
