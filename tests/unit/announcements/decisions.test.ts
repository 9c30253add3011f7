import { expect, it } from 'vitest';
import { carriedOn, openIn, withDecisions } from '../../../server/domain/announcements/decisions.ts';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import { announcement, area } from '../../contract/storage/samples.ts';

const tree = new AreaTree([
  area({ id: 'xa' }),
  area({ id: 'ap-1', parentId: 'xa' }),
  area({ id: 'ap-2', parentId: 'xa' }),
  area({ id: 'ap-cu', parentId: 'xa', retiredAt: 1 }),
]);
const territory = { tree, areaOfSpeaker: () => undefined, hasSpeakers: () => true };
const made = announcement('xa', { state: 'submitted', decisions: [], forAreas: [] });
const said = { by: 'x', as: null, at: 1, reason: null };
const yesIn = (areaId: string) => ({ areaId, verdict: 'approved' as const, ...said });
const no = (areaId: string) => ({ areaId, verdict: 'rejected' as const, ...said });

it('keeps a "no" through any number of changes, under a "yes" too, until the yes is the last word', () => {
  const once = carriedOn({ ...made, decisions: [no('xa')] });
  expect(once).toEqual([{ ...no('xa'), carried: true }]);
  const yes = withDecisions({ decisions: once }, [yesIn('xa')]);
  expect(yes).toMatchObject([{ areaId: 'xa', verdict: 'approved', inPlaceOf: { verdict: 'rejected' } }]);
  const twice = withDecisions({ decisions: yes }, [yesIn('xa'), yesIn('ap-1')]);
  expect(carriedOn({ ...made, decisions: twice })).toEqual(once);
});

it('takes what was sent back before there were decisions for a "no" in its own area', () => {
  const old = { ...made, state: 'rejected' as const, rejectedReason: 'sai' };
  expect(carriedOn(old)).toMatchObject([{ areaId: 'xa', verdict: 'rejected', reason: 'sai', carried: true }]);
  expect(carriedOn(made)).toEqual([]);
});

it('asks anew who said no to what it was, and nobody whose area is gone or closed again from above', () => {
  const carried = (areaId: string) => ({ ...no(areaId), carried: true as const });
  const open = (...decisions: (typeof made)['decisions'][number][]) =>
    openIn({ ...made, decisions }, territory);
  expect(open(carried('ap-2'))).toEqual(['xa']);
  const yes = { areaId: 'xa', verdict: 'approved' as const, ...said };
  expect(open(carried('ap-2'), carried('ap-cu'), yes)).toEqual(['ap-2']);
  expect(open(carried('xa'), { ...yes, areaId: 'ap-1' })).toEqual(['xa']);
  expect(open(carried('ap-2'), no('xa'))).toEqual([]);
});
