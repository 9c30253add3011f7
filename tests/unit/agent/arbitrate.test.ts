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

  it('stops what sounds when a person mutes it, but not an emergency', () => {
    const calm = [item('a')];
    expect(arbitrate(situation(calm, { current: 'a', muted: true }))).toMatchObject({ stop: 'order.muted' });
    const alarm = [item('a', { priority: 'emergency', window: null })];
    expect(arbitrate(situation(alarm, { muted: true })).sound).toBe('a');
    const sounding = { current: 'a', muted: true };
    expect(arbitrate(situation(alarm, sounding))).toMatchObject({ sound: 'a', stop: null });
  });

  it('is silent under maintenance, in an emergency too: somebody stands at the horns', () => {
    const alarm = [item('a', { priority: 'emergency', window: null })];
    const held = arbitrate(situation(alarm, { maintenance: true }));
    expect([held.sound, held.blocked.get('a')]).toEqual([null, 'order.maintenance']);
    const begun = { current: 'a', maintenance: true, trust: 'untrusted' } as const;
    expect(arbitrate(situation(alarm, begun)).stop).toBe('order.maintenance');
  });

  it('sounds an emergency of this moment without trusted time, journal or window', () => {
    const alarm = item('alarm', {
      priority: 'emergency',
      window: null,
      plannedAt: NOW + 10 * 365 * 86_400_000,
      latestStartAt: Number.POSITIVE_INFINITY,
      hardEndAt: Number.POSITIVE_INFINITY,
    });
    const lost = { trust: 'untrusted', journalOk: false, notBefore: alarm.plannedAt - 1_000 } as const;
    expect(arbitrate(situation([alarm], lost)).sound).toBe('alarm');
    // One that was found on the disk may be of any day.
    expect(arbitrate(situation([{ ...alarm, fresh: false }], lost)).sound).toBe(null);
  });

  it('keeps an emergency that is planned for later until then, also without trusted time', () => {
    const issuedAt = NOW + 10 * 365 * 86_400_000;
    const startsAt = issuedAt + 3_600_000;
    const times = { plannedAt: startsAt, latestStartAt: startsAt + 60_000, hardEndAt: startsAt + 600_000 };
    const drill = item('drill', { priority: 'emergency', window: null, ...times });
    const lost = { trust: 'untrusted', notBefore: issuedAt } as const;
    expect(arbitrate(situation([drill], lost))).toMatchObject({ sound: null, nextAt: NOW + 3_585_000 });
    expect(arbitrate(situation([drill], { ...lost, notBefore: startsAt - 10_000 })).sound).toBe('drill');
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
    const rest = item('a', { latestStartAt: NOW + 900_000, plannedAt: NOW - 300_000 });
    expect(arbitrate(situation([rest])).sound).toBe('a');
    const closed = { ...rest, window: { opensAt: 0, closesAt: NOW } };
    expect(arbitrate(situation([closed])).over).toHaveLength(1);
  });
});
