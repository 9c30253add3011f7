import { describe, expect, it } from 'vitest';
import { type Assignment, DomainError, type JournalEntry, type LocalRules, type PlayOrder } from '#protocols';
import {
  checkHeader,
  checkPlay,
  checkSlot,
  leavesOut,
  type OrderFacts,
} from '../../../device-agent/inbox/decide.ts';
import { soundedShare } from '../../../device-agent/inbox/sounded-share.ts';
import { gainDbAt } from '../../../device-agent/runner/situation.ts';
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

it('a test that the plan brings is as short as one that is ordered, all its repetitions together', () => {
  const slot = (count: number) =>
    codeOf(() =>
      checkSlot(
        playOrder({ kind: 'stored', name: 'test-tone', durationMs: 5_000 } as PlayOrder['content'], {
          ...{ test: true, window: null, repeat: { count, intervalMs: 0 } },
        }),
        () => 0,
      ),
    );
  expect([slot(2), slot(3), slot(100)]).toEqual(['taken', 'policy.no_tests', 'policy.no_tests']);
});

/** Monday 2026-01-05 at a time of day in Vietnam. */
function monday(hours: number, minutes = 0): number {
  return Date.UTC(2026, 0, 4, 17) + (hours * 60 + minutes) * 60_000;
}

/** Broadcasts from 05:00 to 06:00 and from 17:00 to 18:00, tests as the defaults have them, for January. */
function rules(change: Partial<LocalRules> = {}): LocalRules {
  const days = [1, 2, 3, 4, 5, 6, 7];
  const windows = [
    { days, opens: '05:00', closes: '06:00' },
    { days, opens: '17:00', closes: '18:00' },
  ];
  const policy = { windows, sessionMinutes: null, legalBasis: '' };
  const until = Date.UTC(2026, 0, 31, 17);
  return {
    policy,
    offsets: [{ from: Date.UTC(2025, 11, 31, 17), minutes: 420 }],
    until,
    sensitive: false,
    ...change,
  };
}

describe('the rules that are held here', () => {
  const at = (startsAt: number, change: Partial<PlayOrder> = {}, held: LocalRules | null = rules()) => {
    const window = { opensAt: startsAt - 1, closesAt: startsAt + 3_600_000 };
    const one = playOrder({ kind: 'file', durationMs: 8_000 } as PlayOrder['content'], {
      ...{ startsAt, window },
      ...change,
    });
    return codeOf(() => checkPlay(one, facts({ rules: held })));
  };

  it('refuse what begins outside their windows, whatever window the order brings', () => {
    expect(at(monday(5))).toBe('taken');
    expect(at(monday(5, 59))).toBe('taken');
    expect(at(monday(6))).toBe('order.outside_window');
    expect(at(monday(4, 59))).toBe('order.outside_window');
    expect(at(monday(12), { priority: 'priority' })).toBe('order.outside_window');
    expect(at(monday(12), { priority: 'emergency' })).toBe('taken');
    expect(at(monday(12), { windowOverride: { by: 'chu-tich', reason: 'mưa lớn' } })).toBe('taken');
    // Its own window counts as well.
    expect(at(monday(5), { window: { opensAt: monday(17), closesAt: monday(18) } })).toBe(
      'order.outside_window',
    );
    // Nothing is held yet: `arbitrate` keeps silent then.
    expect(at(monday(12), {}, null)).toBe('taken');
  });

  it('are silent on what they do not cover: then nothing planned is taken', () => {
    const over = rules({ until: monday(17, 30) });
    expect(at(monday(17), {}, over)).toBe('taken');
    expect(at(monday(17, 45), {}, over)).toBe('policy.expired');
    expect(at(monday(17), {}, rules({ offsets: [{ from: monday(18), minutes: 420 }] }))).toBe(
      'policy.expired',
    );
    expect(at(monday(17, 45), { priority: 'emergency' }, over)).toBe('taken');
  });

  it('let a test sound in testing hours only, for ten seconds at most, with no window of its own', () => {
    const test = { test: true, window: null } as const;
    const lasting = (durationMs: number, more: Partial<PlayOrder> = {}) =>
      at(monday(9), {
        ...test,
        content: { kind: 'stored', name: 'test-tone', durationMs } as never,
        ...more,
      });
    expect(lasting(10_000)).toBe('taken');
    expect(lasting(10_001)).toBe('policy.no_tests');
    expect(lasting(4_000, { repeat: { count: 2, intervalMs: 2_001 } })).toBe('policy.no_tests');
    expect(lasting(4_000, { repeat: { count: 2, intervalMs: 2_000 } })).toBe('taken');
    expect(lasting(7_501, { prelude: [{ name: 'chime' }] })).toBe('policy.no_tests');
    expect(lasting(7_500, { prelude: [{ name: 'chime' }] })).toBe('taken');
    expect(lasting(5_000, { prelude: [{ name: 'gong', durationMs: 5_001 }] })).toBe('policy.no_tests');
    // A relay has no end of its own.
    expect(at(monday(9), { ...test, content: { kind: 'relay' } as never })).toBe('policy.no_tests');
    expect(at(monday(7, 29), test)).toBe('policy.no_tests');
    expect(at(monday(17), test)).toBe('policy.no_tests');
    // A test does not become an emergency by its name.
    expect(at(monday(20), { ...test, priority: 'emergency' })).toBe('policy.no_tests');
    const none = rules({ policy: { ...rules().policy, testing: null } });
    expect(at(monday(9), test, none)).toBe('policy.no_tests');
  });

  it('cap the volume of a test beside every other cap, though it calls itself an emergency', () => {
    const held = (capDb: number, sensitive = false): Pick<Assignment, 'volume' | 'rules'> => ({
      volume: { gainDb: 0, capDb, profile: [] },
      rules: rules({ sensitive }),
    });
    const gain = (change: Partial<PlayOrder>, assignment = held(6)) => {
      const one = playOrder(content, { volume: { gainDb: 3, ignoreCap: true }, ...change });
      return gainDbAt({ order: one, emergency: one.priority === 'emergency' }, assignment, monday(9));
    };
    expect(gain({})).toBe(3);
    expect(gain({ test: true })).toBe(-12);
    expect(gain({ test: true }, held(-20))).toBe(-20);
    expect(gain({ test: true, priority: 'emergency' }, held(6, true))).toBe(-12);
    expect(gain({ priority: 'emergency' }, held(-20))).toBe(3);
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
    const whole: JournalEntry = Object.assign({}, ended('finished', 0, 10_000), { skippedMs: 3_000 });
    expect(soundedShare([whole], 'brc-1', 10_000)).toBe(0.7);
    expect(soundedShare([{ ...whole, skippedMs: 40 }], 'brc-1', 10_000)).toBe(1);
  });
});
