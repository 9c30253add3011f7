import type { Static } from 'typebox';
import type { GivenListSchema } from '#protocols';
import { call, query } from '../../api/client.ts';
import { readPages } from '../../api/pages.ts';
import type { WaitingLists } from './waiting.ts';

type GivenList = Static<typeof GivenListSchema>;
/** What sounds, and where this person may take it back: all of it, or in these areas. */
export type Given = GivenList['given'][number];

/** So many pages on which something waits, as one. */
export async function readWaiting(count: number, signal: AbortSignal): Promise<WaitingLists> {
  const pages = await readPages(
    count,
    (after) => call<WaitingLists>('GET', `approvals${query({ after })}`, { signal }),
    ({ waiting }) => waiting.length > 0,
  );
  return {
    waiting: pages.flatMap(({ waiting }) => waiting),
    covered: pages.flatMap(({ covered }) => covered),
    past: pages.flatMap(({ past }) => past).sort((a, b) => b.lastAt - a.lastAt),
    next: pages.at(-1)?.next ?? null,
  };
}

/** So many pages of what was approved, as one. */
export async function readGiven(count: number, signal: AbortSignal): Promise<GivenList> {
  const pages = await readPages(
    count,
    (before) => call<GivenList>('GET', `approvals/given${query({ before })}`, { signal }),
    ({ given }) => given.length > 0,
  );
  return { given: pages.flatMap(({ given }) => given), next: pages.at(-1)?.next ?? null };
}
