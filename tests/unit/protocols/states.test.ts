import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ANNOUNCEMENT_STATES,
  AUDIO_STATES,
  BROADCAST_STATES,
  countsAsPlayed,
  DELIVERY_STATES,
  type DeliveryView,
  FOLD_FLAGS,
  foldAnswer,
  foldDelivery,
  isFinal,
  JOURNAL_KINDS,
  type JournalEntry,
  mayFollow,
  PENDING,
  SPEAKER_LIFECYCLE,
  SPEAKER_LINK,
  type StateTable,
  soundedMoreOften,
  statesBefore,
} from '#protocols';

const TABLES: [string, StateTable<string>, string][] = [
  ['announcement', ANNOUNCEMENT_STATES, 'draft'],
  ['audio', AUDIO_STATES, 'processing'],
  ['broadcast', BROADCAST_STATES, 'planned'],
  ['delivery', DELIVERY_STATES, 'pending'],
  ['lifecycle', SPEAKER_LIFECYCLE, 'enrolled'],
  ['link', SPEAKER_LINK, 'unknown'],
];

describe.each(TABLES)('the states of %s', (_name, table, first) => {
  const states = Object.keys(table);

  it('name only states of the table, each once, and never themselves', () => {
    for (const [state, next] of Object.entries(table)) {
      expect(new Set(next).size).toBe(next.length);
      expect(next).not.toContain(state);
      for (const one of next) expect(states).toContain(one);
    }
  });

  it('can all be reached from the first', () => {
    const reached = new Set([first]);
    for (const state of reached) for (const next of table[state] ?? []) reached.add(next);
    expect([...reached].sort()).toEqual([...states].sort());
  });

  it('agree about what may follow, what comes before and what is final', () => {
    for (const from of states)
      for (const to of states)
        expect(statesBefore(table, to).includes(from)).toBe(mayFollow(table, from, to));
    for (const state of states)
      expect(isFinal(table, state)).toBe(states.every((to) => !mayFollow(table, state, to)));
  });
});

it('has the final states that the design names', () => {
  const finals = (table: StateTable<string>) => Object.keys(table).filter((state) => isFinal(table, state));
  expect(finals(DELIVERY_STATES)).toEqual(['finished', 'refused', 'failed', 'missed', 'cancelled']);
  expect(finals(BROADCAST_STATES)).toEqual(['completed', 'cancelled']);
  expect(finals(ANNOUNCEMENT_STATES)).toEqual(['withdrawn']);
  expect(finals(SPEAKER_LIFECYCLE)).toEqual(['retired']);
});

const entry: fc.Arbitrary<JournalEntry> = fc
  .record({
    kind: fc.oneof(
      fc.constantFrom<string>(...JOURNAL_KINDS),
      fc.constantFrom('hums', 'constructor', 'toString'),
    ),
    play: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    fromMs: fc.option(fc.nat(10_000), { nil: undefined }),
    toMs: fc.option(fc.nat(10_000), { nil: undefined }),
    evidence: fc.option(fc.constantFrom('none' as const, 'reported' as const), { nil: undefined }),
    code: fc.option(fc.constant('output.missing'), { nil: undefined }),
  })
  .map((fields) => {
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const base = {
      v: 1,
      epoch: 'e',
      seq: 1,
      prev: 'a'.repeat(64),
      at: 1,
      clockErrorMs: null,
      broadcastId: 'b',
    };
    return { ...base, ...Object.fromEntries(given) } as JournalEntry;
  });

describe('the fold of a delivery', () => {
  const fold = (entries: readonly JournalEntry[], from: DeliveryView = PENDING) =>
    entries.reduce(foldDelivery, from);

  it('takes any sequence of entries, the same way every time', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const view = fold(entries);
        expect(fold(entries)).toEqual(view);
        expect(Object.keys(DELIVERY_STATES)).toContain(view.state);
        expect(view.flags).toEqual([...new Set(view.flags)].sort());
        for (const flag of view.flags) expect(FOLD_FLAGS).toContain(flag);
        expect(new Set(view.plays.map(({ play }) => play)).size).toBe(view.plays.length);
      }),
    );
  });

  it('can be interrupted anywhere and taken up again', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(20), (entries, cut) => {
        expect(fold(entries.slice(cut), fold(entries.slice(0, cut)))).toEqual(fold(entries));
      }),
    );
  });

  it('leaves its input alone', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 10 }), entry, (entries, next) => {
        const view = fold(entries);
        const before = structuredClone(view);
        foldDelivery(view, next);
        expect(view).toEqual(before);
      }),
    );
  });

  const say = (kind: string, over: object = {}) =>
    ({ v: 1, epoch: 'e', seq: 1, prev: 'a', at: 9, clockErrorMs: 1, kind, ...over }) as JournalEntry;
  const play = { play: 1, fromMs: 0, evidence: 'reported' } as const;

  it('counts a whole play through a real output, and no other', () => {
    const told = [say('ready'), say('started', play), say('finished', { ...play, toMs: 5_000 })];
    expect(countsAsPlayed(fold(told))).toBe(true);
    expect(fold(told).flags).toEqual([]);
    const silent = { ...play, evidence: 'none' } as const;
    expect(countsAsPlayed(fold([say('started', silent), say('finished', silent)]))).toBe(false);
    expect(countsAsPlayed(fold(told.slice(0, 2)))).toBe(false);
  });

  it('flags what does not follow, and content that sounded twice', () => {
    expect(fold([say('cancelled'), say('started', play)]).flags).toEqual(['unexpected']);
    const twice = [
      say('ready'),
      say('started', play),
      say('interrupted', { ...play, toMs: 4_000 }),
      say('started', { ...play, play: 2 }),
      say('finished', { ...play, play: 2, toMs: 5_000 }),
    ];
    expect(fold(twice).flags).toEqual(['range_repeated']);
    const resumed = [...twice.slice(0, 3), say('started', { ...play, play: 2, fromMs: 3_000 })];
    expect(fold(resumed).flags).toEqual([]);
  });

  it('takes a repetition for what it is, with what was interrupted and resumed before it', () => {
    const whole = (n: number, fromMs = 0) => [
      say('started', { ...play, play: n, fromMs }),
      say('finished', { ...play, play: n, fromMs, toMs: 5_000 }),
    ];
    const cut = [say('started', play), say('interrupted', { ...play, toMs: 4_000 })];
    expect(fold([say('ready'), ...cut, ...whole(2, 3_000), ...whole(3)]).flags).toEqual([]);
    expect(fold([say('ready'), ...cut, ...whole(2)]).flags).toEqual(['range_repeated']);
  });

  it('counts the repetitions that sounded, for who knows how many were ordered', () => {
    const whole = (n: number) => [
      say('started', { ...play, play: n }),
      say('finished', { ...play, play: n, toMs: 5_000 }),
    ];
    const cut = (n: number, toMs: number) => [
      say('started', { ...play, play: n, plannedAt: n * 100_000 }),
      say('interrupted', { ...play, play: n, toMs, code: 'order.agent_restarted' }),
    ];
    const goesOn = [
      say('started', { ...play, play: 2, fromMs: 3_000 }),
      say('finished', { ...play, play: 2, fromMs: 3_000, toMs: 5_000 }),
    ];
    const most = (...told: JournalEntry[][]) => {
      const view = fold([say('ready'), ...told.flat()]);
      return [1, 2, 3].find((ordered) => !soundedMoreOften(view, ordered));
    };
    expect(most(whole(1))).toBe(1);
    expect(most(cut(1, 4_000), goesOn)).toBe(1);
    // A start whose end is not told, and a word at its beginning, are no second time.
    expect(most(whole(1), [say('started', { ...play, play: 2 })])).toBe(1);
    expect(most(whole(1), cut(2, 1_500))).toBe(1);
    expect(most(whole(1), whole(2))).toBe(2);
    expect(most(whole(1), cut(2, 4_000))).toBe(2);
    expect(
      most(
        cut(1, 4_000),
        whole(2).map((entry) => ({ ...entry, plannedAt: 200_000 })),
      ),
    ).toBe(2);
    expect(most(cut(1, 4_000), goesOn, whole(3))).toBe(2);
  });

  it('says when a repetition is left out, or what was interrupted does not go on, and why', () => {
    const cut = [say('ready'), say('started', play), say('interrupted', { ...play, toMs: 4_000, code: 'x' })];
    const over = say('missed', { repetition: 1, code: 'order.hard_end' });
    expect(fold([...cut, over])).toMatchObject({
      ...{ state: 'interrupted', code: 'order.hard_end', flags: ['given_up'] },
      plays: [{ state: 'interrupted', code: 'x' }],
    });
    const once = [...cut.slice(0, 2), say('finished', { ...play, toMs: 5_000 })];
    const left = fold([...once, say('missed', { repetition: 2, code: 'order.queued' })]);
    expect(left).toMatchObject({ state: 'finished', code: null, flags: ['given_up'] });
    expect(countsAsPlayed(left)).toBe(true);
  });

  it('knows a cancel between two repetitions, and a broadcast that was ordered anew', () => {
    const once = [say('ready'), say('started', play), say('finished', { ...play, toMs: 5_000 })];
    const taken = fold([...once, say('cancelled', { code: 'order.cancelled' })]);
    expect(taken).toMatchObject({ state: 'cancelled', flags: [], plays: [{ state: 'finished' }] });
    for (const over of ['missed', 'cancelled', 'refused', 'failed']) {
      expect([over, fold([say(over), ...once])]).toMatchObject([over, { state: 'finished', flags: [] }]);
      expect(fold([say(over), say('missed')])).toMatchObject({ state: 'missed', flags: [] });
      // Without a new order's ready it is a contradiction.
      expect(fold([say(over), ...once.slice(1)]).flags).toEqual(['unexpected']);
    }
    // What has sounded is no clean sheet.
    expect(fold([...once.slice(0, 2), say('failed', play), say('ready')]).flags).toEqual(['unexpected']);
  });

  it('lets the refusal of a copy or another revision take back nothing', () => {
    const once = [say('ready'), say('started', play), say('finished', { ...play, toMs: 5_000 })];
    for (const code of ['order.already_played', 'order.expired']) {
      const again = say('refused', { code });
      expect(fold([...once, again])).toEqual(fold(once));
      expect(fold([...once.slice(0, 2), again])).toEqual(fold(once.slice(0, 2)));
    }
    const stale = say('refused', { code: 'document.stale_revision' });
    expect(fold([say('ready'), stale])).toMatchObject({ state: 'ready', flags: [] });
    expect(fold([stale])).toMatchObject({ state: 'refused', code: 'document.stale_revision' });
    expect(fold([say('ready'), say('refused', { code: 'order.muted' })]).state).toBe('refused');
  });

  it('lets an answer say only what the journal has not', () => {
    expect(foldAnswer(PENDING, 'refused', 'order.muted')).toMatchObject({
      state: 'refused',
      code: 'order.muted',
    });
    const played = fold([say('started', play)]);
    expect(foldAnswer(played, 'accepted', null)).toBe(played);
  });
});
