import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Targets, targetsInclude } from '#protocols';
import {
  type Allowance,
  isAllowedIn,
  missingIn,
  narrow,
} from '../../../server/domain/announcements/approval-areas.ts';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import type { Territory } from '../../../server/domain/areas/territory.ts';
import { area } from '../../contract/storage/samples.ts';

const SIZE = 12;
const name = (i: number) => `a${i}`;
const some = fc.uniqueArray(fc.nat(SIZE - 1).map(name), { maxLength: 4 });

/** A tree in which each area lies below an earlier one; one speaker in each area, some areas dissolved. */
const world = fc
  .record({
    parents: fc.array(fc.nat(SIZE), { minLength: SIZE, maxLength: SIZE }),
    retired: fc.uniqueArray(fc.integer({ min: 1, max: SIZE - 1 }), { maxLength: 2 }),
  })
  .map(({ parents, retired }): Territory => {
    const tree = new AreaTree(
      parents.map((parent, i) =>
        area({
          id: name(i),
          parentId: i === 0 ? null : name(parent % i),
          retiredAt: retired.includes(i) ? 1 : null,
        }),
      ),
    );
    return {
      tree,
      areaOfSpeaker: (id) => id.slice(1),
      hasSpeakers: () => true,
    };
  });
const allowance: fc.Arbitrary<Allowance> = fc.record({
  leaves: fc.array(fc.record({ areas: some, except: some }), { maxLength: 2 }),
  closed: some,
});
const targets: fc.Arbitrary<Targets> = fc.record({
  areas: some,
  speakers: some.map((areas) => areas.map((id) => `s${id}`)),
  excludeAreas: some.filter((areas) => areas.length !== 1),
  excludeSpeakers: fc.constant([]),
});

it('lets nobody hear what is not allowed where he stands, and leaves nobody out without a word', () => {
  fc.assert(
    fc.property(world, allowance, targets, (territory, allowed, wanted) => {
      const { tree } = territory;
      const { targets: left, missing } = narrow(wanted, allowed, territory);
      for (const id of tree.ids()) {
        // Nobody stands in an area that was dissolved, nor below it.
        if (tree.ancestry(id).some((one) => tree.get(one).retiredAt !== null)) continue;
        const ancestry = tree.ancestry(id);
        const meant = targetsInclude(wanted, `s${id}`, ancestry);
        const hears = left !== null && targetsInclude(left, `s${id}`, ancestry);
        if (hears) expect([id, meant, isAllowedIn(allowed, id, tree)]).toEqual([id, true, true]);
        else if (meant) expect([id, ancestry.some((one) => missing.includes(one))]).toEqual([id, true]);
      }
      // What is left is allowed whole: asked again, nothing is taken away.
      if (left !== null) expect(narrow(left, allowed, territory).targets).toBe(left);
    }),
  );
});

it('takes nothing away from what is allowed, and parts a wide area that only its parts allow', () => {
  const tree = new AreaTree([
    area({ id: 'tinh' }),
    area({ id: 'xa-1', parentId: 'tinh' }),
    area({ id: 'ap', parentId: 'xa-1' }),
    area({ id: 'xa-2', parentId: 'tinh' }),
  ]);
  const territory = { tree, areaOfSpeaker: () => undefined, hasSpeakers: (id: string) => id === 'ap' };
  const wanted = { areas: ['tinh'], speakers: [], excludeAreas: [], excludeSpeakers: [] };
  const by = (areas: readonly string[], closed: readonly string[] = [], except: readonly string[] = []) => ({
    ...{ leaves: [{ areas, except }], closed },
  });
  expect(narrow(wanted, by(['tinh']), territory).targets).toBe(wanted);
  expect(narrow(wanted, by(['tinh'], ['xa-1']), territory)).toEqual({
    targets: { ...wanted, excludeAreas: ['xa-1'] },
    missing: ['xa-1'],
  });
  // No loudspeaker lies right in the province: nothing is missing, and whoever comes to lie there is not meant.
  expect(narrow(wanted, by(['xa-1', 'xa-2']), territory)).toEqual({
    targets: { ...wanted, areas: ['xa-1', 'xa-2'] },
    missing: [],
  });
  expect(narrow(wanted, by(['xa-1', 'xa-2'], [], ['ap']), territory)).toEqual({
    targets: { ...wanted, areas: ['xa-1', 'xa-2'], excludeAreas: ['ap'] },
    missing: ['ap'],
  });
  expect(narrow(wanted, by(['elsewhere']), territory)).toEqual({ targets: null, missing: ['tinh'] });
  expect(missingIn(['tinh'], by(['ap']), territory)).toEqual(['xa-2']);
});
