import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bySession, collisionsOf, type PriorityAiring } from '../../../server/domain/collisions/collision.ts';

const airing = (
  broadcastId: string,
  startsAt: number,
  endsAt: number,
  over: Partial<PriorityAiring> = {},
) => ({
  ...{ broadcastId, startsAt, endsAt, areaId: 'tan-an', title: broadcastId, askedAt: 0 },
  ...{ scheduleId: null, originalAt: null, speakerIds: new Set(['loa-1', 'loa-2']) },
  ...over,
});

const names = (airings: PriorityAiring[]) =>
  collisionsOf(airings).map(({ first, second, from, to }) => [
    first.broadcastId,
    second.broadcastId,
    from,
    to,
  ]);

it('finds what overlaps at a common loudspeaker, and what would sound first', () => {
  expect(names([airing('b', 10, 30), airing('a', 0, 20)])).toEqual([['a', 'b', 10, 20]]);
  // What ends as the other begins is in nobody's way.
  expect(names([airing('a', 0, 10), airing('b', 10, 20)])).toEqual([]);
  expect(names([airing('a', 0, 20), airing('b', 10, 30, { speakerIds: new Set(['loa-3']) })])).toEqual([]);
  // Of two that begin together the one that was asked for first, then the id.
  expect(names([airing('a', 0, 20, { askedAt: 2 }), airing('b', 0, 20, { askedAt: 1 })])).toEqual([
    ['b', 'a', 0, 20],
  ]);
  expect(names([airing('b', 0, 20), airing('a', 0, 20)])).toEqual([['a', 'b', 0, 20]]);
});

it('asks about two sessions once, however many of their items meet', () => {
  const session = { scheduleId: 'sch', originalAt: 0 };
  const found = bySession(
    collisionsOf([
      airing('one', 0, 20, { ...session, speakerIds: new Set(['loa-1']) }),
      airing('two', 20, 40, session),
      airing('now', 10, 50),
    ]),
  );
  expect(found).toMatchObject([
    { first: { broadcastId: 'one' }, second: { broadcastId: 'now' }, from: 10, to: 40 },
  ]);
  expect(found[0]?.speakerIds).toEqual(['loa-1', 'loa-2']);
});

it('finds the same pairs as looking at each two', () => {
  const speakers = fc.uniqueArray(fc.constantFrom('1', '2', '3'), { minLength: 1 });
  const any = fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 20 }), fc.nat(3), speakers), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(any, (drawn) => {
      const airings = drawn.map(([at, length, askedAt, ids], n) =>
        airing(`b${String(n).padStart(2, '0')}`, at, at + length, { askedAt, speakerIds: new Set(ids) }),
      );
      const pairs = airings.flatMap((a, n) =>
        airings
          .slice(n + 1)
          .filter((b) => {
            const meet = a.startsAt < b.endsAt && b.startsAt < a.endsAt;
            return meet && [...a.speakerIds].some((id) => b.speakerIds.has(id));
          })
          .map((b) => [a.broadcastId, b.broadcastId].sort().join()),
      );
      const found = collisionsOf(airings).map(({ first, second }) =>
        [first.broadcastId, second.broadcastId].sort().join(),
      );
      expect(found.sort()).toEqual(pairs.sort());
    }),
  );
});
