import { type JournalEntry, journalEntryCodec } from '../journal/entry.ts';
import { batchText, follows, genesisText, type JournalPosition } from '../journal/link.ts';
import { bytesOf, type EvidenceCrypto, fromBase64Url, hashOf, nameOfKey } from './crypto.ts';
import type { EvidenceBatch, EvidenceJournal, EvidenceRow, EvidenceSpeaker } from './evidence.ts';

/** A journal line whose bytes, place and signature hold. */
export interface ProvedEntry {
  readonly speakerId: string;
  readonly epoch: string;
  readonly entry: JournalEntry;
}

export interface JournalVerdict {
  readonly epoch: string;
  readonly first: number | null;
  readonly last: number | null;
  /** Whether it is told from its very first line; else what lies before is not in the file. */
  readonly fromGenesis: boolean;
  readonly proved: readonly ProvedEntry[];
  /** Lines that stand beside the chain under a number that is taken: the loudspeaker told two stories. */
  readonly forks: readonly number[];
  /** Signatures that were proved. */
  readonly signatures: number;
  /** The first link that does not hold, in words; null when all hold. */
  readonly broken: string | null;
}

interface Link {
  readonly row: EvidenceRow;
  readonly entry: JournalEntry;
}

/**
 * Proves a journal with public keys alone: each line hashes to what the next one refers to, numbers have no gap, and a signature of the
 * loudspeaker stands at or behind every line. `proved` ends before the first broken link.
 */
export function verifyJournal(
  crypto: EvidenceCrypto,
  speaker: EvidenceSpeaker,
  journal: EvidenceJournal,
): JournalVerdict {
  const { epoch } = journal;
  const chain = readChain(crypto, speaker.id, journal);
  const signed = proveSignatures(crypto, speaker, journal.batches, epoch, chain);
  const brokenAt = Math.min(chain.brokenAt, signed.brokenAt);
  const broken = signed.brokenAt < chain.brokenAt ? signed.broken : (chain.broken ?? signed.broken);
  const proved = chain.links.filter(({ row }) => row.seq < brokenAt && row.seq <= signed.upTo);
  return {
    epoch,
    first: chain.links[0]?.row.seq ?? null,
    last: chain.links.at(-1)?.row.seq ?? null,
    fromGenesis: chain.fromGenesis,
    proved: proved.map(({ entry }) => ({ speakerId: speaker.id, epoch, entry })),
    forks: chain.forks,
    signatures: signed.proved,
    broken,
  };
}

interface Chain {
  readonly links: readonly Link[];
  readonly forks: readonly number[];
  readonly fromGenesis: boolean;
  readonly broken: string | null;
  /** Number of the first line that does not hold; infinite when all do. */
  readonly brokenAt: number;
}

function readChain(crypto: EvidenceCrypto, speakerId: string, { epoch, rows }: EvidenceJournal): Chain {
  const links: Link[] = [];
  const forks: number[] = [];
  const genesis: JournalPosition = { seq: 0, hash: hashOf(crypto, genesisText(speakerId, epoch)) };
  const [first] = rows;
  const fromGenesis = first?.seq === 1;
  let before: JournalPosition | null = fromGenesis || first === undefined ? genesis : null;
  const stop = (seq: number, reason: string): Chain => ({
    ...{ links, forks, fromGenesis, brokenAt: seq },
    broken: `entry ${seq}: ${reason}`,
  });
  for (const row of rows) {
    if (hashOf(crypto, row.line) !== row.hash)
      return stop(row.seq, 'its bytes do not have the hash that is given for it');
    let entry: JournalEntry;
    try {
      entry = journalEntryCodec.parse(row.line);
    } catch {
      return stop(row.seq, 'it is no journal line');
    }
    if (entry.seq !== row.seq) return stop(row.seq, `it says of itself that it is entry ${entry.seq}`);
    // A stretch of a journal is believed from its first line on: what that refers to is not here.
    before ??= { seq: row.seq - 1, hash: entry.prev };
    if (row.seq <= before.seq) {
      forks.push(row.seq);
      continue;
    }
    if (row.seq !== before.seq + 1)
      return stop(before.seq + 1, `it is missing: entry ${row.seq} comes after entry ${before.seq}`);
    if (!follows(entry, epoch, before)) return stop(row.seq, 'it does not refer to the entry before it');
    links.push({ row, entry });
    before = { seq: row.seq, hash: row.hash };
  }
  return { links, forks, fromGenesis, broken: null, brokenAt: Number.POSITIVE_INFINITY };
}

interface Signatures {
  readonly proved: number;
  /** Number of the last line that a proved signature covers; 0 for none. */
  readonly upTo: number;
  readonly broken: string | null;
  readonly brokenAt: number;
}

function proveSignatures(
  crypto: EvidenceCrypto,
  speaker: EvidenceSpeaker,
  batches: readonly EvidenceBatch[],
  epoch: string,
  { links, broken: cut }: Chain,
): Signatures {
  const hashes = new Map(links.map(({ row }) => [row.seq, row.hash]));
  const firstSeq = links[0]?.row.seq ?? 1;
  let [proved, upTo] = [0, 0];
  const stop = (brokenAt: number, broken: string): Signatures => ({ proved, upTo, brokenAt, broken });
  for (const { keyId, headSeq, headHash, signature } of [...batches].sort((a, b) => a.headSeq - b.headSeq)) {
    const here = hashes.get(headSeq);
    // It signs a fork, or a line that lies outside this stretch.
    if (here !== headHash) continue;
    const publicKey = speaker.keys[keyId];
    const from = Math.max(firstSeq, upTo + 1);
    if (publicKey === undefined || nameOfKey(crypto, publicKey) !== keyId)
      return stop(from, `entries ${from}–${headSeq}: the key ${keyId} that signs them is not in the file`);
    const message = bytesOf(batchText(speaker.id, epoch, { seq: headSeq, hash: headHash }));
    if (!crypto.verify(fromBase64Url(publicKey), message, fromBase64Url(signature)))
      return stop(from, `entries ${from}–${headSeq}: the signature by ${keyId} does not fit`);
    proved++;
    upTo = headSeq;
  }
  const last = links.at(-1)?.row.seq;
  // Where the chain is broken, that is why the lines before it are not covered.
  if (cut === null && last !== undefined && upTo < last) {
    const from = Math.max(firstSeq, upTo + 1);
    return stop(from, `entries ${from}–${last}: no signature covers them`);
  }
  return { proved, upTo, broken: null, brokenAt: Number.POSITIVE_INFINITY };
}
