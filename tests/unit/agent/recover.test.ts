import { expect, it } from 'vitest';
import type { JournalEntry, JournalKind } from '#protocols';
import type { StoredPosition } from '../../../device-agent/runner/position-file.ts';
import { recover } from '../../../device-agent/runner/recover.ts';
import type { OrderRecord } from '../../../device-agent/state/order-store.ts';

const PLANNED = 1_000_000;
const DURATION_MS = 60_000;

const playing = { orderId: 'ord-1', phase: 'playing', plays: 1, resumeFromMs: 0 } as OrderRecord;

function entry(kind: JournalKind, play?: number): JournalEntry {
  return { kind, orderId: 'ord-1', ...(play === undefined ? {} : { play }) } as JournalEntry;
}

function position(change: Partial<StoredPosition>): StoredPosition {
  const base = { v: 1, n: 1, orderId: 'ord-1', play: 1, plannedAt: PLANNED, fromMs: 0 } as const;
  return { ...base, at: PLANNED, sounding: true, positionMs: 0, ...change };
}

it('a play that was only being prepared has not begun', () => {
  const prepared = position({ sounding: false, at: PLANNED - 4_000 });
  expect(recover(playing, [entry('ready')], prepared, DURATION_MS, PLANNED + 20_000)).toEqual({
    kind: 'not-begun',
  });
  expect(recover(playing, [entry('ready')], undefined, DURATION_MS, PLANNED + 20_000)).toEqual({
    kind: 'not-begun',
  });
});

it('close to its start it counts as begun: rather once too little than twice', () => {
  const close = position({ sounding: false, at: PLANNED - 1_000 });
  expect(recover(playing, [], close, DURATION_MS, PLANNED + 20_000)).toMatchObject({
    kind: 'cut-off',
    fromMs: 0,
    toMs: 0,
  });
});

it('a play in the middle was cut off at its last position', () => {
  const last = position({ at: PLANNED + 12_000, positionMs: 12_000 });
  expect(recover(playing, [entry('started', 1)], last, DURATION_MS, PLANNED + 20_000)).toMatchObject({
    ...{ kind: 'cut-off', at: PLANNED + 12_000, toMs: 12_000 },
    uncertaintyMs: 1_500,
  });
  // The position is lost: anything may have sounded.
  expect(recover(playing, [entry('started', 1)], undefined, DURATION_MS, PLANNED + 20_000)).toMatchObject({
    ...{ kind: 'cut-off', toMs: 0 },
    uncertaintyMs: DURATION_MS,
  });
});

it('what the journal has told is not told again', () => {
  const ended = [entry('started', 1), entry('finished', 1)];
  expect(recover(playing, ended, position({}), DURATION_MS, PLANNED + 20_000)).toMatchObject({
    kind: 'told',
    entry: ended[1],
  });
  const open = { ...playing, phase: 'open', plays: 0 } as OrderRecord;
  expect(recover(open, [entry('missed')], undefined, DURATION_MS, PLANNED + 20_000)).toMatchObject({
    kind: 'told',
  });
  expect(recover(open, [entry('ready')], undefined, DURATION_MS, PLANNED + 20_000)).toEqual({
    kind: 'as-recorded',
  });
  // The end of an earlier attempt says nothing of this one.
  const second = { ...playing, plays: 2 } as OrderRecord;
  expect(recover(second, ended, position({ play: 2, at: PLANNED }), DURATION_MS, PLANNED + 20_000).kind).toBe(
    'cut-off',
  );
});

it('a play without a known position was cut off when the last word of that run was written, not when the power came back', () => {
  const started = { ...entry('started', 1), at: PLANNED } as JournalEntry;
  const cut = (lastKnownAt: number) => recover(playing, [started], undefined, DURATION_MS, lastKnownAt);
  expect(cut(PLANNED + 9_000)).toMatchObject({ kind: 'cut-off', at: PLANNED + 9_000 });
  // It cannot have sounded for longer than it is.
  expect(cut(PLANNED + 3_600_000)).toMatchObject({ at: PLANNED + DURATION_MS });
  expect(cut(Number.NEGATIVE_INFINITY)).toMatchObject({ at: PLANNED });
});

it('a repetition that was passed over says nothing of the rest', () => {
  const open = { ...playing, phase: 'open', plays: 0 } as OrderRecord;
  const passed = { ...entry('missed'), repetition: 1 } as JournalEntry;
  expect(recover(open, [passed], undefined, DURATION_MS, PLANNED)).toEqual({ kind: 'as-recorded' });
});
