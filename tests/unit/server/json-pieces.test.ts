import { expect, it } from 'vitest';
import { jsonPieces } from '../../../server/http/json-pieces.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

async function written(value: object): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of jsonPieces(value, new FakeClock())) pieces.push(piece);
  return pieces;
}

it('writes the same text as JSON.stringify, a large one in pieces', async () => {
  const item = (i: number) => ({ id: `brc_${i}`, title: `Bản tin "${i}"`, ranges: [{ from: i }], why: null });
  const many = Array.from({ length: 3_000 }, (_, i) => item(i));
  for (const value of [
    {},
    { items: [] },
    { a: 1, none: undefined, items: [item(1)], deep: [{ items: many }, { items: [] }] },
    {
      from: 1,
      items: many,
      classes: [{ speakerIds: ['loa-1'], items: many }],
      notTold: many.map(({ id }) => id),
    },
    [many, item(2)],
  ])
    expect((await written(value)).join('')).toBe(JSON.stringify(value));
  expect((await written({ items: many })).length).toBeGreaterThan(2);
});
