import { expect, it } from 'vitest';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import { isBeyondCommune } from '../../../server/domain/areas/commune.ts';
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
