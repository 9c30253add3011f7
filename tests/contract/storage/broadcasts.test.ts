import { expect, it } from 'vitest';
import { onBothDatabases } from './databases.ts';
import { AT, broadcast, order, stored } from './samples.ts';

onBothDatabases('broadcasts', (storage) => {
  it('come back with their targets and snapshot', async () => {
    const { broadcast: airing } = await stored(storage());
    const { broadcasts } = storage().read;
    expect(await broadcasts.get(airing.id)).toEqual(airing);
    expect(await broadcasts.snapshot(airing.id)).toEqual({
      ...{ broadcastId: airing.id, speakerIds: ['spk_a', 'spk_b'] },
    });
    expect(await broadcasts.get('brc_unknown')).toBeNull();
    expect(await broadcasts.snapshot('brc_unknown')).toBeNull();
  });

  it('change state only from an expected one', async () => {
    const { id } = (await stored(storage())).broadcast;
    const move = (from: 'planned' | 'issued', to: 'issued' | 'cancelled', reason?: string) =>
      storage().transaction((tx) => tx.broadcasts.transition(id, [from], to, reason));
    expect((await Promise.all([move('planned', 'issued'), move('planned', 'issued')])).sort()).toEqual([
      false,
      true,
    ]);
    expect(await move('planned', 'cancelled', 'nhầm')).toBe(false);
    expect(await move('issued', 'cancelled', 'nhầm ngày')).toBe(true);
    expect(await storage().read.broadcasts.get(id)).toMatchObject({
      state: 'cancelled',
      cancelReason: 'nhầm ngày',
    });
  });

  it('that are open are found', async () => {
    const open = (await stored(storage(), { state: 'interrupted' })).broadcast;
    const ended = (await stored(storage(), { state: 'partial' })).broadcast;
    const ids = (await storage().read.broadcasts.open()).map(({ id }) => id);
    expect(ids).toContain(open.id);
    expect(ids).not.toContain(ended.id);
    const openOf = async ({ announcementId }: typeof open) =>
      storage().read.broadcasts.openOf(announcementId ?? '');
    expect(await openOf(open)).toEqual([open]);
    expect(await openOf(ended)).toEqual([]);
  });

  it('that no schedule asked for are found by their start, but for cancelled ones', async () => {
    const at = AT + 400 * 86_400_000;
    const free = { startsAt: at, scheduleId: null, seriesId: null, sessionId: null, originalAt: null };
    const { broadcast: one } = await stored(storage(), free);
    const { broadcasts } = storage().read;
    expect(await broadcasts.ordered(at, at + 1)).toEqual([one]);
    expect(await broadcasts.ordered(at + 1, at + 2)).toEqual([]);
    await stored(storage(), { startsAt: at });
    await stored(storage(), { ...free, state: 'cancelled' });
    expect(await broadcasts.ordered(at, at + 1)).toEqual([one]);
  });

  it('of one person, of an announcement and no schedule, are found from an instant on', async () => {
    const free = { scheduleId: null, seriesId: null, sessionId: null, originalAt: null };
    const { broadcast: one } = await stored(storage(), free);
    const { areaId, createdBy } = one;
    const announcementId = one.announcementId ?? '';
    const more = (over: object) => broadcast(areaId, announcementId, { ...free, ...over });
    const later = more({
      createdAt: AT + 1,
      state: 'cancelled',
      clearance: [{ kind: 'emergency', id: 'emg_1' }],
    });
    const others = [more({ createdAt: AT - 1 }), more({ createdBy: 'hằng' }), more({ scheduleId: 'sch_1' })];
    await storage().transaction(async (tx) => {
      for (const made of [later, ...others])
        await tx.broadcasts.insert(made, { broadcastId: made.id, speakerIds: [] });
    });
    const { broadcasts } = storage().read;
    expect(await broadcasts.orderedOf({ announcementId, createdBy }, AT)).toEqual([one, later]);
  });

  it('of priority items are found by their start, but for cancelled ones', async () => {
    const at = AT + 500 * 86_400_000;
    const { broadcast: one } = await stored(storage(), { startsAt: at, priority: 'priority' });
    await stored(storage(), { startsAt: at });
    await stored(storage(), { startsAt: at, priority: 'priority', state: 'cancelled' });
    const { broadcasts } = storage().read;
    expect(await broadcasts.prioritiesBetween(at, at + 1)).toEqual([one]);
    expect(await broadcasts.prioritiesBetween(at + 1, at + 2)).toEqual([]);
  });

  it('are listed newest first, page by page', async () => {
    const { area, announcement, broadcast: first } = await stored(storage());
    const second = broadcast(area.id, announcement.id, { createdAt: AT + 1 });
    await storage().transaction((tx) =>
      tx.broadcasts.insert(second, { broadcastId: second.id, speakerIds: [] }),
    );
    const list = (before?: string) =>
      storage().read.broadcasts.list({ areaIds: [area.id], limit: 1, ...(before && { before }) });
    expect(await list()).toEqual([second]);
    expect(await list(second.id)).toEqual([first]);
    expect(await list(first.id)).toEqual([]);
  });

  it('have their orders published in the order of the outbox, each once', async () => {
    const { id } = (await stored(storage())).broadcast;
    const orders = [order(id), order(id, { kind: 'cancel', issuedAt: AT + 1, expiresAt: AT - 1 })];
    for (const one of orders) await storage().transaction((tx) => tx.broadcasts.insertOrder(one));
    const { broadcasts } = storage().read;
    expect(await broadcasts.orders(id)).toEqual(orders);
    expect(await broadcasts.ordersOf([id, 'unknown', id])).toEqual(orders);
    const ours = async () => (await broadcasts.outbox(100)).filter(({ broadcastId }) => broadcastId === id);
    const [first, second, ...more] = await ours();
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      orderId: orders[0]?.id,
      topics: orders[0]?.topics,
      document: orders[0]?.document,
    });
    expect(second?.seq).toBeGreaterThan(first?.seq ?? Number.POSITIVE_INFINITY);
    await storage().transaction((tx) => tx.broadcasts.markPublished(first?.seq ?? -1, AT + 2));
    expect(await ours()).toEqual([second]);
    expect(await broadcasts.outbox(0)).toEqual([]);
  });

  it('have their living orders read with the targets', async () => {
    const { id } = (await stored(storage())).broadcast;
    const orders = [order(id), order(id, { issuedAt: AT + 1 }), order(id, { expiresAt: AT })];
    await storage().transaction(async (tx) => {
      for (const one of orders) await tx.broadcasts.insertOrder(one);
    });
    const live = (await storage().read.broadcasts.liveOrders(AT)).filter(
      ({ order: { broadcastId } }) => broadcastId === id,
    );
    expect(live.map((entry) => entry.order)).toEqual(orders.slice(0, 2));
    expect(live[0]?.snapshot).toEqual({ broadcastId: id, speakerIds: ['spk_a', 'spk_b'] });
  });
});
