import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainedLine, genesis, type JournalPosition, journalEntryCodec, sha256 } from '#protocols';
import { lineOf, readSegment, type SegmentText } from './segment.ts';

/** File name of the segment whose first line has this number. */
export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(12, '0')}.log`;
}

/** What the files of one epoch hold. */
export interface EpochScan {
  /** What the first line that is held follows. */
  readonly start: JournalPosition;
  /** Every line up to the first that does not fit. */
  readonly lines: readonly ChainedLine[];
  /** The segment that can be written on, its torn end not counted; undefined when there is none. */
  readonly tail: { readonly name: string; readonly text: SegmentText } | undefined;
  /** Set when something other than the very end is unreadable: no line may follow in this epoch. */
  readonly damage: string | undefined;
}

/**
 * Reads an epoch's segments in order and proves the chain. A last line that was torn off (by a power cut in mid-write)
 * is left out: it was never believed. Anything unreadable before that is damage.
 */
export async function scanEpoch(folder: string, speakerId: string, epoch: string): Promise<EpochScan> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  const lines: ChainedLine[] = [];
  let start: JournalPosition | undefined;
  let tail: EpochScan['tail'];
  const nothing = genesis(speakerId, epoch);
  for (const [i, name] of names.entries()) {
    const last = i === names.length - 1;
    const bytes = await readFile(join(folder, name));
    const text = readSegment(bytes);
    const firstSeq = Number.parseInt(name, 10);
    let used = 0;
    for (const [k, line] of text.lines.entries()) {
      const chained = readLine(line, epoch);
      start ??= firstSeq === 1 ? nothing : { seq: firstSeq - 1, hash: chained?.entry.prev ?? nothing.hash };
      const before = lines.at(-1)?.position ?? start;
      if (chained === undefined || !follows(chained, before)) {
        // A line that is whole but does not follow was never torn.
        const veryLast =
          chained === undefined && last && k === text.lines.length - 1 && !hasLinesAfter(bytes, text.used);
        if (!veryLast) return scan(`entry ${before.seq + 1} in ${name} is unreadable`);
        tail = { name, text: { ...text, lines: text.lines.slice(0, k), used, torn: true } };
        return scan(undefined);
      }
      lines.push(chained);
      used += Buffer.byteLength(line) + 1;
    }
    if (text.torn && (!last || hasLinesAfter(bytes, text.used))) return scan(`${name} has a hole`);
    start ??= firstSeq === 1 ? nothing : undefined;
    if (start === undefined || (lines.at(-1)?.position ?? start).seq + 1 < firstSeq)
      return scan(`entries before ${name} are missing`);
    tail = { name, text };
  }
  return scan(undefined);

  function scan(damage: string | undefined): EpochScan {
    return { start: start ?? nothing, lines, tail: damage === undefined ? tail : undefined, damage };
  }
}

function readLine(stored: string, epoch: string): ChainedLine | undefined {
  const line = lineOf(stored);
  if (line === undefined) return undefined;
  try {
    const entry = journalEntryCodec.parse(line);
    return entry.epoch === epoch
      ? { line, entry, position: { seq: entry.seq, hash: sha256(line) } }
      : undefined;
  } catch {
    return undefined;
  }
}

function follows({ entry }: ChainedLine, before: JournalPosition): boolean {
  return entry.seq === before.seq + 1 && entry.prev === before.hash;
}

function hasLinesAfter(bytes: Buffer, from: number): boolean {
  return bytes.indexOf(0x0a, from) !== -1;
}
