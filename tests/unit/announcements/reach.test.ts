import { expect, it } from 'vitest';
import type { Actor } from '../../../server/domain/accounts/actor.ts';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import { leftOut } from '../../../server/domain/areas/meant.ts';
import { reaches } from '../../../server/domain/events/reach.ts';
import { area } from '../../contract/storage/samples.ts';

const place = (id: string, parentId: string | null) => area({ id, parentId });
const tree = new AreaTree([
  place('tinh', null),
  ...[place('xa', 'tinh'), place('ap-1', 'xa'), place('ap-2', 'xa')],
  ...[place('ben', 'tinh'), place('ap-9', 'ben')],
]);
const of = (...areas: string[]): Actor => ({
  kind: 'person',
  name: areas.join(),
  grants: [{ role: 'viewer', areas }],
});
const told = (targetAreas: string[], exceptAreas: string[]) => (actor: Actor) =>
  reaches(
    {
      name: 'emergency.changed',
      data: {
        ...{ emergencyId: 'emg_1', areaId: 'xa', targetAreas, exceptAreas },
        ...{ state: 'waiting', review: null },
      },
    },
    actor,
    tree,
  );
const PEOPLE = ['tinh', 'xa', 'ap-1', 'ap-2', 'ben', 'ap-9', 'gone'];

it.each([
  [
    'of the commune reaches its hamlets, and none of the commune beside',
    ['xa'],
    [],
    ['tinh', 'xa', 'ap-1', 'ap-2'],
  ],
  ['leaves out what it is not for', ['xa'], ['ap-1'], ['tinh', 'xa', 'ap-2']],
  ['of one hamlet stays there', ['ap-1'], [], ['tinh', 'xa', 'ap-1']],
  ['of the province but one commune', ['tinh'], ['ben'], ['tinh', 'xa', 'ap-1', 'ap-2']],
])('an event %s', (_, targets, left, heard) => {
  expect(PEOPLE.filter((id) => told(targets, left)(of(id)))).toEqual(heard);
});

it('reaches who answers for a part that is left out, and for another that is not', () => {
  expect(told(['xa'], ['ap-1'])(of('ap-1', 'ap-2'))).toBe(true);
  expect(told(['xa'], ['ap-1'])({ ...of('ap-1'), grants: [] })).toBe(false);
});

it('an event that names nobody it is meant for stays with who may see its area', () => {
  const data = { broadcastId: 'brc_1', areaId: 'xa', state: 'issued' };
  const heard = PEOPLE.filter((id) => reaches({ name: 'broadcast.changed', data }, of(id), tree));
  expect(heard).toEqual(['tinh', 'xa']);
});

it('what is left out is said by the widest areas', () => {
  expect(leftOut(['xa', 'ap-2'], tree)).toEqual(['ap-1']);
  expect(leftOut(['xa'], tree).sort()).toEqual(['ap-1', 'ap-2']);
  expect(leftOut(['tinh', 'xa', 'ap-1', 'ap-2'], tree)).toEqual(['ben']);
});
