import { describe, expect, it } from 'vitest';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import { earliestStart } from '../../../server/domain/policies/earliest-start.ts';

const area = (id: string, parentId: string | null, policy: string | null) => ({
  ...{ id, parentId, kind: 'ấp', name: id, zone: null, policy, createdAt: 0, retiredAt: null },
});
const later = JSON.stringify({
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '17:30', closes: '18:00' }],
  ...{ sessionMinutes: 15, legalBasis: '' },
});
// The commune has the built-in windows, 05:30–06:30 and 17:00–18:00.
const tree = new AreaTree([area('xa', null, null), area('ap-1', 'xa', null), area('ap-2', 'xa', later)]);
const at = (time: string) => Date.parse(`2026-11-23T${time}:00+07:00`);
const MINUTE_MS = 60_000;

function find(areas: string[], from: string, minutes: number, busy: [string, string][] = []) {
  const until = at('23:59');
  const taken = busy.map(([starts, ends]) => ({ startsAt: at(starts), endsAt: at(ends) }));
  const found = earliestStart(areas, tree, taken, { from: at(from), until, airTimeMs: minutes * MINUTE_MS });
  return found === undefined ? undefined : new Date(found + 7 * 60 * MINUTE_MS).toISOString().slice(11, 19);
}

describe('the earliest start', () => {
  it('is now where a window is open, else when one opens', () => {
    expect(find(['ap-1'], '06:00', 10)).toBe('06:00:00');
    expect(find(['ap-1'], '06:25', 10)).toBe('17:00:00');
    expect(find(['ap-1'], '18:00', 10)).toBeUndefined();
  });

  it('lies in the windows of all areas, and keeps their session cap', () => {
    expect(find(['ap-1', 'ap-2'], '06:00', 10)).toBe('17:30:00');
    expect(find(['ap-2'], '06:00', 16)).toBeUndefined();
  });

  it('is beside what is planned', () => {
    expect(find(['ap-1'], '07:00', 10, [['17:00', '17:20']])).toBe('17:20:05');
    expect(find(['ap-1'], '07:00', 10, [['17:05', '17:58']])).toBeUndefined();
  });
});
