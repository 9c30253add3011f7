import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BROADCAST_STATES, type BroadcastState, DELIVERY_STATES, mayFollow } from '#protocols';
import { steps } from '../../../server/domain/dispatch/broadcast-settler.ts';
import {
  countViews,
  type DeliveryCounts,
  soundNow,
  verdict,
} from '../../../server/domain/dispatch/verdict.ts';
import { delivery, play } from '../../contract/storage/samples.ts';

const facts = (counts: Partial<DeliveryCounts>, over = false, mayGoOn = false) => ({
  counts: { played: 0, ...counts },
  targetCount: 3,
  over,
  mayGoOn,
});

describe('the verdict on a broadcast', () => {
  it('waits until all are settled or time is up', () => {
    expect(verdict(facts({ finished: 2, played: 2 }))).toBeNull();
    expect(verdict(facts({ finished: 2, playing: 1, played: 2 }))).toBeNull();
    expect(verdict(facts({ finished: 2, played: 2 }, true))).toBe('partial');
    expect(verdict(facts({}, true))).toBe('failed');
  });

  it('counts what was played, not what was sent', () => {
    expect(verdict(facts({ finished: 3, played: 3 }))).toBe('completed');
    expect(verdict(facts({ finished: 3, played: 2 }))).toBe('partial');
    expect(verdict(facts({ finished: 1, refused: 1, missed: 1, played: 1 }))).toBe('partial');
    expect(verdict(facts({ refused: 3 }))).toBe('failed');
    expect(verdict(facts({ finished: 3, played: 0 }))).toBe('failed');
  });

  it('does not take the first of several repetitions for the whole', () => {
    expect(verdict(facts({ finished: 3, played: 3 }, false, true))).toBeNull();
    expect(verdict(facts({ finished: 3, played: 3 }, true, true))).toBe('completed');
  });
});

describe('the count of deliveries', () => {
  it('knows a play that sounded from one into nothing', () => {
    const finished = (evidence: 'reported' | 'none') =>
      delivery('brc', 'spk', { state: 'finished', plays: [play({ evidence })] }).view;
    expect(countViews([finished('reported'), finished('none'), delivery('brc', 'spk').view])).toEqual({
      accepted: 1,
      finished: 2,
      played: 1,
    });
  });
});

describe('the steps of a broadcast', () => {
  const states = Object.keys(BROADCAST_STATES) as BroadcastState[];

  it('follow the table, whatever has happened', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...states),
        fc.constantFrom('sounding' as const, 'interrupted' as const, null),
        fc.constantFrom('completed' as const, 'partial' as const, 'failed' as const, null),
        (from, sound, result) => {
          let at = from;
          for (const to of steps(from, sound, result)) {
            expect(mayFollow(BROADCAST_STATES, at, to)).toBe(true);
            at = to;
          }
        },
      ),
    );
  });

  it('lead through what was skipped, and let a late report correct the count', () => {
    expect(steps('planned', 'sounding', 'completed')).toEqual(['issued', 'on_air', 'completed']);
    expect(steps('issued', 'sounding', null)).toEqual(['on_air']);
    expect(steps('planned', null, 'failed')).toEqual(['failed']);
    expect(steps('partial', 'sounding', 'completed')).toEqual(['completed']);
    expect(steps('failed', 'sounding', 'partial')).toEqual(['partial']);
    expect(steps('cancelled', 'sounding', 'completed')).toEqual([]);
    expect(steps('completed', 'sounding', 'partial')).toEqual([]);
    expect(Object.keys(DELIVERY_STATES)).toContain('missed');
  });

  it('tell of an emergency that took its place everywhere, and of its going on', () => {
    expect(steps('on_air', soundNow({ interrupted: 2, finished: 1, played: 1 }), null)).toEqual([
      'interrupted',
    ]);
    expect(steps('on_air', soundNow({ interrupted: 2, playing: 1, played: 0 }), null)).toEqual([]);
    expect(steps('interrupted', soundNow({ interrupted: 1, playing: 1, played: 0 }), null)).toEqual([
      'resumed',
    ]);
    expect(steps('interrupted', soundNow({ interrupted: 1, finished: 1, played: 1 }), null)).toEqual([]);
    // The word of its going on and that of its end came together.
    expect(steps('interrupted', soundNow({ finished: 2, played: 2 }), null)).toEqual(['resumed']);
    expect(steps('resumed', soundNow({ interrupted: 2, played: 0 }), null)).toEqual(['interrupted']);
    expect(steps('issued', soundNow({ interrupted: 1, played: 0 }), null)).toEqual(['on_air', 'interrupted']);
    expect(steps('interrupted', soundNow({ interrupted: 1, played: 0 }), 'partial')).toEqual(['partial']);
    expect(soundNow({ accepted: 3, played: 0 })).toBeNull();
  });
});
