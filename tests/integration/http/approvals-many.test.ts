import type { Static } from 'typebox';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { GivenListSchema, WaitingListSchema } from '#protocols';
import { approvalHash, asApproved } from '../../../server/domain/announcements/approval-hash.ts';
import { DatabaseAnnouncementStore } from '../../../server/storage/stores/announcement-store.ts';
import { announcement, broadcast, medium } from '../../contract/storage/samples.ts';
import { COMMUNE, ELSEWHERE, startController, type Who } from './support.ts';

const LIMIT = { timeout: 90_000 };
const ASKED = [{ areaId: COMMUNE, kind: 'asked' }] as const;

async function started() {
  const controller = await startController();
  await controller.speaker('loa-1', 'ap-1');
  const { storage, housekeeping } = controller.context;
  const audio = medium();
  await storage.transaction((tx) => tx.media.put(audio));
  const file = { mediaSha256: audio.sha256, stream: null, stored: false, decisions: [], forAreas: [] };
  const made = (areaId: string, over: object = {}) => ({
    ...announcement(areaId, { ...file, ...over }),
    state: 'submitted' as const,
  });
  const waiting = async (who: Who, query = '') =>
    (await controller.get<Static<typeof WaitingListSchema>>(who, `approvals${query}`)).body;
  const given = async (who: Who, query = '') =>
    (await controller.get<Static<typeof GivenListSchema>>(who, `approvals/given${query}`)).body;
  return { housekeeping, storage, made, waiting, given };
}

const idsOf = (items: readonly { readonly announcement: { readonly id: string } }[]) =>
  items.map(({ announcement: { id } }) => id);

/** Every page, until there is no further one. */
async function everyPage<Page extends { readonly next: string | null }>(
  read: (next: string | null) => Promise<Page>,
): Promise<Page[]> {
  const pages = [await read(null)];
  for (let next = pages[0]?.next ?? null; next !== null; next = pages.at(-1)?.next ?? null)
    pages.push(await read(next));
  return pages;
}

it(
  'lists what waits and what is approved here, however much a neighbour hands in, in pages',
  LIMIT,
  async () => {
    const { storage, made, waiting, given } = await started();
    const ours = made(COMMUNE, { createdAt: 1 });
    const approved = asApproved(made(COMMUNE, { createdAt: 2 }));
    // Of the neighbour, and meant for a hamlet here as well.
    const named = made(ELSEWHERE, { createdAt: 3, forAreas: [ELSEWHERE, 'ap-1'] });
    await storage.transaction(async (tx) => {
      for (const one of [ours, approved, named]) await tx.announcements.insert(one);
    });
    for (let i = 0; i < 11; i++)
      await storage.transaction(async (tx) => {
        for (let n = 0; n < 100; n++)
          await tx.announcements.insert(
            n % 2 === 0
              ? made(ELSEWHERE, { createdAt: 10 + i })
              : asApproved(made(ELSEWHERE, { createdAt: 10 + i, forAreas: [ELSEWHERE] })),
          );
      });
    expect(idsOf((await waiting('chairman')).waiting)).toEqual([ours.id, named.id]);
    expect(idsOf((await waiting('ap-2 chairman')).waiting)).toEqual([ours.id]);
    expect(await given('chairman')).toMatchObject({
      given: [{ announcement: { id: approved.id } }],
      next: null,
    });

    const theirs = await everyPage((next) =>
      waiting('other chairman', next === null ? '' : `?after=${next}`),
    );
    const asked = theirs.flatMap((page) => idsOf(page.waiting));
    expect([asked.length, new Set(asked).size]).toEqual([551, 551]);
    expect(asked[0]).toBe(named.id);
    // What nobody has looked at yet is more than what waits, and is looked at page by page.
    expect(Math.max(...theirs.map((page) => page.waiting.length))).toBeLessThanOrEqual(100);
    const own = await everyPage((next) =>
      given('other editor', `?limit=200${next === null ? '' : `&before=${next}`}`),
    );
    expect(own.map((page) => page.given.length)).toEqual([200, 200, 150]);
    expect(new Set(own.flatMap((page) => idsOf(page.given))).size).toBe(550);
    // One alone, whatever page it is on.
    const last = asked.at(-1) ?? '';
    expect(idsOf((await waiting('other chairman', `?announcement=${last}`)).waiting)).toEqual([last]);
    expect((await waiting('chairman', `?announcement=${last}`)).waiting).toEqual([]);
    expect((await waiting('chairman', `?announcement=${approved.id}`)).waiting).toEqual([]);
  },
);

it('reads nothing of what was settled long ago', LIMIT, async () => {
  const { housekeeping, storage, made, waiting, given } = await started();
  const OLD = 3_000;
  for (let i = 0; i < OLD; i += 500)
    await storage.transaction(async (tx) => {
      for (let n = i; n < i + 500; n++)
        await tx.announcements.insert(
          asApproved(made(COMMUNE, { createdAt: n, forAreas: [COMMUNE, 'ap-1'] })),
        );
    });
  const open = made(COMMUNE, { createdAt: OLD });
  const partly = { ...asApproved(made('ap-1', { createdAt: OLD + 1 })), forAreas: ['ap-1', 'ap-2'] };
  await storage.transaction(async (tx) => {
    for (const one of [open, partly]) await tx.announcements.insert(one);
  });
  const some = vi.spyOn(DatabaseAnnouncementStore.prototype, 'some');
  onTestFinished(() => some.mockRestore());
  const rowsOf = async (ask: () => Promise<unknown>) => {
    some.mockClear();
    await ask();
    return (await Promise.all(some.mock.results.map(({ value }) => value))).flat().length;
  };
  const listed = async () => idsOf((await waiting('chairman')).waiting);
  // As a database of before has them: where they may wait nobody has looked, and so all is read, 2 000 at once.
  const pages = await everyPage((next) => waiting('chairman', next === null ? '' : `?after=${next}`));
  expect(pages.map((page) => idsOf(page.waiting))).toEqual([[], [open.id, partly.id]]);
  await housekeeping.sweep();
  expect(await listed()).toEqual([open.id, partly.id]);
  expect(await rowsOf(listed)).toBe(2);
  expect(await rowsOf(() => waiting('ap-2 chairman'))).toBe(2);
  // A page of the newest ones, and not the years before.
  expect(await rowsOf(() => given('chairman', '?limit=20'))).toBe(20);
});

it('tells of what waits at once, however much older does not', LIMIT, async () => {
  const { storage, made, waiting } = await started();
  const over = Array.from({ length: 130 }, (_, n) => made(COMMUNE, { createdAt: n + 1 }));
  await storage.transaction(async (tx) => {
    for (const one of over) {
      // By a leave, in a hamlet alone: no mark says that all have heard it.
      const clearance = [{ kind: 'standing', id: 'sta_1', sha256: approvalHash(one) ?? '' }] as const;
      const aired = broadcast('ap-1', one.id, { state: 'completed', clearance, startsAt: one.createdAt });
      await tx.announcements.insert(one, ASKED);
      await tx.broadcasts.insert(aired, { broadcastId: aired.id, speakerIds: [] });
    }
  });
  // Of these nobody has looked yet whether anybody is asked, and nobody is.
  const settled = Array.from({ length: 130 }, (_, n) =>
    asApproved(made(COMMUNE, { createdAt: 200 + n, forAreas: [COMMUNE, 'ap-1'] })),
  );
  const asked = [400, 401, 402].map((createdAt) => made(COMMUNE, { createdAt }));
  const [first, second, third] = asked.map(({ id }) => id);
  await storage.transaction(async (tx) => {
    for (const one of settled) await tx.announcements.insert(one);
    for (const one of asked) await tx.announcements.insert(one, ASKED);
  });
  const all = await waiting('chairman');
  expect([idsOf(all.waiting), all.covered, all.next]).toEqual([[first, second, third], [], null]);
  // Of what is past the newest, and last aired first.
  const newest = over.slice(-50).map(({ id }) => id);
  expect(idsOf(all.past)).toEqual(newest.reverse());
  const short = await waiting('chairman', '?limit=2');
  expect([idsOf(short.waiting), short.next]).toEqual([[first, second], second]);
  const rest = await waiting('chairman', `?limit=2&after=${second}`);
  expect([idsOf(rest.waiting), rest.past, rest.next]).toEqual([[third], [], null]);
});

it('tells once of what was heard in one area and is asked for in another', LIMIT, async () => {
  const { storage, made, waiting } = await started();
  const older = made(COMMUNE, { createdAt: 1 });
  const both = made('ap-1', { createdAt: 2, forAreas: ['ap-1', 'ap-2'] });
  await storage.transaction(async (tx) => {
    await tx.announcements.insert(older, ASKED);
    await tx.announcements.insert(both);
    const open = [
      { areaId: 'ap-1', kind: 'heard', at: 9 },
      { areaId: 'ap-2', kind: 'asked' },
    ] as const;
    await tx.announcements.mark([{ announcement: both, open }]);
  });
  const pages = await everyPage((next) =>
    waiting('chairman', `?limit=1${next === null ? '' : `&after=${next}`}`),
  );
  expect(pages.flatMap((page) => idsOf(page.waiting))).toEqual([older.id, both.id]);
  // Who answers for where it was heard alone is told with the first page.
  expect(idsOf((await waiting('ap-1 chairman', '?limit=1')).waiting)).toContain(both.id);
});
