import { expect, it } from 'vitest';
import { type Area, AreaTree } from '../../../server/domain/areas/area.ts';
import { effectivePolicy } from '../../../server/domain/policies/effective-policy.ts';
import { policyOf } from '../../../server/domain/policies/policy.ts';
import { area } from './slot-samples.ts';

const policy = (opens: string) => ({
  windows: [{ days: [1], opens, closes: '19:00' }],
  ...{ sessionMinutes: null, legalBasis: opens },
});

it('each rule is that of the nearest area that names it', () => {
  const night = { from: '20:00', to: '06:30', capDb: -20 };
  const tree = new AreaTree([
    area('tinh', null, { ...policy('05:00'), night, sensitive: null, sessionsPerDay: 4 }),
    area('xa', 'tinh', { ...policy('06:00'), sessionsPerDay: null, sensitive: { capDb: -3 } }),
    area('ap', 'xa', policy('07:00')),
    area('xom', 'ap'),
  ]);
  const { policy: found, from } = effectivePolicy('xom', tree);
  expect(found).toEqual(policyOf(tree.policyOf('xom')));
  expect(found).toMatchObject({ ...policy('07:00'), night, sensitive: { capDb: -3 }, sessionsPerDay: null });
  expect([from.windows, from.sensitive, from.night, from.testing].map(({ areaId }) => areaId)).toEqual([
    ...['ap', 'xa', 'tinh', null],
  ]);
  expect(tree.policyOf('tinh')).not.toBe(tree.policyOf('xa'));
  const nobody = new AreaTree([area('tinh', null), area('xa', 'tinh')]);
  expect([nobody.policyOf('xa'), effectivePolicy('xa', nobody).from.windows.areaId]).toEqual([null, null]);
});

it('a loop of areas has the rules that are in it', () => {
  const loop: Area[] = [area('a', 'b', policy('05:00')), area('b', 'a')];
  expect(JSON.parse(new AreaTree(loop).policyOf('b') ?? 'null')).toEqual(policy('05:00'));
});
