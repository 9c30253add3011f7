import { expect, it } from 'vitest';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import type { AreaDirectory } from '../../../server/domain/areas/area-directory.ts';
import type { SpeakerIndex } from '../../../server/domain/broadcasts/resolve-targets.ts';
import { PlannedSessions } from '../../../server/domain/latches/planned-sessions.ts';
import type { StoredSlot } from '../../../server/domain/plans/plan.ts';
import { area } from '../schedule/slot-samples.ts';

it('the next sessions of many scopes are read once', async () => {
  const slot = (startsAt: number, scopes: string[], withdrawnAt: number | null = null) =>
    ({ startsAt, scopes, withdrawnAt }) as Partial<StoredSlot> as StoredSlot;
  const stored = [
    slot(900, ['area.xa'], 1),
    slot(1_000, ['speaker.loa-1']),
    slot(2_000, ['area.ap-2']),
    slot(3_000, ['area.xa']),
  ];
  let reads = 0;
  const tree = new AreaTree([area('xa', null), area('ap-1', 'xa'), area('ap-2', 'xa'), area('khac', null)]);
  const sessions = new PlannedSessions({
    read: { plans: { slots: async () => stored.slice(0, ++reads * 4) } },
    areas: { tree } as AreaDirectory,
    speakers: { get: (id: string) => ({ areaId: id === 'loa-3' ? 'khac' : 'ap-1' }) } as SpeakerIndex,
  });
  const next = await sessions.from(0);
  const names = [
    'area.xa',
    'area.ap-1',
    'area.ap-2',
    'area.khac',
    'speaker.loa-1',
    'speaker.loa-2',
    'speaker.loa-3',
  ];
  const found = names.map((name) => {
    const [kind = '', id = ''] = name.split('.');
    return next({ kind: kind === 'area' ? 'area' : 'speaker', id });
  });
  expect(found).toEqual([1_000, 1_000, 2_000, null, 1_000, 3_000, null]);
  expect(reads).toBe(1);
});
