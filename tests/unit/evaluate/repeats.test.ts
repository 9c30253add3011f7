import { expect, it } from 'vitest';
import { arbitrate, itemOf, simulate } from '#protocols';
import { holding, item, MINUTE, NOW, planned, situation } from './examples.ts';

const LATENESS_MS = 30_000;

it('a repetition that was held up for too long is passed; the item is over with its last one, or its end', () => {
  const late = item('e1', { priority: 'emergency', latestStartAt: NOW - 1, blockedBy: 'order.queued' });
  const passed = [{ id: 'e1', code: 'order.queued' }];
  expect(arbitrate(situation([{ ...late, more: true }]))).toMatchObject({ passed, over: [] });
  expect(arbitrate(situation([late]))).toMatchObject({ passed: [], over: passed });
  const ended = { ...late, more: true, hardEndAt: NOW };
  expect(arbitrate(situation([ended]))).toMatchObject({ passed: [], over: passed });
});

it('a repetition that keeps its end is passed when that is over, however late somebody looks: the next has an end of its own', () => {
  const hours = planned('r1', {
    keepsEnd: true,
    durationMs: MINUTE,
    latestStartAt: NOW + LATENESS_MS,
    hardEndAt: NOW + 10 * MINUTE,
    repeat: { count: 2, intervalMs: 4 * MINUTE },
  });
  const first = itemOf(
    hours,
    { repetitions: 0, resumeFromMs: 0, interrupted: false },
    { ready: true, trouble: null, fresh: true, blockedBy: null },
  );
  for (const lateMs of [LATENESS_MS + 2_000, 2 * MINUTE])
    expect(arbitrate(situation([first], { now: NOW + lateMs }))).toMatchObject({
      passed: [{ id: 'r1', code: 'order.too_late' }],
      over: [],
    });
});

it('an emergency that another holds up leaves out the repetitions that are too late, and goes on with the next', () => {
  const repeated = planned('e1', {
    priority: 'emergency',
    durationMs: 20_000,
    latestStartAt: NOW + LATENESS_MS,
    repeat: { count: 10, intervalMs: 40_000 },
  });
  const long = planned('e2', {
    priority: 'emergency',
    issuedAt: 2,
    startsAt: NOW + 30_000,
    durationMs: 3 * MINUTE,
  });
  const timeline = simulate([repeated, long], holding(), { from: NOW, to: NOW + MINUTE });
  const [first, second] = timeline.items;
  expect(first?.ranges.map(({ repetition }) => repetition)).toEqual([0, 3, 4, 5, 6, 7, 8, 9]);
  expect(first?.reason).toEqual({ code: 'order.queued', other: 'e2' });
  expect(second?.reason).toBeNull();
});

it('a repeated item ends when it has expired, not once for each repetition', () => {
  const held = planned('n1', { latestStartAt: NOW + MINUTE, repeat: { count: 9, intervalMs: MINUTE } });
  const all = simulate([held], holding({ latches: ['lat-1'] }), { from: NOW, to: NOW + MINUTE });
  expect(all.items[0]).toMatchObject({ ranges: [], reason: { code: 'order.latched' } });
});
