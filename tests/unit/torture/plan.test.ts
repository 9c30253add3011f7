import { describe, expect, it } from 'vitest';
import { forecast } from '../../torture/forecast.ts';
import { planTorture } from '../../torture/make-plan.ts';
import { readOptions, UsageError } from '../../torture/options.ts';
import type { TorturePlan } from '../../torture/plan.ts';

const ALL = { schedules: true, latches: true };

function plan(seed: number, minutes = 20): TorturePlan {
  return planTorture({ seed, minutes, agents: 8, pace: 36 }, ALL);
}

describe('the plan of a torture', () => {
  it('is the same for the same seed and another for another', () => {
    expect(plan(5)).toEqual(plan(5));
    expect(plan(5).faults).not.toEqual(plan(6).faults);
    expect(plan(5).work).not.toEqual(plan(6).work);
  });

  it('has every kind of fault and of work, more than a hundred kills in an hour, and none that outlasts the run', () => {
    const { faults, work, durationMs } = plan(7, 60);
    expect([...new Set(faults.map(({ kind }) => kind))].sort()).toEqual([
      'clock',
      'controller-clock',
      'corrupt',
      'cut',
      'deaf',
      'disk-full',
      'freeze',
      'half-open',
      'kill-agent',
      'kill-controller',
      'lock',
      'mess',
      'slow',
      'stall',
    ]);
    expect(faults.filter(({ kind }) => kind.startsWith('kill')).length).toBeGreaterThan(100);
    for (const { at, durationMs: lasts } of faults) expect(at + lasts).toBeLessThanOrEqual(durationMs);
    expect([...new Set(work.map(({ kind }) => kind))].sort()).toEqual([
      'cancel',
      'delete',
      'latch',
      'mute',
      'play',
      'release',
      'schedule',
      'unmute',
    ]);
  });

  it('airs programmes, and schedules with several instants', () => {
    const { work, programmes, contents } = plan(7);
    const schedules = work.filter((piece) => piece.kind === 'schedule');
    expect(schedules.some(({ startsAt }) => startsAt.length > 1)).toBe(true);
    const sessions = schedules.filter((piece) => piece.contents.length > 1);
    expect(sessions.length).toBeGreaterThan(0);
    for (const { contents: numbers } of sessions) expect(programmes).toContainEqual(numbers);
    const made = contents.map(({ number }) => number);
    for (const number of schedules.flatMap((piece) => piece.contents)) expect(made).toContain(number);
  });

  it('leaves most of what it asks for playable', () => {
    const shares = Array.from({ length: 30 }, (_, index) => {
      const wanted = { seed: index + 1, minutes: 5, agents: 8, pace: 60 };
      const { playable, deliveries } = forecast(planTorture(wanted, ALL));
      return playable / deliveries;
    });
    expect(shares.filter((share) => share >= 0.7).length).toBeGreaterThanOrEqual(22);
  });

  it('makes a clock wrong for everybody once in ten minutes at the most', () => {
    for (const seed of [1, 2, 3]) {
      const wrong = plan(seed, 60).faults.filter(({ kind }) => kind === 'controller-clock');
      for (const [index, { at }] of wrong.entries())
        expect(at - (wrong[index - 1]?.at ?? -600_000)).toBeGreaterThanOrEqual(600_000);
    }
  });

  it('lets a loudspeaker suffer one fault at a time, and takes back only what it asked for before', () => {
    const { faults, work } = plan(8, 30);
    for (const fault of faults)
      for (const other of faults)
        if (other.number > fault.number && other.speaker === fault.speaker)
          expect(other.at).toBeGreaterThanOrEqual(fault.at + fault.durationMs);
    for (const piece of work)
      if ('of' in piece) {
        expect(piece.of).toBeLessThan(piece.number);
        expect(['play', 'schedule', 'mute', 'latch']).toContain(work[piece.of]?.kind);
      }
  });

  it('asks for nothing that a controller cannot do', () => {
    const { work } = planTorture(
      { seed: 7, minutes: 60, agents: 8, pace: 36 },
      { schedules: false, latches: false },
    );
    expect(work.filter(({ kind }) => ['schedule', 'delete', 'latch', 'release'].includes(kind))).toEqual([]);
  });
});

describe('the command line', () => {
  it('is read, and what it cannot mean is refused', () => {
    expect(readOptions(['--minutes', '5', '--seed', '9'])).toMatchObject({ minutes: 5, seed: 9, agents: 8 });
    expect(readOptions([], () => 0.5).seed).toBe(2 ** 30);
    for (const wrong of [['--minutes'], ['--minutes', '0'], ['--agents', '1.5'], ['--broker', 'x'], ['-x']])
      expect(() => readOptions(wrong)).toThrow(UsageError);
  });
});
