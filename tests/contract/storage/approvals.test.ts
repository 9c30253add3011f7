import { expect, it } from 'vitest';
import type { StandingApproval } from '../../../server/domain/announcements/standing-approval.ts';
import { onBothDatabases } from './databases.ts';
import { AT, area, uniqueId } from './samples.ts';

const standing = (areaId: string, over: Partial<StandingApproval> = {}): StandingApproval => ({
  ...{ id: uniqueId('sta'), seriesId: 'ser_1', scheduleId: 'sch_1', areaId, title: 'Tiếp âm sáng' },
  ...{ areas: [areaId], exceptAreas: ['ap-1'], editors: ['bích'], maxMinutes: 30, note: '', by: 'chairman' },
  terms: {
    ...{ files: false, hosts: ['vov.example'], priority: 'normal', outsideWindows: false },
    recurrence: { kind: 'weekly', days: [1, 2], times: ['05:30'] },
    targets: { areas: [areaId], speakers: [], excludeAreas: [], excludeSpeakers: [] },
  },
  ...{ at: AT, expiresAt: AT + 0.5, endedAt: null, endedBy: null, endedReason: null },
  ...over,
});

onBothDatabases('approvals', (storage) => {
  it('keep leaves for series, and those that are over', async () => {
    const place = area();
    const [old, young] = [standing(place.id), standing(place.id, { at: AT + 1, editors: null })];
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const one of [old, young]) await tx.standing.save(one);
    });
    const { read } = storage();
    expect(await read.standing.list([place.id], 9)).toEqual([young, old]);
    expect(await read.standing.list([place.id], 1)).toEqual([young]);
    expect(await read.standing.live()).toEqual([old, young]);
    const ended = { ...old, endedAt: AT + 2, endedBy: 'chairman', endedReason: 'hết mùa' };
    await storage().transaction((tx) => tx.standing.save(ended));
    expect(await read.standing.live()).toEqual([young]);
    expect(await read.standing.get(old.id)).toEqual(ended);
    expect(await read.standing.get('sta_none')).toBeNull();
  });
});
