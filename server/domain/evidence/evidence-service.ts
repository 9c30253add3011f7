import type { Evidence, EvidenceJournal } from '#evidence';
import type { Clock } from '#kit';
import { DomainError, keyStatementCodec, payloadOf } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { BatchRow, JournalRow, JournalStretch } from '../deliveries/receipts.ts';
import { Turns } from '../turns.ts';
import type { Stores } from '../unit-of-work.ts';

/** Journal lines of one file: some 40 MB, a year of a commune's dozen loudspeakers. */
const MOST_LINES = 100_000;
const PAGE_LINES = 1_000;

export interface EvidenceServiceOptions {
  readonly read: Pick<Stores, 'speakers' | 'receipts' | 'broadcasts' | 'plans'>;
  readonly areas: AreaDirectory;
  readonly statements: { statementsAfter(n: number): readonly string[] };
  /** Every journal key that a loudspeaker ever had, by name. */
  readonly keysOf: (speakerId: string) => Promise<Readonly<Record<string, string>>>;
  readonly clock: Clock;
}

/** Gathers what a third party needs to check, without us, what loudspeakers reported. */
export class EvidenceService {
  readonly #options: EvidenceServiceOptions;

  constructor(options: EvidenceServiceOptions) {
    this.#options = options;
  }

  /**
   * Everything that the loudspeakers of an area, and of all below it, wrote down in [from, to), with signatures, keys and orders. Throws
   * `request.forbidden`, and `evidence.too_large` before anything large is read.
   */
  async collect(
    actor: Actor,
    { area, from, to }: { readonly area: string; readonly from: number; readonly to: number },
  ): Promise<Evidence> {
    const { read, areas, statements, keysOf, clock } = this.#options;
    authorize(actor, 'journal:read', area, areas.tree);
    if (to <= from)
      throw new DomainError('request.invalid', { reason: '"to" must be after "from"', field: 'to' });
    const turns = new Turns(clock);
    const within = areas.tree.within(area);
    const speakers = (await read.speakers.list()).filter(({ areaId }) => within.has(areaId));
    const stretches = await read.receipts.stretches(
      speakers.map(({ id }) => id),
      from,
      to,
    );
    const lines = stretches.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0);
    if (lines > MOST_LINES) throw new DomainError('evidence.too_large', { lines, limit: MOST_LINES });
    const broadcastIds = new Set<string>();
    const gathered: Evidence['speakers'] = [];
    for (const { id, name, areaId } of speakers) {
      const journals: EvidenceJournal[] = [];
      for (const stretch of stretches.filter(({ speakerId }) => speakerId === id)) {
        const { rows, batches } = await this.#stretch(stretch, turns);
        for (const { broadcastId } of rows) if (broadcastId !== null) broadcastIds.add(broadcastId);
        journals.push({ epoch: stretch.epoch, rows: rows.map(rowOf), batches: batches.map(batchOf) });
      }
      gathered.push({
        id,
        name,
        area: areas.tree.get(areaId).name,
        keys: { ...(await keysOf(id)) },
        journals,
      });
    }
    const all = statements.statementsAfter(0);
    const ids = [...broadcastIds];
    return {
      v: 1,
      kind: 'loa-evidence',
      exportedAt: Math.floor(clock.now()),
      area: areas.tree.get(area).name,
      ...{ from, to },
      rootKeys: [...rootsOfFirst(all)],
      statements: [...all],
      orders: (await read.broadcasts.ordersOf(ids)).map(({ document }) => document),
      slots: (await read.plans.slotsOf(ids)).map(({ line }) => line),
      speakers: gathered,
    };
  }

  /** A stretch with the signature that covers its last line: that may stand some lines behind it. */
  async #stretch(
    { speakerId, epoch, firstSeq, lastSeq }: JournalStretch,
    turns: Turns,
  ): Promise<{ readonly rows: readonly JournalRow[]; readonly batches: readonly BatchRow[] }> {
    const { receipts } = this.#options.read;
    const rows = new Map<string, JournalRow>();
    const batches = new Map<string, BatchRow>();
    let end = lastSeq;
    for (let from = firstSeq; from <= end; ) {
      const page = await receipts.journal(speakerId, epoch, from, PAGE_LINES);
      for (const batch of page.batches) batches.set(batch.id, batch);
      for (const row of page.rows) {
        if (row.seq > end) break;
        rows.set(`${row.seq}/${row.hash}`, row);
        // The last line's own batch is signed at its head.
        if (row.seq === end) end = Math.max(end, batches.get(row.batchId)?.headSeq ?? end);
      }
      const last = page.rows.at(-1);
      if (last === undefined || page.rows.length < PAGE_LINES) break;
      // The last number once more: forks under it may stand on the next page.
      from = last.seq > from ? last.seq : last.seq + 1;
      await turns.take();
    }
    const ordered = [...rows.values()].sort((a, b) => a.seq - b.seq || forksLast(a, b));
    const named = new Set(ordered.map(({ batchId }) => batchId));
    return { rows: ordered, batches: [...batches.values()].filter(({ id }) => named.has(id)) };
  }
}

/** Of several lines under one number the one that came first stands first: the later ones bear the flag. */
function forksLast(a: JournalRow, b: JournalRow): number {
  return Number(a.flags.includes('fork')) - Number(b.flags.includes('fork'));
}

function rowOf({ seq, hash, line, flags }: JournalRow): EvidenceJournal['rows'][number] {
  return { seq, hash, line, flags: [...flags] };
}

function batchOf({
  keyId,
  headSeq,
  headHash,
  signature,
  receivedAt,
}: BatchRow): EvidenceJournal['batches'][number] {
  return { keyId, headSeq, headHash, signature, receivedAt };
}

/** What loudspeakers pinned: the roots that the first statement names. */
function rootsOfFirst([first]: readonly string[]): readonly string[] {
  return first === undefined ? [] : keyStatementCodec.parse(payloadOf(first)).roots;
}
