import { describe, expect, it } from 'vitest';
import { arbitrate, type Item, type Situation } from '../../../device-agent/playback-control/arbitrate.ts';

const NOW = 1_000_000;

function item(id: string, change: Partial<Item> = {}): Item {
  return {
    id,
    priority: 'normal',
    number: 1,
    plannedAt: NOW,
    latestStartAt: NOW + 60_000,
    hardEndAt: NOW + 600_000,
    window: { opensAt: NOW - 60_000, closesAt: NOW + 600_000 },
    ready: true,
    fresh: true,
    blockedBy: null,
    ...change,
  };
}

function situation(items: readonly Item[], change: Partial<Situation> = {}): Situation {
  const calm = { now: NOW, notBefore: 0, trust: 'trusted', muted: false, maintenance: false } as const;
  return { ...calm, journalOk: true, items, current: null, ...change };
}

describe('arbitrate', () => {
  it('plays what is due, the higher priority first, then in the order of the orders', () => {
    const items = [
      item('second', { number: 2 }),
      item('first', { number: 1 }),
      item('high', { number: 3, priority: 'priority' }),
    ];
    expect(arbitrate(situation(items)).sound).toBe('high');
    expect(arbitrate(situation(items.slice(0, 2))).sound).toBe('first');
  });

  it('lets what sounds go on; only an emergency pre-empts', () => {
    const items = [item('now'), item('high', { priority: 'priority' })];
    expect(arbitrate(situation(items, { current: 'now' }))).toMatchObject({ sound: 'now', stop: null });
    const alarm = [...items, item('alarm', { priority: 'emergency', window: null })];
    expect(arbitrate(situation(alarm, { current: 'now' }))).toMatchObject({
      sound: 'alarm',
      stop: 'order.preempted',
    });
    const two = [
      item('alarm', { priority: 'emergency' }),
      item('alarm-2', { priority: 'emergency', number: 2 }),
    ];
    expect(arbitrate(situation(two, { current: 'alarm' }))).toMatchObject({ sound: 'alarm', stop: null });
  });

  it('takes the output shortly before the start, and says when to look again', () => {
    const later = item('later', { plannedAt: NOW + 60_000, latestStartAt: NOW + 120_000 });
    expect(arbitrate(situation([later]))).toMatchObject({ sound: null, nextAt: NOW + 55_000 });
    expect(arbitrate(situation([later], { now: NOW + 55_000 })).sound).toBe('later');
  });

  it.each([
    ['muted', { muted: true }, 'order.muted'],
    ['under maintenance', { maintenance: true }, 'order.maintenance'],
    ['without trusted time', { trust: 'untrusted' }, 'order.time_untrusted'],
    ['with disputed time', { trust: 'disputed' }, 'order.time_untrusted'],
    ['without a journal', { journalOk: false }, 'storage.disk_full'],
  ] as const)('holds planned items %s', (_, change, code) => {
    const verdict = arbitrate(situation([item('a')], change));
    expect([verdict.sound, verdict.blocked.get('a')]).toEqual([null, code]);
  });

  it('stops what sounds when a person mutes it, an emergency too', () => {
    const items = [item('a', { priority: 'emergency' })];
    expect(arbitrate(situation(items, { current: 'a', muted: true }))).toMatchObject({ stop: 'order.muted' });
  });

  it('sounds an emergency of this moment without trusted time, journal or window', () => {
    const alarm = item('alarm', {
      priority: 'emergency',
      window: null,
      plannedAt: NOW + 10 * 365 * 86_400_000,
    });
    const lost = { trust: 'untrusted', journalOk: false } as const;
    expect(arbitrate(situation([alarm], lost)).sound).toBe('alarm');
    // One that was found on the disk may be of any day.
    expect(arbitrate(situation([{ ...alarm, fresh: false }], lost)).sound).toBe(null);
  });

  it('gives up what can no longer begin, with what held it back', () => {
    const over = (change: Partial<Item>, more: Partial<Situation> = {}) =>
      arbitrate(situation([item('a', { latestStartAt: NOW - 1, ...change })], more)).over;
    expect(over({})).toEqual([{ id: 'a', code: 'order.too_late' }]);
    expect(over({ blockedBy: 'cache.unreachable' })).toEqual([{ id: 'a', code: 'cache.unreachable' }]);
    expect(over({}, { muted: true })).toEqual([{ id: 'a', code: 'order.muted' }]);
    // Without trusted time only when it is certain.
    expect(over({}, { trust: 'untrusted' })).toEqual([]);
    expect(over({}, { trust: 'untrusted', notBefore: NOW })).toEqual([
      { id: 'a', code: 'order.time_untrusted' },
    ]);
  });

  it('lets an interrupted item go on until its hard end or the window closes', () => {
    const rest = item('a', { latestStartAt: null, plannedAt: NOW - 300_000 });
    expect(arbitrate(situation([rest])).sound).toBe('a');
    const closed = { ...rest, window: { opensAt: 0, closesAt: NOW } };
    expect(arbitrate(situation([closed])).over).toHaveLength(1);
  });
});
