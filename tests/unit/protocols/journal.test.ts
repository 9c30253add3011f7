import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChainedLine,
  chainLine,
  generateSigningKey,
  genesis,
  isDomainError,
  JOURNAL_KINDS,
  type JournalBatch,
  type JournalFact,
  journalBatchCodec,
  signBatch,
  verifyBatch,
  verifyChain,
} from '#protocols';

const KEY = generateSigningKey();
const SPEAKER = 'spk-1';
const EPOCH = 'jnl-1';

const fact: fc.Arbitrary<JournalFact> = fc.record({
  at: fc.nat(),
  clockErrorMs: fc.constantFrom(null, 0, 1.5),
  kind: fc.constantFrom(...JOURNAL_KINDS),
  detail: fc.string({ maxLength: 40, unit: 'grapheme' }),
});

function linesOf(facts: readonly JournalFact[]): ChainedLine[] {
  const lines: ChainedLine[] = [];
  for (const one of facts)
    lines.push(chainLine(EPOCH, lines.at(-1)?.position ?? genesis(SPEAKER, EPOCH), one));
  return lines;
}

function batchOf(lines: readonly ChainedLine[], from = 0): JournalBatch {
  const after = from === 0 ? genesis(SPEAKER, EPOCH) : (lines[from - 1] as ChainedLine).position;
  return signBatch({ speakerId: SPEAKER, epoch: EPOCH, after, oldestSeq: 1 }, lines.slice(from), KEY);
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isDomainError(error)) return error.code;
    throw error;
  }
  return 'taken';
}

describe('journal batches', () => {
  it('prove every line of every stretch', () => {
    fc.assert(
      fc.property(fc.array(fact, { minLength: 1, maxLength: 12 }), fc.nat(11), (facts, cut) => {
        const lines = linesOf(facts);
        const from = cut % lines.length;
        const batch = journalBatchCodec.parse(JSON.stringify(batchOf(lines, from)));
        expect(verifyBatch(batch, KEY.publicKey)).toEqual(lines.slice(from));
      }),
      { numRuns: 50 },
    );
  });

  it('are refused when a line is changed, taken out, put in or moved', () => {
    fc.assert(
      fc.property(
        fc.array(fact, { minLength: 3, maxLength: 8 }),
        fc.nat(7),
        fc.constantFrom('change', 'drop', 'double', 'swap'),
        (facts, where, how) => {
          const batch = batchOf(linesOf(facts));
          const lines = [...batch.lines];
          const at = where % lines.length;
          if (how === 'change')
            lines[at] = (lines[at] as string).replace(
              /"at":(\d+)/,
              (_all, digits) => `"at":${Number(digits) + 1}`,
            );
          else if (how === 'drop') lines.splice(at, 1);
          else if (how === 'double') lines.splice(at, 0, lines[at] as string);
          else lines.push(lines.shift() as string);
          const code = codeOf(() => verifyBatch({ ...batch, lines }, KEY.publicKey));
          expect(code).toMatch(/^journal\.bad_(chain|signature)$/);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are bound to speaker, epoch, place and key', () => {
    const batch = batchOf(linesOf(fc.sample(fact, 3)));
    const refusal = (change: Partial<JournalBatch>, key = KEY.publicKey) =>
      codeOf(() => verifyBatch({ ...batch, ...change }, key));
    expect(refusal({})).toBe('taken');
    expect(refusal({ speakerId: 'spk-2' })).toBe('journal.bad_signature');
    expect(refusal({ epoch: 'jnl-2' })).toBe('journal.bad_chain');
    expect(refusal({ after: { seq: 0, hash: 'a'.repeat(64) } })).toBe('journal.bad_chain');
    expect(refusal({ after: { ...batch.after, seq: 1 } })).toBe('journal.bad_chain');
    expect(refusal({}, generateSigningKey().publicKey)).toBe('journal.bad_signature');
    expect(refusal({ lines: ['{}'] })).toBe('document.malformed');
  });

  it('can be checked by a third party without any key', () => {
    const lines = linesOf(fc.sample(fact, 5)).map(({ line }) => line);
    expect(verifyChain(SPEAKER, EPOCH, genesis(SPEAKER, EPOCH), lines)).toHaveLength(5);
    expect(codeOf(() => verifyChain(SPEAKER, EPOCH, genesis('spk-2', EPOCH), lines))).toBe(
      'journal.bad_chain',
    );
  });
});
