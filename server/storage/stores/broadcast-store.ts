import type { BroadcastState, Targets } from '#protocols';
import type {
  Broadcast,
  BroadcastStore,
  OutboxItem,
  StoredOrder,
  TargetSnapshot,
} from '../../domain/broadcasts/broadcast.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { inParts } from '../paging.ts';
import { fromJson, fromJsonOrNull, toJsonOrNull } from './json.ts';
import { inOrder, newestIds } from './newest.ts';

type BroadcastRow = NonNullable<Awaited<ReturnType<Models['broadcast']['findUnique']>>>;
type OrderRow = NonNullable<Awaited<ReturnType<Models['order']['findUnique']>>>;

/** Where nothing more is expected, though late receipts may still correct it. */
const ENDED: BroadcastState[] = ['completed', 'failed', 'partial', 'missed', 'cancelled'];

/** What no loudspeaker played, as far as is known. */
const UNHEARD: BroadcastState[] = ['planned', 'failed', 'missed', 'cancelled'];

export class DatabaseBroadcastStore implements BroadcastStore {
  readonly #access: Access;
  readonly #models: Models;

  constructor(access: Access) {
    this.#access = access;
    this.#models = access.models;
  }

  /** Newest first; `before` is the last id of the page before. */
  async list(filter: {
    readonly areaIds: readonly string[];
    readonly limit: number;
    readonly before?: string;
  }): Promise<Broadcast[]> {
    const after = filter.before === undefined ? null : await this.get(filter.before);
    if (filter.before !== undefined && after === null) return [];
    const ids = await newestIds(this.#access, 'Broadcast', filter.areaIds, filter.limit, after);
    const rows = await inParts(ids, (part) =>
      this.#models.broadcast.findMany({ where: { id: { in: part } } }),
    );
    return inOrder(ids, rows).map(toBroadcast);
  }

  async get(id: string): Promise<Broadcast | null> {
    const row = await this.#models.broadcast.findUnique({ where: { id } });
    return row === null ? null : toBroadcast(row);
  }

  async some(ids: readonly string[]): Promise<Broadcast[]> {
    const rows = await inParts(ids, (part) =>
      this.#models.broadcast.findMany({ where: { id: { in: part } } }),
    );
    return rows.map(toBroadcast);
  }

  async insert(broadcast: Broadcast, snapshot: TargetSnapshot): Promise<void> {
    await this.#models.broadcast.create({
      data: toRow(broadcast),
    });
    await this.#models.targetSnapshot.create({
      data: { broadcastId: broadcast.id, speakerIds: JSON.stringify(snapshot.speakerIds) },
    });
  }

  async rewrite(broadcast: Broadcast, { speakerIds }: TargetSnapshot): Promise<void> {
    const { id, ...fields } = toRow(broadcast);
    await this.#models.broadcast.update({ where: { id }, data: fields });
    await this.#models.targetSnapshot.update({
      where: { broadcastId: id },
      data: { speakerIds: JSON.stringify(speakerIds) },
    });
  }

  async snapshot(broadcastId: string): Promise<TargetSnapshot | null> {
    const row = await this.#models.targetSnapshot.findUnique({ where: { broadcastId } });
    return row === null ? null : { broadcastId, speakerIds: fromJson<string[]>(row.speakerIds) };
  }

  async transition(
    id: string,
    from: readonly BroadcastState[],
    to: BroadcastState,
    cancelReason?: string,
  ): Promise<boolean> {
    const { count } = await this.#models.broadcast.updateMany({
      where: { id, state: { in: [...from] } },
      data: cancelReason === undefined ? { state: to } : { state: to, cancelReason },
    });
    return count === 1;
  }

  open(): Promise<Broadcast[]> {
    return this.#open({});
  }

  openOf(announcementId: string): Promise<Broadcast[]> {
    return this.#open({ announcementId });
  }

  async #open(of: { readonly announcementId?: string }): Promise<Broadcast[]> {
    const rows = await this.#models.broadcast.findMany({
      where: { ...of, state: { notIn: ENDED } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toBroadcast);
  }

  async orderedOf(
    { announcementId, createdBy }: { readonly announcementId: string; readonly createdBy: string },
    from: number,
  ): Promise<Broadcast[]> {
    const rows = await this.#models.broadcast.findMany({
      where: { announcementId, createdBy, scheduleId: null, createdAt: { gte: from } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toBroadcast);
  }

  async airedByLeave(announcementIds: readonly string[], before: number): Promise<Broadcast[]> {
    const rows = await inParts(announcementIds, (part) =>
      this.#models.broadcast.findMany({
        where: {
          announcementId: { in: part },
          startsAt: { lt: before },
          state: { notIn: UNHEARD },
          clearance: { contains: '"kind":"standing"' },
        },
      }),
    );
    return rows.map(toBroadcast);
  }

  async makeGoodsOf(ids: readonly string[]): Promise<Broadcast[]> {
    const rows = await inParts(ids, (part) =>
      this.#models.broadcast.findMany({ where: { makesGoodOf: { in: part } } }),
    );
    return rows.map(toBroadcast);
  }

  async incomplete(from: number, to: number): Promise<Broadcast[]> {
    const rows = await this.#models.broadcast.findMany({
      where: { startsAt: { gte: from, lt: to }, state: { in: ['partial', 'failed', 'missed'] } },
      orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toBroadcast);
  }

  async ordered(from: number, to: number): Promise<Broadcast[]> {
    const rows = await this.#models.broadcast.findMany({
      where: { startsAt: { gte: from, lt: to }, scheduleId: null, state: { not: 'cancelled' } },
      orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toBroadcast);
  }

  async prioritiesBetween(from: number, to: number): Promise<Broadcast[]> {
    const rows = await this.#models.broadcast.findMany({
      where: { startsAt: { gte: from, lt: to }, priority: 'priority', state: { not: 'cancelled' } },
      orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toBroadcast);
  }

  async insertOrder(order: StoredOrder): Promise<void> {
    await this.#models.order.create({ data: { ...order, topics: JSON.stringify(order.topics) } });
    await this.#models.outboxEntry.create({ data: { orderId: order.id } });
  }

  async orders(broadcastId: string): Promise<StoredOrder[]> {
    const rows = await this.#models.order.findMany({
      where: { broadcastId },
      orderBy: [{ issuedAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toOrder);
  }

  async ordersOf(broadcastIds: readonly string[]): Promise<StoredOrder[]> {
    const rows = await inParts(broadcastIds, (part) =>
      this.#models.order.findMany({ where: { broadcastId: { in: part } } }),
    );
    return rows.map(toOrder).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async outbox(limit: number): Promise<OutboxItem[]> {
    const rows = await this.#models.outboxEntry.findMany({
      where: { publishedAt: null },
      orderBy: { seq: 'asc' },
      take: limit,
      include: { order: true },
    });
    return rows.map(({ seq, orderId, order }) => {
      const { broadcastId, document, topics, expiresAt } = toOrder(order);
      return { seq, orderId, broadcastId, document, topics, expiresAt };
    });
  }

  async markPublished(seq: number, at: number): Promise<void> {
    await this.#models.outboxEntry.updateMany({
      where: { seq, publishedAt: null },
      data: { publishedAt: at },
    });
  }

  async liveOrders(
    now: number,
  ): Promise<{ readonly order: StoredOrder; readonly snapshot: TargetSnapshot }[]> {
    const orders = await this.#models.order.findMany({
      where: { expiresAt: { gt: now } },
      orderBy: [{ issuedAt: 'asc' }, { id: 'asc' }],
    });
    // One snapshot for all orders of a broadcast: parsed once, shared.
    const snapshots = new Map<string, TargetSnapshot>();
    await inParts(
      orders.map(({ broadcastId }) => broadcastId),
      async (part) => {
        const rows = await this.#models.targetSnapshot.findMany({ where: { broadcastId: { in: part } } });
        for (const { broadcastId, speakerIds } of rows)
          snapshots.set(broadcastId, { broadcastId, speakerIds: fromJson<string[]>(speakerIds) });
        return rows;
      },
    );
    return orders.flatMap((row) => {
      const snapshot = snapshots.get(row.broadcastId);
      return snapshot === undefined ? [] : [{ order: toOrder(row), snapshot }];
    });
  }
}

function toRow(broadcast: Broadcast): BroadcastRow {
  const { targets, clearance } = broadcast;
  return { ...broadcast, targets: JSON.stringify(targets), clearance: toJsonOrNull(clearance) };
}

function toBroadcast(row: BroadcastRow): Broadcast {
  return {
    ...row,
    targets: fromJson<Targets>(row.targets),
    clearance: fromJsonOrNull<NonNullable<Broadcast['clearance']>>(row.clearance),
  };
}

function toOrder(row: OrderRow): StoredOrder {
  return { ...row, topics: fromJson<string[]>(row.topics) };
}
