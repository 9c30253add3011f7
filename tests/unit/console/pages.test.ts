import { expect, it } from 'vitest';
import { readPages } from '../../../server/console/api/pages.ts';

/** Pages of so many items each; `asked`: what was read, in this order. */
function list(...items: readonly number[]) {
  const asked: (string | null)[] = [];
  const read = async (next: string | null) => {
    asked.push(next);
    const at = Number(next ?? 0);
    return { items: items[at] ?? 0, next: at + 1 < items.length ? `${at + 1}` : null };
  };
  return { asked, read };
}

const counts = ({ items }: { readonly items: number }) => items > 0;
const itemsOf = (pages: readonly { readonly items: number }[]) => pages.map(({ items }) => items);

it('reads so many pages, or fewer where the list ends', async () => {
  const { asked, read } = list(5, 0, 5, 5);
  expect(itemsOf(await readPages(3, read))).toEqual([5, 0, 5]);
  expect(asked).toEqual([null, '1', '2']);
  expect(itemsOf(await readPages(9, read))).toEqual([5, 0, 5, 5]);
});

it('goes on by itself over pages with nothing that counts, to the end if need be', async () => {
  expect(itemsOf(await readPages(1, list(0, 0, 5, 5).read, counts))).toEqual([0, 0, 5]);
  expect(itemsOf(await readPages(2, list(5, 0, 5, 5).read, counts))).toEqual([5, 0, 5]);
  expect(itemsOf(await readPages(1, list(0, 0, 0).read, counts))).toEqual([0, 0, 0]);
});
