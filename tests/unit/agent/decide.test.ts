import { describe, expect, it } from 'vitest';
import { DomainError, type PlayOrder } from '#protocols';
import { checkHeader, checkPlay, leavesOut, type OrderFacts } from '../../../device-agent/inbox/decide.ts';
import { soundedShare } from '../../../device-agent/inbox/sounded-share.ts';
import type { OrderRecord } from '../../../device-agent/state/order-store.ts';
import { playOrder } from '../../integration/agent/test-controller.ts';

const content = { kind: 'file' } as PlayOrder['content'];
const order = playOrder(content);

function facts(change: Partial<OrderFacts> = {}): OrderFacts {
  return {
    now: order.issuedAt,
    trust: 'trusted',
    notBefore: 0,
    speakerId: 'spk-1',
    areas: ['vn', 'tan-an'],
    rules: null,
    sameId: undefined,
    sameBroadcast: [],
    soundedShare: () => 0,
    hasBegun: () => false,
    ...change,
  };
}

function record(change: Partial<OrderRecord>): OrderRecord {
  return { kind: 'play', phase: 'open', plays: 0, revision: order.revision - 1, ...change } as OrderRecord;
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'taken';
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
}

describe('an order', () => {
  it('expires by trusted time, and without it only when that is certain', () => {
    const late = { now: order.expiresAt };
    expect(codeOf(() => checkHeader(order, facts(late)))).toBe('order.expired');
    expect(codeOf(() => checkHeader(order, facts({ ...late, trust: 'untrusted' })))).toBe('taken');
    const certain = { trust: 'disputed', notBefore: order.expiresAt } as const;
    expect(codeOf(() => checkHeader(order, facts(certain)))).toBe('order.expired');
  });

  it('that leaves this loudspeaker out is told apart from one that is for others', () => {
    const without = { ...order, targets: { ...order.targets, excludeSpeakers: ['spk-1'] } };
    expect(leavesOut(without, facts())).toBe(true);
    expect(leavesOut(order, facts())).toBe(false);
    expect(codeOf(() => checkHeader(without, facts()))).toBe('order.not_for_us');
  });

  it('of a broadcast that has begun, or was cancelled, is not taken again', () => {
    const same = (...sameBroadcast: OrderRecord[]) =>
      codeOf(() => checkPlay(order, facts({ sameBroadcast })));
    expect(same(record({}))).toBe('taken');
    expect(same(record({ revision: order.revision }))).toBe('document.stale_revision');
    for (const phase of ['playing', 'interrupted', 'done'] as const)
      expect([phase, same(record({ phase, plays: 1 }))]).toEqual([phase, 'order.already_played']);
    expect(same(record({ kind: 'cancel', phase: 'done', revision: order.revision }))).toBe('order.cancelled');
    // The record is lost, the journal is not.
    expect(codeOf(() => checkPlay(order, facts({ hasBegun: () => true })))).toBe('order.already_played');
    // Issued again after the cancel.
    expect(same(record({ kind: 'cancel', phase: 'done' }))).toBe('taken');
  });

  it('sounds outside a window only as an emergency, or with leave from a person', () => {
    const outside = { ...order, window: null };
    expect(codeOf(() => checkPlay(outside, facts()))).toBe('order.outside_window');
    expect(codeOf(() => checkPlay({ ...outside, priority: 'emergency' }, facts()))).toBe('taken');
    const leave = { by: 'chu-tich', reason: 'mưa lớn' };
    expect(codeOf(() => checkPlay({ ...outside, windowOverride: leave }, facts()))).toBe('taken');
  });

  it('makes good only what did not sound', () => {
    const good = { ...order, makesGoodOf: 'brc-1' };
    expect(codeOf(() => checkPlay(good, facts({ soundedShare: () => 0.9 })))).toBe('order.already_played');
    expect(codeOf(() => checkPlay(good, facts({ soundedShare: () => 0.89 })))).toBe('taken');
  });
});

describe('the share that sounded', () => {
  const ended = (kind: string, fromMs: number, toMs: number, evidence = 'reported') =>
    ({ kind, broadcastId: 'brc-1', fromMs, toMs, evidence }) as never;

  it('is the union of what was told, and nothing that went to a null output', () => {
    const told = [ended('interrupted', 0, 4_000), ended('interrupted', 3_000, 6_000)];
    expect(soundedShare(told, 'brc-1', 10_000)).toBe(0.6);
    expect(soundedShare([ended('finished', 0, 10_000)], 'brc-1', 10_000)).toBe(1);
    expect(soundedShare([ended('finished', 0, 10_000, 'none')], 'brc-1', 10_000)).toBe(0);
    expect(soundedShare(told, 'brc-2', 10_000)).toBe(0);
  });

  it('leaves out what was skipped to catch up', () => {
    const whole = { ...ended('finished', 0, 10_000), skippedMs: 3_000 };
    expect(soundedShare([whole], 'brc-1', 10_000)).toBe(0.7);
    expect(soundedShare([{ ...whole, skippedMs: 40 }], 'brc-1', 10_000)).toBe(1);
  });
});
