import { expect, it } from 'vitest';
import type { MediaJob } from '../../../server/domain/media/medium.ts';
import { onBothDatabases } from './databases.ts';
import { AT, announcement, area, medium, uniqueId } from './samples.ts';

onBothDatabases('media and announcements', (storage) => {
  it('keep a deliverable in its exact bytes, once', async () => {
    const file = medium();
    await storage().transaction((tx) => tx.media.put(file));
    await storage().transaction((tx) => tx.media.put({ ...file, chunkList: 'other' }));
    expect(await storage().read.media.get(file.sha256)).toEqual(file);
    expect(await storage().read.media.get('unknown')).toBeNull();
  });

  it('know since when nothing names a deliverable, and delete it in its time', async () => {
    const place = area();
    const [named, unnamed, again] = [medium(), medium(), medium()];
    const one = announcement(place.id, { mediaSha256: named.sha256 });
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const file of [named, unnamed, again]) await tx.media.put(file);
      await tx.announcements.insert(one);
      await tx.media.markUnused(AT);
    });
    // Noted once: looking again does not begin anew. What is brought in again or named again counts from then on.
    await storage().transaction((tx) => tx.media.markUnused(AT + 1_000));
    await storage().transaction((tx) => tx.media.put(again));
    const remove = (before: number) => storage().transaction((tx) => tx.media.removeUnused(before));
    expect(await remove(AT)).not.toContain(unnamed.sha256);
    const gone = await remove(AT + 1);
    expect(gone).toEqual(expect.arrayContaining([unnamed.sha256, unnamed.chunkListSha256]));
    expect([gone.includes(named.sha256), gone.includes(again.sha256)]).toEqual([false, false]);
    const left = await storage().read.media.hashes();
    expect(left).toEqual(expect.arrayContaining([named.sha256, again.sha256]));
    expect(left).not.toContain(unnamed.sha256);
  });

  it('find what names a medium, and the areas for which it was prepared', async () => {
    const [place, other] = [area(), area()];
    const [file, strange] = [medium(), medium()];
    const [one, two] = [place, other].map(({ id }) => announcement(id, { mediaSha256: file.sha256 }));
    const job = (areaId: string): MediaJob => ({
      ...{ id: uniqueId('job'), areaId, state: 'ready', stage: '', progress: 1, sha256: file.sha256 },
      ...{ sourceName: 'a.wav', sourceBytes: 3, errorCode: null, errorMessage: null },
      ...{ createdBy: 'bích', createdAt: AT, endedAt: AT },
    });
    await storage().transaction(async (tx) => {
      for (const each of [place, other]) await tx.areas.insert(each);
      for (const each of [file, strange]) await tx.media.put(each);
      for (const each of [one, two]) if (each !== undefined) await tx.announcements.insert(each);
      for (const each of [place, place, other]) await tx.media.insertJob(job(each.id));
    });
    const { announcements, media } = storage().read;
    const ids = (await announcements.ofMedium(file.sha256)).map(({ id }) => id);
    expect(ids.sort()).toEqual([one?.id, two?.id].sort());
    expect((await media.areasOf(file.sha256)).sort()).toEqual([place.id, other.id].sort());
    expect(await announcements.ofMedium(strange.sha256)).toEqual([]);
    expect(await media.areasOf(strange.sha256)).toEqual([]);
  });

  it('find the jobs that were not ended', async () => {
    const place = area();
    const job = (over: Partial<MediaJob>): MediaJob => ({
      ...{ id: uniqueId('job'), areaId: place.id, state: 'queued', stage: '', progress: 0 },
      ...{ sourceName: 'Lời chúc Tết.m4a', sourceBytes: 3_000_000_000, sha256: null, errorCode: null },
      ...{ errorMessage: null, createdBy: 'bích', createdAt: AT, endedAt: null },
      ...over,
    });
    const [queued, running, done] = [job({}), job({ createdAt: AT + 1 }), job({ createdAt: AT + 2 })];
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const one of [queued, running, done]) await tx.media.insertJob(one);
    });
    const started = { ...running, state: 'running' as const, stage: 'measure', progress: 0.25 };
    const failed = { ...done, state: 'failed' as const, errorCode: 'media.silent', endedAt: AT + 9 };
    await storage().transaction(async (tx) => {
      await tx.media.updateJob(started);
      await tx.media.updateJob(failed);
    });
    expect(await storage().read.media.openJobs()).toEqual([queued, started]);
    expect(await storage().read.media.job(done.id)).toEqual(failed);
    const missing = storage().transaction((tx) => tx.media.updateJob(job({})));
    await expect(missing).rejects.toMatchObject({ code: 'request.not_found' });
  });

  it('move an announcement only from the state that the editor saw', async () => {
    const place = area();
    const file = medium();
    const draft = announcement(place.id, { text: 'Kính gửi bà con ấp Thái An…' });
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      await tx.media.put(file);
      await tx.announcements.insert(draft);
    });
    const submitted = { ...draft, state: 'submitted' as const, mediaSha256: file.sha256, updatedAt: AT + 1 };
    const update = () => storage().transaction((tx) => tx.announcements.update(submitted, 'draft'));
    expect((await Promise.all([update(), update(), update()])).sort()).toEqual([false, false, true]);
    expect(await storage().read.announcements.get(draft.id)).toEqual(submitted);
  });

  it('list announcements newest first, page by page, of many areas', async () => {
    const place = area();
    const items = [0, 1, 1, 2].map((n) => announcement(place.id, { createdAt: AT + n }));
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const item of items) await tx.announcements.insert(item);
    });
    const newest = [...items].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    const areaIds = [...Array.from({ length: 3_000 }, (_, i) => `nowhere-${i}`), place.id];
    const { announcements } = storage().read;
    const first = await announcements.list({ areaIds, limit: 2 });
    const rest = await announcements.list({ areaIds, limit: 9, before: first[1]?.id ?? '' });
    expect([...first, ...rest]).toEqual(newest);
    expect(await announcements.list({ areaIds: [], limit: 9 })).toEqual([]);
    expect(await announcements.list({ areaIds, limit: 9, before: 'ann_unknown' })).toEqual([]);
  });
});
