import { expect, it } from 'vitest';
import { sha256 } from '#protocols';
import type { StoredHead, StoredSlot } from '../../../server/domain/plans/plan.ts';
import { onBothDatabases } from './databases.ts';
import { AT, announcement, area, broadcast, uniqueId } from './samples.ts';

/** Later than everything that another test of the same database uses. */
let day = Date.UTC(2031, 0, 1);
const freshDay = () => {
  day += 10 * 86_400_000;
  return day;
};

const slot = (startsAt: number, over: Partial<StoredSlot> = {}): StoredSlot => ({
  ...{ broadcastId: uniqueId('brc'), scheduleId: 'sch_1', announcementId: 'ann_1', areaId: 'are_1' },
  ...{ seriesId: 'ser_1', sessionId: 'ses_1', originalAt: startsAt, position: 3, startsAt },
  ...{ latestStartAt: startsAt + 60_000, expiresAt: startsAt + 120_000, revision: Date.now() * 100 },
  ...{ lineHash: sha256('line'), line: '{"title":"Chúc mừng năm mới 🎉", "b":1}' },
  ...{ scopes: ['area.are_1', 'speaker.spk_1'], publishedAt: AT + 0.5, withdrawnAt: null, issuedAt: null },
  ...over,
});

const head = (over: Partial<StoredHead> = {}): StoredHead => ({
  ...{ scope: `area.${uniqueId('are')}`, revision: 2 ** 52, hash: sha256('h'), document: 'a.b.c' },
  ...{ validUntil: AT + 14 * 86_400_000, issuedAt: AT },
  ...over,
});

onBothDatabases('plans', (storage) => {
  it('keep slots in their exact lines, and replace one under its id', async () => {
    const at = freshDay();
    const [first, second] = [slot(at), slot(at + 1)];
    await storage().transaction((tx) => tx.plans.saveSlots([second, first]));
    expect(await storage().read.plans.slots(at, at + 2)).toEqual([first, second]);
    const changed = { ...first, startsAt: at + 5, revision: first.revision + 1, line: '{}' };
    await storage().transaction((tx) => tx.plans.saveSlots([changed]));
    expect(await storage().read.plans.slot(first.broadcastId)).toEqual(changed);
    expect(await storage().read.plans.slots(at, at + 2)).toEqual([second]);
    expect(await storage().read.plans.slot('unknown')).toBeNull();
    expect(await storage().read.plans.slotsOf([first.broadcastId, 'unknown'])).toEqual([changed]);
  });

  it('read more slots than one page, by start and then by id', async () => {
    const at = freshDay();
    const many = Array.from({ length: 1_203 }, (_, i) => slot(at + Math.floor(i / 700)));
    await storage().transaction((tx) => tx.plans.saveSlots(many));
    const read = await storage().read.plans.slots(at, at + 10);
    expect(read).toHaveLength(many.length);
    expect(new Set(read.map(({ broadcastId }) => broadcastId)).size).toBe(many.length);
    expect(read.map(({ startsAt }) => startsAt)).toEqual(many.map(({ startsAt }) => startsAt).sort());
  });

  it('find what is in force and not issued, and issue it once', async () => {
    const at = freshDay();
    const [due, done, gone] = [slot(at), slot(at, { issuedAt: AT }), slot(at, { withdrawnAt: AT })];
    await storage().transaction((tx) => tx.plans.saveSlots([due, done, gone]));
    expect(await storage().read.plans.unissued(at, at + 1)).toEqual([due]);
    expect(await storage().read.plans.unissued(at, at + 1, due)).toEqual([]);
    const before = { startsAt: at, broadcastId: '' };
    expect(await storage().read.plans.unissued(at, at + 1, before)).toEqual([due]);
    expect(await storage().read.plans.nextStart(at)).toBe(at);
    const mark = () => storage().transaction((tx) => tx.plans.markIssued(due.broadcastId, AT + 1));
    expect([await mark(), await mark()]).toEqual([true, false]);
    expect(await storage().read.plans.unissued(at, at + 1)).toEqual([]);
    expect(await storage().read.plans.slot(due.broadcastId)).toEqual({ ...due, issuedAt: AT + 1 });
  });

  it('keep the newest head of a scope', async () => {
    const [one, other] = [head(), head()];
    await storage().transaction((tx) => tx.plans.saveHeads([one, other]));
    const newer = { ...one, revision: one.revision + 1, document: 'd.e.f' };
    await storage().transaction((tx) => tx.plans.saveHeads([newer]));
    const heads = await storage().read.plans.heads();
    expect(heads).toContainEqual(newer);
    expect(heads).toContainEqual(other);
    expect(heads).not.toContainEqual(one);
  });

  it('keep documents in their exact bytes, and delete old ones that nobody names', async () => {
    const document = (body: string, createdAt: number) => ({ sha256: sha256(body), body, createdAt });
    const [named, old, young] = [
      document('{"a":1, "chữ":"ớ"}\n', AT),
      document('old', AT),
      document('young', AT + 2_000),
    ];
    await storage().transaction((tx) => tx.plans.saveDocuments([named, old, young]));
    await storage().transaction((tx) => tx.plans.pruneDocuments(AT + 1_000, new Set([named.sha256])));
    const read = await Promise.all(
      [named, old, young].map(({ sha256: hash }) => storage().read.plans.document(hash)),
    );
    expect(read).toEqual([named.body, null, young.body]);
  });

  it('let a broadcast of a slot be written anew, and know a slot as a planned broadcast', async () => {
    const place = area();
    const item = announcement(place.id);
    const airing = broadcast(place.id, item.id);
    const planned = slot(freshDay());
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      await tx.announcements.insert(item);
      await tx.broadcasts.insert(airing, { broadcastId: airing.id, speakerIds: ['spk_a'] });
      await tx.plans.saveSlots([planned]);
    });
    const moved = { ...airing, startsAt: AT + 9, state: 'issued' as const, targetCount: 1 };
    await storage().transaction((tx) =>
      tx.broadcasts.rewrite(moved, { broadcastId: airing.id, speakerIds: ['spk_b'] }),
    );
    expect(await storage().read.broadcasts.get(airing.id)).toEqual(moved);
    expect((await storage().read.broadcasts.snapshot(airing.id))?.speakerIds).toEqual(['spk_b']);
    const known = await storage().read.receipts.knownBroadcasts([airing.id, planned.broadcastId, 'unknown']);
    expect([...known]).toEqual([
      [airing.id, 'issued'],
      [planned.broadcastId, 'planned'],
    ]);
  });
});
