import type { BroadcastState, DeliveryState } from '#protocols';
import type {
  BatchRow,
  Delivery,
  DeliveryKey,
  JournalRow,
  JournalStretch,
  ReceiptSlice,
  ReceiptStore,
} from '../../domain/deliveries/receipts.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { type FastPath, writeEach } from '../fast-path.ts';
import { allPages, inParts, PAGE_ROWS } from '../paging.ts';
import {
  BATCH,
  DELIVERY,
  type DeliveryRow,
  JOURNAL,
  PLAY,
  toDeliveries,
  toDeliveryRow,
  toJournalLine,
  toJournalRow,
  toPlayRows,
} from './receipt-tables.ts';
import { POSITION } from './speaker-tables.ts';

export class DatabaseReceiptStore implements ReceiptStore {
  readonly #models: Models;
  readonly #fast: FastPath;

  constructor({ models, fast }: Access) {
    this.#models = models;
    this.#fast = fast;
  }

  async deliveries(keys: readonly DeliveryKey[]): Promise<Delivery[]> {
    const distinct = new Map(
      keys.map(({ broadcastId, speakerId }) => [`${broadcastId} ${speakerId}`, [broadcastId, speakerId]]),
    );
    const rows = await this.#fast.lookup(DELIVERY, ['broadcastId', 'speakerId'], [...distinct.values()]);
    const known = rows.map(({ broadcastId, speakerId }) => [broadcastId, speakerId]);
    const plays = await this.#fast.lookup(PLAY, ['broadcastId', 'speakerId'], known);
    return toDeliveries(rows, plays);
  }

  /** In the order of the speakers' ids. */
  async ofBroadcast(broadcastId: string): Promise<Delivery[]> {
    const rows = await allPages((after: DeliveryRow | undefined) =>
      this.#models.delivery.findMany({
        where: { broadcastId, speakerId: { gt: after?.speakerId ?? '' } },
        orderBy: { speakerId: 'asc' },
        take: PAGE_ROWS,
      }),
    );
    const plays = await inParts(
      rows.map(({ speakerId }) => speakerId),
      (part) => this.#models.play.findMany({ where: { broadcastId, speakerId: { in: part } } }),
    );
    return toDeliveries(rows, plays);
  }

  async counts(
    broadcastId: string,
  ): Promise<Partial<Record<DeliveryState, number>> & { readonly played: number }> {
    const groups = await this.#models.delivery.groupBy({
      by: ['state', 'played'],
      where: { broadcastId },
      _count: true,
    });
    const counts: Partial<Record<DeliveryState, number>> & { played: number } = { played: 0 };
    for (const { state, played, _count } of groups) {
      counts[state] = (counts[state] ?? 0) + _count;
      if (played) counts.played += _count;
    }
    return counts;
  }

  async lastSeq(speakerId: string, epoch: string): Promise<number> {
    const last = await this.#models.journalRow.findFirst({
      where: { speakerId, epoch },
      orderBy: { seq: 'desc' },
      select: { seq: true },
    });
    return last === null ? 0 : Number(last.seq);
  }

  async entryHashes(
    speakerId: string,
    epoch: string,
    fromSeq: number,
    toSeq: number,
  ): Promise<ReadonlyMap<number, string>> {
    const rows = await this.#models.journalRow.findMany({
      where: { speakerId, epoch, seq: { gte: BigInt(fromSeq), lte: BigInt(toSeq) } },
      select: { seq: true, hash: true, flags: true },
    });
    const hashes = new Map<number, string>();
    // Of a fork, the entry that came first is the one that counts: the later one bears the flag.
    for (const { seq, hash, flags } of rows)
      if (!hashes.has(Number(seq)) || !flags.split(' ').includes('fork')) hashes.set(Number(seq), hash);
    return hashes;
  }

  async save({ batches, rows, deliveries, positions }: ReceiptSlice): Promise<void> {
    await this.#fast.write(BATCH, batches);
    await writeEach(this.#fast, JOURNAL, rows, toJournalLine);
    await writeEach(this.#fast, DELIVERY, deliveries, toDeliveryRow);
    await this.#fast.write(PLAY, deliveries.flatMap(toPlayRows));
    await this.#fast.write(
      POSITION,
      positions.map(({ speakerId, journal: { epoch, seq, hash } }) => ({ speakerId, epoch, seq, hash })),
    );
  }

  async knownBroadcasts(ids: readonly string[]): Promise<ReadonlyMap<string, BroadcastState>> {
    const rows = await inParts(ids, (part) =>
      this.#models.broadcast.findMany({ where: { id: { in: part } }, select: { id: true, state: true } }),
    );
    const known = new Map<string, BroadcastState>(rows.map(({ id, state }) => [id, state]));
    const others = ids.filter((id) => !known.has(id));
    // Loudspeakers tell of a slot that they hold before its broadcast is made.
    const slots = await inParts(others, (part) =>
      this.#models.plannedSlot.findMany({
        where: { broadcastId: { in: part } },
        select: { broadcastId: true },
      }),
    );
    for (const { broadcastId } of slots) known.set(broadcastId, 'planned');
    return known;
  }

  async stretches(speakerIds: readonly string[], from: number, to: number): Promise<JournalStretch[]> {
    const groups = await inParts(speakerIds, (part) =>
      this.#models.journalRow.groupBy({
        by: ['speakerId', 'epoch'],
        where: { speakerId: { in: part }, at: { gte: from, lt: to } },
        _min: { seq: true },
        _max: { seq: true },
        orderBy: [{ speakerId: 'asc' }, { epoch: 'asc' }],
      }),
    );
    return groups.map(({ speakerId, epoch, _min, _max }) => ({
      ...{ speakerId, epoch },
      firstSeq: Number(_min.seq ?? 0),
      lastSeq: Number(_max.seq ?? 0),
    }));
  }

  async journal(
    speakerId: string,
    epoch: string,
    fromSeq: number,
    limit: number,
  ): Promise<{ readonly rows: readonly JournalRow[]; readonly batches: readonly BatchRow[] }> {
    const lines = await this.#models.journalRow.findMany({
      where: { speakerId, epoch, seq: { gte: BigInt(fromSeq) } },
      orderBy: [{ seq: 'asc' }, { hash: 'asc' }],
      take: limit,
    });
    const batches = await inParts(
      lines.map(({ batchId }) => batchId),
      (part) => this.#models.journalBatch.findMany({ where: { id: { in: part } } }),
    );
    return {
      rows: lines.map(toJournalRow),
      batches: batches
        .map((batch) => ({ ...batch, headSeq: Number(batch.headSeq) }))
        .sort((a, b) => a.headSeq - b.headSeq || a.receivedAt - b.receivedAt),
    };
  }
}
