import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChainedLine,
  chainLine,
  generateSigningKey,
  genesis,
  type JournalBatch,
  signBatch,
} from '#protocols';
import { placeBatch } from '../../../server/domain/deliveries/place-batch.ts';
import type { StoredJournal } from '../../../server/domain/speakers/speaker.ts';

const KEY = generateSigningKey();
const SPEAKER = 'spk-1';
const EPOCH = 'jnl-1';

function write(count: number, detail: string, after: readonly ChainedLine[] = []): ChainedLine[] {
  const lines = [...after];
  for (let i = 0; i < count; i++) {
    const before = lines.at(-1)?.position ?? genesis(SPEAKER, EPOCH);
    lines.push(chainLine(EPOCH, before, { kind: 'boot', at: i, clockErrorMs: null, detail }));
  }
  return lines;
}

const JOURNAL = write(20, 'original');

function batchOf(lines: readonly ChainedLine[], from: number, to: number, oldestSeq = 1): JournalBatch {
  const after = from === 0 ? genesis(SPEAKER, EPOCH) : (lines[from - 1] as ChainedLine).position;
  return signBatch({ speakerId: SPEAKER, epoch: EPOCH, after, oldestSeq }, lines.slice(from, to), KEY);
}

function positionAfter(lines: readonly ChainedLine[], count: number): StoredJournal | null {
  return count === 0 ? null : { epoch: EPOCH, ...(lines[count - 1] as ChainedLine).position };
}

function hashes(lines: readonly ChainedLine[]): Map<number, Set<string>> {
  return new Map(lines.map(({ position }) => [position.seq, new Set([position.hash])]));
}

describe('the place of a batch', () => {
  it('adds exactly what is missing, whatever overlaps', () => {
    fc.assert(
      fc.property(fc.nat(19), fc.nat(18), fc.nat(20), (held, from, length) => {
        fc.pre(from <= held);
        const to = Math.min(20, from + 1 + length);
        const stored = positionAfter(JOURNAL, held);
        const lines = JOURNAL.slice(from, to);
        const placed = placeBatch(stored, batchOf(JOURNAL, from, to), lines, hashes(JOURNAL.slice(0, held)));
        expect(placed.lines.map(({ line }) => line.position.seq)).toEqual(
          lines.map(({ position }) => position.seq).filter((seq) => seq > held),
        );
        expect(placed.lines.flatMap(({ flags }) => flags)).toEqual([]);
        expect(placed.position.seq).toBe(Math.max(held, to));
      }),
    );
  });

  it('brings a whole journal in, in any order of sending, with nothing twice', () => {
    const stretch = fc.tuple(fc.nat(19), fc.integer({ min: 1, max: 8 }));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 30 }), (stretches) => {
        let stored: StoredJournal | null = null;
        const kept: number[] = [];
        for (const [from, length] of [...stretches, [0, 20] as const]) {
          const to = Math.min(20, from + length);
          try {
            const known = hashes(JOURNAL.slice(0, kept.length));
            const placed = placeBatch(stored, batchOf(JOURNAL, from, to), JOURNAL.slice(from, to), known);
            kept.push(...placed.lines.map(({ line }) => line.position.seq));
            stored = placed.position;
          } catch (error) {
            expect(error).toMatchObject({ code: 'journal.gap' });
          }
        }
        expect(kept).toEqual(JOURNAL.map(({ position }) => position.seq));
      }),
    );
  });

  it('refuses a gap, unless the missing can never come', () => {
    const stored = positionAfter(JOURNAL, 5);
    const place = (oldestSeq: number) =>
      placeBatch(stored, batchOf(JOURNAL, 9, 12, oldestSeq), JOURNAL.slice(9, 12), new Map());
    expect(() => place(1)).toThrow(expect.objectContaining({ code: 'journal.gap' }));
    expect(() => place(9)).toThrow(
      expect.objectContaining({ code: 'journal.gap', params: expect.objectContaining({ expectedSeq: 9 }) }),
    );
    expect(place(10).lines.map(({ flags }) => flags)).toEqual([['gap'], [], []]);
    expect(place(10).position.seq).toBe(12);
  });

  it('keeps and flags a fork, and goes on behind it', () => {
    const fork = write(4, 'forked', JOURNAL.slice(0, 3));
    const stored = positionAfter(JOURNAL, 5);
    const inside = placeBatch(stored, batchOf(fork, 2, 5), fork.slice(2, 5), hashes(JOURNAL.slice(0, 5)));
    expect(inside.lines.map(({ line, flags }) => [line.position.seq, ...flags])).toEqual([
      [4, 'fork'],
      [5, 'fork'],
    ]);
    expect(inside.position).toEqual(stored);
    const beyond = placeBatch(stored, batchOf(fork, 5, 7), fork.slice(5, 7), new Map());
    expect(beyond.lines.map(({ flags }) => flags)).toEqual([['fork'], []]);
    expect(beyond.position).toEqual(positionAfter(fork, 7));
  });

  it('refuses a beginning that belongs to another speaker', () => {
    const batch = { ...batchOf(JOURNAL, 0, 2), after: genesis('spk-2', EPOCH) };
    expect(() => placeBatch(null, batch, JOURNAL.slice(0, 2), new Map())).toThrow(
      expect.objectContaining({ code: 'journal.bad_chain' }),
    );
  });
});
