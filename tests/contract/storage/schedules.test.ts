import { expect, it } from 'vitest';
import type { Programme, Schedule, ScheduleStore } from '../../../server/domain/schedule/schedule.ts';
import type { DatabaseStorage } from '../../../server/storage/index.ts';
import { onBothDatabases } from './databases.ts';
import { AT, announcement, area, medium, stored, uniqueId } from './samples.ts';

const programme = (areaId: string, over: Partial<Programme> = {}): Programme => ({
  ...{ id: uniqueId('prg'), areaId, title: 'Chương trình sáng “Xuân”', chime: 'chime', createdBy: 'bích' },
  items: [
    { announcementId: 'ann_1', gapMs: 1_000, repeat: 2 },
    { announcementId: 'ann_1', gapMs: 0, repeat: 1 },
  ],
  ...{ createdAt: AT, updatedAt: AT + 0.5, retiredAt: null },
  ...over,
});

const schedule = (areaId: string, over: Partial<Schedule> = {}): Schedule => ({
  ...{ id: uniqueId('sch'), seriesId: uniqueId('ser'), areaId, title: 'Rằm', priority: 'priority' },
  content: { kind: 'programme', programmeId: 'prg_1' },
  targets: { areas: [areaId], speakers: ['spk_1'], excludeAreas: [], excludeSpeakers: ['spk_2'] },
  rule: {
    recurrence: { kind: 'lunar', days: [{ day: 15, month: null, leap: true }], times: ['05:30'] },
    ...{ fromDay: '2026-01-01', untilDay: null, fromInstant: AT, beforeInstant: null },
    changes: [{ kind: 'skip', originalAt: AT, by: 'bích', reason: 'đám tang' }],
  },
  ...{ start: { mode: 'wait', minutes: 10 }, overlap: 'duck', afterInterruption: 'reschedule', gainDb: -3.5 },
  ...{ makeGood: 'auto', windowOverride: { by: 'chairman', reason: 'báo bão' } },
  fallbackId: 'ann_0',
  againOf: { seriesId: 'ser_0', originalAt: AT },
  ...{ pausedAt: AT, pausedBy: 'bích', deletedAt: null, createdBy: 'bích', createdAt: AT, updatedAt: AT },
  ...over,
});

async function place(storage: DatabaseStorage): Promise<string> {
  const made = area();
  await storage.transaction((tx) => tx.areas.insert(made));
  return made.id;
}

onBothDatabases('the stores of programmes and schedules', (storage) => {
  it('keep programmes as they were saved, and list those in use', async () => {
    const areaId = await place(storage());
    const [one, gone] = [programme(areaId), programme(areaId, { retiredAt: AT })];
    await storage().transaction(async (tx) => {
      await tx.programmes.save(one);
      await tx.programmes.save(gone);
    });
    const { programmes } = storage().read;
    expect(await programmes.list([areaId])).toEqual([one]);
    expect(await programmes.get(gone.id)).toEqual(gone);
    expect(await programmes.get('prg_none')).toBeNull();
    const some = await programmes.some([one.id, gone.id, 'prg_none']);
    expect(new Set(some.map(({ id }) => id))).toEqual(new Set([one.id, gone.id]));
    const changed = { ...one, items: [], chime: null, updatedAt: AT + 9 };
    await storage().transaction((tx) => tx.programmes.save(changed));
    expect(await programmes.get(one.id)).toEqual(changed);
  });

  it('keep schedules as they were saved, and list those in force', async () => {
    const areaId = await place(storage());
    const one = schedule(areaId);
    const plain = schedule(areaId, {
      ...{ windowOverride: null, againOf: null, fallbackId: null, pausedAt: null, pausedBy: null },
      seriesId: one.seriesId,
      createdAt: AT + 1,
    });
    const gone = schedule(areaId, { deletedAt: AT, createdAt: AT + 2 });
    await storage().transaction(async (tx) => {
      for (const each of [plain, one, gone]) await tx.schedules.save(each);
    });
    const { schedules } = storage().read;
    expect(await schedules.list([areaId])).toEqual([one, plain]);
    expect(await schedules.list([areaId], { deleted: true })).toEqual([one, plain, gone]);
    expect(await schedules.ofSeries(one.seriesId)).toEqual([one, plain]);
    expect((await schedules.active()).map(({ id }) => id)).not.toContain(gone.id);
    const changed = { ...one, content: { kind: 'announcement' as const, announcementId: 'ann_1' } };
    await storage().transaction((tx) => tx.schedules.save(changed));
    expect(await schedules.get(one.id)).toEqual(changed);
    expect(await schedules.get('sch_none')).toBeNull();
  });

  it('read again only what was saved of those in force, and see what is committed, in its own transaction too', async () => {
    const areaId = await place(storage());
    const [one, other] = [schedule(areaId), schedule(areaId)];
    await storage().transaction(async (tx) => {
      for (const each of [one, other]) await tx.schedules.save(each);
    });
    const { schedules } = storage().read;
    const find = async ({ id }: Schedule, from: Pick<ScheduleStore, 'active'> = schedules) =>
      (await from.active()).find((each) => each.id === id);
    const [first, second] = [await find(one), await find(other)];
    expect([first, second]).toEqual([one, other]);
    // Nothing has changed: nothing is read.
    expect(await find(one)).toBe(first);
    const changed = { ...one, title: 'Mùng một' };
    await storage().transaction(async (tx) => {
      await tx.schedules.save(changed);
      expect(await find(one, tx.schedules)).toEqual(changed);
      expect(await find(one)).toEqual(one);
    });
    expect(await find(one)).toEqual(changed);
    expect(await find(other)).toBe(second);
    const failing = storage().transaction(async (tx) => {
      await tx.schedules.save({ ...changed, deletedAt: AT });
      expect(await find(one, tx.schedules)).toBeUndefined();
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await find(one)).toEqual(changed);
    await storage().transaction((tx) => tx.schedules.save({ ...changed, deletedAt: AT }));
    expect(await find(one)).toBeUndefined();
    expect(await find(other)).toBe(second);
    const after = await schedules.active();
    expect(after).toEqual([...after].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)));
  });

  it('keep nothing that was rolled back', async () => {
    const areaId = await place(storage());
    const one = schedule(areaId);
    const failing = storage().transaction(async (tx) => {
      await tx.schedules.save(one);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await storage().read.schedules.get(one.id)).toBeNull();
  });

  it('find the announcements, media and broadcasts that schedules need by many ids at once', async () => {
    const areaId = await place(storage());
    const file = medium();
    const one = announcement(areaId, { mediaSha256: file.sha256 });
    await storage().transaction(async (tx) => {
      await tx.media.put(file);
      await tx.announcements.insert(one);
    });
    const { read } = storage();
    expect(await read.announcements.some([one.id, 'ann_none'])).toEqual([one]);
    const { sha256, bytes, durationMs, chunkListSha256 } = file;
    expect(await read.media.describe([sha256, '0'.repeat(64)])).toEqual([
      { sha256, bytes, durationMs, chunkListSha256 },
    ]);
    const { broadcast } = await stored(storage());
    expect(await read.broadcasts.some([broadcast.id, 'brc_none'])).toEqual([broadcast]);
    expect(await read.broadcasts.some([])).toEqual([]);
  });
});
