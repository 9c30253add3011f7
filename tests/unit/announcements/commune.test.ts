import { expect, it } from 'vitest';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import {
  communeDoubt,
  communesIn,
  concerned,
  isBeyondCommune,
  placeOf,
} from '../../../server/domain/areas/commune.ts';
import { area } from '../../contract/storage/samples.ts';

const place = (id: string, parentId: string | null, kind: string) => area({ id, parentId, kind });
const tree = new AreaTree([
  place('tinh', null, 'tỉnh'),
  place('xa', 'tinh', 'Xã'),
  place('ap', 'xa', 'ấp'),
  place('phuong', 'tinh', 'phường'.normalize('NFD')),
  place('to', 'phuong', 'tổ dân phố'),
]);

it.each([
  ['one commune with its hamlets', ['xa', 'ap'], [], false],
  ['two communes', ['ap', 'to'], [], true],
  ['the province above one commune, where nobody stands', ['tinh', 'xa', 'ap'], [], false],
  ['the province where a loudspeaker of its own stands', ['tinh'], ['tinh'], true],
])('%s', (_, areaIds, withSpeakers: readonly string[], beyond) => {
  const hasSpeakers = (id: string) => withSpeakers.includes(id);
  expect(isBeyondCommune(areaIds, { tree, areaOfSpeaker: () => undefined, hasSpeakers })).toBe(beyond);
});

it('a territory without communes is one', () => {
  const plain = new AreaTree([place('vung', null, 'vùng'), place('khu', 'vung', 'khu')]);
  const territory = { tree: plain, areaOfSpeaker: () => undefined, hasSpeakers: () => true };
  expect(isBeyondCommune(['vung', 'khu'], territory)).toBe(false);
});

it.each([
  ['X.', true],
  [' TT. ', true],
  ['p.', true],
  ['Thị\u00a0 trấn', true],
  ['ĐẶC KHU', true],
  ['xã'.normalize('NFD'), true],
  ['TX.', false],
  ['TP.', false],
  ['p', false],
  ['thị xã', false],
  ['ấp', false],
])('an area of the kind "%s" is a commune: %s', (kind, is) => {
  const one = new AreaTree([place('tinh', null, 'tỉnh'), place('a', 'tinh', kind), place('b', 'tinh', kind)]);
  const territory = { tree: one, areaOfSpeaker: () => undefined, hasSpeakers: () => false };
  expect(isBeyondCommune(['a', 'b'], territory)).toBe(is);
  expect(communeDoubt(territory)).toEqual(is ? null : { kind: 'none', areas: ['tinh'] });
});

it('loudspeakers outside all communes are named, by the widest areas', () => {
  const doubtWith = (...standing: string[]) =>
    communeDoubt({ tree, areaOfSpeaker: () => undefined, hasSpeakers: (id) => standing.includes(id) });
  expect(doubtWith('ap', 'to')).toBeNull();
  expect(doubtWith('ap', 'tinh')).toEqual({ kind: 'outside', areas: ['tinh'] });
});

it('says of each area what it is to the rule of two persons, and whose station speaks there', () => {
  const mixed = new AreaTree([
    ...[place('tinh', null, 'tỉnh'), place('xa', 'tinh', 'xã'), place('ap', 'xa', 'ấp')],
    // A commune by name that lies in another one is a part of it.
    place('xa-trong', 'xa', 'xã'),
    ...[place('vung', 'tinh', 'vùng'), place('khu', 'vung', 'khu')],
    ...[place('huyen', 'tinh', 'huyện'), place('phuong', 'huyen', 'phường')],
    ...[place('rieng', null, 'vùng'), place('to', 'rieng', 'tổ')],
  ]);
  const said = [...mixed.ids()].map((id) => {
    const { level, station } = placeOf(id, mixed);
    return `${id}: ${level}, ${station}`;
  });
  expect(said).toEqual([
    ...['tinh: above, tinh', 'xa: commune, xa', 'ap: inside, xa', 'xa-trong: inside, xa'],
    ...['vung: outside, tinh', 'khu: outside, tinh', 'huyen: above, huyen', 'phuong: commune, phuong'],
    ...['rieng: whole, rieng', 'to: whole, rieng'],
  ]);
  expect(['tinh', 'xa', 'vung', 'rieng'].map((id) => communesIn(id, mixed))).toEqual([2, 1, 0, 0]);
});

it('a commune that was merged or dissolved counts nowhere', () => {
  const gone = (id: string, parentId: string | null, kind: string) =>
    area({ id, parentId, kind, retiredAt: 1, mergedInto: parentId });
  // A commune took another one in, which lies below it since, and is called something else now; one was dissolved where it lay.
  const places = [
    ...[place('tinh', null, 'tỉnh'), place('vung', 'tinh', 'vùng'), gone('xa-cu', 'vung', 'xã')],
    ...[gone('phuong-cu', 'tinh', 'phường'), place('ap', 'vung', 'ấp'), gone('to-cu', 'ap', 'tổ')],
  ];
  const standing = (...ids: string[]) => ({
    tree: new AreaTree(places),
    areaOfSpeaker: () => undefined,
    hasSpeakers: (id: string) => ids.includes(id),
  });
  const territory = standing('ap');
  expect(communeDoubt(territory)).toEqual({ kind: 'none', areas: ['tinh'] });
  // As the doubt says: without any commune all of it counts as one.
  expect(isBeyondCommune(['tinh', 'vung', 'ap'], territory)).toBe(false);
  expect(isBeyondCommune(['vung', 'ap', 'xa-cu', 'phuong-cu'], territory)).toBe(false);
  expect(concerned(['tinh', 'ap', 'xa-cu'], territory.tree)).toEqual(['tinh']);
  const levels = (ids: readonly string[]) => ids.map((id) => placeOf(id, territory.tree).level);
  expect(levels(['tinh', 'vung', 'ap'])).toEqual(['whole', 'whole', 'whole']);
  expect(['tinh', 'vung'].map((id) => communesIn(id, territory.tree))).toEqual([0, 0]);
});
