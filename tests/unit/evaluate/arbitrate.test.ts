import { describe, expect, it } from 'vitest';
import { arbitrate, type Item, SESSION_SLACK_MS, type Situation } from '#protocols';
import { at, item, MINUTE, NOW, rules, situation } from './examples.ts';

describe('arbitrate', () => {
  it('plays what is due, the higher priority first, then in the order of the plan', () => {
    const items = [
      item('second', { issuedAt: 2 }),
      item('first', { issuedAt: 1 }),
      item('high', { issuedAt: 3, priority: 'priority' }),
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
      item('alarm-2', { priority: 'emergency', issuedAt: 2 }),
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

  it('lets nothing sound that is certainly over, whatever the clock that is trusted or not shows', () => {
    const alarm = item('alarm', { priority: 'emergency', window: null, latestStartAt: NOW + MINUTE });
    const plan = item('plan', { plannedUntil: NOW + MINUTE, latestStartAt: NOW + 9 * MINUTE });
    for (const trust of ['trusted', 'untrusted', 'disputed'] as const)
      for (const now of [NOW, NOW - 3 * 60 * MINUTE, 0]) {
        const late = { trust, now, notBefore: NOW + 2 * MINUTE };
        const { sound, over } = arbitrate(situation([alarm, plan], late));
        expect(sound).toBeNull();
        expect(over.map(({ id }) => id)).toEqual(['alarm']);
        const begun = arbitrate(situation([plan], { ...late, current: 'plan' }));
        if (trust === 'trusted') expect(begun.stop).toBe('plan.expired');
      }
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

  it('queues equal items by plan, place in the session and order, however they came', () => {
    const items = [
      item('c', { plannedAt: NOW - 1_000, position: 1 }),
      item('b', { plannedAt: NOW - 1_000, position: 0, issuedAt: 9 }),
      item('a', { issuedAt: 0 }),
    ];
    for (const order of [items, [...items].reverse()]) {
      const verdict = arbitrate(situation(order));
      expect(verdict.sound).toBe('b');
      expect([...verdict.waitsFor]).toEqual(
        expect.arrayContaining([
          ['c', 'b'],
          ['a', 'b'],
        ]),
      );
      expect(verdict.blocked.get('a')).toBe('order.queued');
    }
    const two = [
      item('later', { priority: 'priority', issuedAt: 2 }),
      item('x', { priority: 'priority', plannedAt: NOW - 1 }),
    ];
    expect(arbitrate(situation(two)).sound).toBe('x');
    expect(arbitrate(situation(two.map((one) => ({ ...one, issuedAt: one.id === 'x' ? 3 : 2 })))).sound).toBe(
      'later',
    );
  });

  it('says why what is due does not begin', () => {
    const { blocked } = arbitrate(
      situation([item('a', { ready: false }), item('b', { ready: false, trouble: 'cache.hash_mismatch' })]),
    );
    expect(Object.fromEntries(blocked)).toEqual({ a: 'cache.unreachable', b: 'cache.hash_mismatch' });
  });
});

describe('a priority item over a normal one', () => {
  const normal = item('normal', { plannedAt: NOW - MINUTE });
  const duck = item('duck', { priority: 'priority', overlap: 'duck' });

  it('speaks over it if its order says so, and waits otherwise', () => {
    const over = arbitrate(situation([normal, duck], { current: 'normal' }));
    expect(over).toMatchObject({ sound: 'normal', stop: null, voice: 'duck' });
    const queued = arbitrate(situation([normal, { ...duck, overlap: 'queue' }], { current: 'normal' }));
    expect([queued.voice, queued.waitsFor.get('duck')]).toEqual([null, 'normal']);
  });

  it('speaks alone, and over nothing but a normal item', () => {
    const both = situation([
      normal,
      duck,
      item('more', { priority: 'priority', overlap: 'duck', issuedAt: 2 }),
    ]);
    expect(arbitrate(both)).toMatchObject({ sound: 'duck', voice: null });
    expect(arbitrate({ ...both, current: 'normal', voice: 'duck' })).toMatchObject({
      sound: 'normal',
      voice: 'duck',
    });
    expect(arbitrate({ ...both, current: 'more' })).toMatchObject({ sound: 'more', voice: null });
    // The normal one has ended meanwhile: nothing else begins under it.
    expect(arbitrate({ ...both, voice: 'duck' })).toMatchObject({ sound: null, voice: 'duck' });
  });

  it('gives way to an emergency together with it', () => {
    const alarm = item('alarm', { priority: 'emergency', window: null });
    const verdict = arbitrate(situation([normal, duck, alarm], { current: 'normal', voice: 'duck' }));
    expect(verdict).toMatchObject({
      sound: 'alarm',
      stop: 'order.preempted',
      voice: null,
      stopVoice: 'order.preempted',
    });
    expect(arbitrate(situation([duck, alarm], { voice: 'duck' }))).toMatchObject({
      sound: 'alarm',
      stopVoice: 'order.preempted',
    });
  });
});

describe('a latch', () => {
  const alarm = item('alarm', { priority: 'emergency', window: null });

  it('stops everything and lets nothing begin', () => {
    const latched = { latches: ['lat-1'] };
    expect(arbitrate(situation([item('a')], latched)).blocked.get('a')).toBe('order.latched');
    expect(arbitrate(situation([item('a')], { ...latched, current: 'a' })).stop).toBe('order.latched');
    expect(arbitrate(situation([alarm], latched))).toMatchObject({ sound: null });
    expect(arbitrate(situation([alarm], { ...latched, current: 'alarm' })).stop).toBe('order.latched');
  });

  it('is passed by an emergency that names every one that is set', () => {
    const both = { latches: ['lat-1', 'lat-2'] };
    expect(arbitrate(situation([{ ...alarm, releases: ['lat-1', 'lat-2'] }], both)).sound).toBe('alarm');
    expect(arbitrate(situation([{ ...alarm, releases: ['lat-1'] }], both)).blocked.get('alarm')).toBe(
      'order.latched',
    );
    expect(arbitrate(situation([item('a', { releases: ['lat-1', 'lat-2'] })], both)).sound).toBe(null);
  });
});

describe('the rules that a loudspeaker holds', () => {
  const night = (change: Partial<Item> = {}) =>
    item('a', {
      plannedAt: at('05T03:15'),
      latestStartAt: at('05T03:20'),
      hardEndAt: at('05T04:00'),
      window: { opensAt: 0, closesAt: at('06T00:00') },
      ...change,
    });
  const look = (one: Item, change: Partial<Situation> = {}) =>
    arbitrate(situation([one], { now: one.plannedAt, ...change }));

  it('keep a normal or priority item inside their windows, whatever its order says', () => {
    for (const priority of ['normal', 'priority'] as const) {
      expect(look(night({ priority }))).toMatchObject({ sound: null });
      expect(look(night({ priority })).blocked.get('a')).toBe('order.outside_window');
      expect(look(night({ priority }), { current: 'a' }).stop).toBe('order.outside_window');
    }
    expect(look(night({ window: null, override: true })).sound).toBe('a');
    expect(look(night({ window: null, priority: 'emergency' })).sound).toBe('a');
  });

  it('let what is planned before a window begin with it, if it may be so late', () => {
    const waiting = night({
      plannedAt: at('05T04:55'),
      latestStartAt: at('05T05:10'),
      hardEndAt: at('05T06:00'),
    });
    const early = look(waiting);
    expect([early.sound, early.blocked.get('a'), early.nextAt]).toEqual([
      null,
      'order.outside_window',
      at('05T05:00') - 5_000,
    ]);
    expect(look(waiting, { now: at('05T05:00') - 5_000 }).sound).toBe('a');
    expect(look(waiting, { now: at('05T05:00') - 4_000, current: 'a' })).toMatchObject({
      sound: 'a',
      stop: null,
    });
  });

  it('allow nothing but emergencies once they have run out, or where there are none', () => {
    for (const gone of [{ rules: rules({}, { until: NOW }) }, { rules: null }]) {
      expect(arbitrate(situation([item('a')], gone)).blocked.get('a')).toBe('policy.expired');
      expect(arbitrate(situation([item('a', { override: true, window: null })], gone)).blocked.get('a')).toBe(
        'policy.expired',
      );
      expect(arbitrate(situation([item('a')], { ...gone, current: 'a' })).stop).toBe('policy.expired');
      expect(arbitrate(situation([item('a', { priority: 'emergency', window: null })], gone)).sound).toBe(
        'a',
      );
    }
  });

  it('allow a test in testing hours, for ten seconds at most', () => {
    const test = (time: string, change: Partial<Item> = {}) => {
      const plannedAt = at(time);
      const one = item('t', {
        test: true,
        plannedAt,
        latestStartAt: plannedAt + 1,
        hardEndAt: plannedAt + MINUTE,
        window: null,
        remainingMs: 5_000,
        airTimeMs: 10_000,
        ...change,
      });
      const verdict = arbitrate(situation([one], { now: plannedAt }));
      return verdict.sound ?? verdict.blocked.get('t');
    };
    expect(test('05T08:00')).toBe('t');
    expect(test('05T07:29')).toBe('policy.no_tests');
    expect(test('04T08:00')).toBe('policy.no_tests');
    // All of its repetitions together.
    expect(test('05T08:00', { airTimeMs: 10_001 })).toBe('policy.no_tests');
  });

  it('silence the slots of a plan that has run out', () => {
    const verdict = arbitrate(situation([item('a', { plannedUntil: NOW })]));
    expect([verdict.sound, verdict.blocked.get('a')]).toEqual([null, 'plan.expired']);
    const sounding = arbitrate(situation([item('a', { plannedUntil: NOW + 1 })], { current: 'a' }));
    expect(sounding).toMatchObject({ stop: null, nextAt: NOW + 1 });
    expect(arbitrate(situation([item('a', { plannedUntil: NOW })], { current: 'a' })).stop).toBe(
      'plan.expired',
    );
  });
});

describe('the limits of sessions', () => {
  const quarter = rules({ sessionMinutes: 15 });
  const sounded = (from: string, to: string, emergency = false) => ({
    startedAt: at(from),
    endedAt: at(to),
    emergency,
  });

  it('keep a session from getting too long, relay and pauses included', () => {
    const history = [sounded('05T05:26', '05T05:33'), sounded('05T05:34', '05T05:40')];
    const last = (remainingMs: number, change: Partial<Situation> = {}) =>
      arbitrate(
        situation(
          [
            item('a', {
              remainingMs,
              latestStartAt: NOW + 20 * MINUTE,
              hardEndAt: NOW + 60 * MINUTE,
              window: null,
            }),
          ],
          { rules: quarter, history, ...change },
        ),
      );
    expect(last(MINUTE).sound).toBe('a');
    // Hand-overs may make it a little longer than it was planned.
    expect(last(MINUTE + SESSION_SLACK_MS).sound).toBe('a');
    const long = last(MINUTE + SESSION_SLACK_MS + 1);
    expect([long.sound, long.blocked.get('a'), long.nextAt]).toEqual([
      null,
      'policy.session_too_long',
      NOW + 10 * MINUTE,
    ]);
    expect(last(MINUTE + 1, { now: NOW + 10 * MINUTE }).sound).toBe('a');
    expect(last(16 * MINUTE, { now: NOW + 15 * MINUTE }).blocked.get('a')).toBe('policy.session_too_long');
  });

  it('do not count what an emergency took, nor begin a session after it', () => {
    const history = [sounded('05T05:20', '05T05:25'), sounded('05T05:25', '05T05:40', true)];
    const once = rules({ sessionMinutes: 15, sessionsPerDay: 1 });
    expect(arbitrate(situation([item('a')], { rules: once, history })).sound).toBe('a');
  });

  it('keep more sessions from a day than are allowed, but not a person', () => {
    const twice = rules({ sessionsPerDay: 2 });
    const history = [
      sounded('04T23:00', '04T23:10'),
      sounded('05T05:00', '05T05:05'),
      sounded('05T05:20', '05T05:25'),
    ];
    expect(arbitrate(situation([item('a')], { rules: twice, history })).blocked.get('a')).toBe(
      'policy.too_many_sessions',
    );
    expect(arbitrate(situation([item('a')], { rules: twice, history: history.slice(0, 2) })).sound).toBe('a');
    expect(arbitrate(situation([item('a', { override: true })], { rules: twice, history })).sound).toBe('a');
    // The second session goes on.
    const going = [...history.slice(0, 2), sounded('05T05:30', '05T05:35')];
    expect(arbitrate(situation([item('a')], { rules: twice, history: going })).sound).toBe('a');
  });
});
