import { expect, it } from 'vitest';
import type { JournalEntry, JournalKind } from '#protocols';
import { historyOf } from '../../../device-agent/runner/history.ts';

const told = (kind: JournalKind, at: number, orderHash: string) =>
  ({ kind, at, orderHash, play: 1 }) as JournalEntry;
const span = (startedAt: number, endedAt: number) => ({ startedAt, endedAt, emergency: false });

it('counts what sounds in every place up to now, and each end once, though it is told twice', () => {
  const entries = [
    ...[told('started', 10, 'ended'), told('finished', 20, 'ended')],
    // On its way into the journal, and there already.
    told('finished', 20, 'ended'),
    ...[told('started', 30, 'main'), told('started', 40, 'voice'), told('started', 5, 'lost')],
  ];
  const facts = { now: 50, sounding: new Set(['main', 'voice']) };
  expect(historyOf(entries, () => undefined, facts)).toEqual([span(10, 20), span(30, 50), span(40, 50)]);
});
