import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { ContentStore, locateBinaries, PreparationQueue } from '#media';
import { tempDir } from '../../helpers/temp-dir.ts';
import { GREETING } from './support.ts';

describe('the preparation queue', () => {
  let store: ContentStore;
  let queue: PreparationQueue;
  let errors: unknown[];

  beforeEach(async () => {
    errors = [];
    store = new ContentStore({ folder: join(tempDir('queue'), 'audio') });
    await store.start();
    queue = new PreparationQueue({
      binaries: await locateBinaries(),
      store,
      clock: new SystemClock(),
      niceness: 0,
      mostWaiting: 2,
      onError: (_what, error) => errors.push(error),
    });
    await queue.start();
  });

  afterEach(async () => {
    await queue.stop();
    await store.stop();
    expect(errors).toEqual([]);
    expect(await readdir(store.workFolder)).toEqual([]);
  });

  async function brokenFile(): Promise<string> {
    const path = join(tempDir('broken'), 'a.mp3');
    await writeFile(path, 'not audio');
    return path;
  }

  it('prepares one after another; one failure does not touch the others', async () => {
    const order: string[] = [];
    queue.events.on('ready', ({ id }) => void order.push(`${id} ready`));
    queue.events.on('failed', ({ id, error }) => void order.push(`${id} ${error.code}`));
    const first = queue.add({ id: 'a', sourcePath: GREETING });
    const broken = queue.add({ id: 'b', sourcePath: await brokenFile() });
    const last = queue.add({ id: 'c', sourcePath: GREETING });
    await expect(broken).rejects.toMatchObject({ code: 'media.unrecognised' });
    const [a, c] = await Promise.all([first, last]);
    expect(order).toEqual(['a ready', 'b media.unrecognised', 'c ready']);
    expect(c.sha256).toBe(a.sha256);
    await store.verify(a.sha256);
    await store.verify(a.chunkList.sha256);
    expect(await store.list()).toHaveLength(2);
  });

  it('tells the progress of each job', async () => {
    const seen: number[] = [];
    queue.events.on('progress', ({ id, progress }) => void (id === 'a' && seen.push(progress)));
    await queue.add({ id: 'a', sourcePath: GREETING });
    expect(seen.length).toBeGreaterThan(4);
    expect(seen.at(-1)).toBe(1);
  });

  it('cancels a running and a waiting job, and leaves nothing of them', async () => {
    const running = queue.add({ id: 'a', sourcePath: GREETING });
    const waiting = queue.add({ id: 'b', sourcePath: GREETING });
    const waitingOver = expect(waiting).rejects.toMatchObject({ code: 'media.cancelled' });
    const runningOver = expect(running).rejects.toMatchObject({ code: 'media.cancelled' });
    await queue.events.next('progress', ({ stage }) => stage === 'encoding');
    expect(queue.cancel('b')).toBe(true);
    expect(queue.cancel('a')).toBe(true);
    await Promise.all([waitingOver, runningOver]);
    expect(queue.cancel('a')).toBe(false);
    expect(await store.list()).toEqual([]);
  });

  it('cancels what is left when it stops', async () => {
    const jobs = ['a', 'b'].map((id) => queue.add({ id, sourcePath: GREETING }));
    const over = jobs.map((job) => expect(job).rejects.toMatchObject({ code: 'media.cancelled' }));
    await queue.stop();
    await Promise.all(over);
    expect(() => queue.add({ id: 'c', sourcePath: GREETING })).toThrow('not running');
  });

  it('takes only so many, and no id twice', async () => {
    const jobs = ['a', 'b', 'c'].map((id) => queue.add({ id, sourcePath: GREETING }));
    expect(() => queue.add({ id: 'd', sourcePath: GREETING })).toThrow(/waiting to be prepared/);
    expect(queue.waiting).toBe(2);
    queue.cancel('c');
    expect(() => queue.add({ id: 'b', sourcePath: GREETING })).toThrow('already');
    queue.cancel('a');
    queue.cancel('b');
    await Promise.allSettled(jobs);
  });

  it('does not fail a job for a listener that throws', async () => {
    queue.events.on('ready', () => {
      throw new Error('listener');
    });
    await queue.add({ id: 'a', sourcePath: GREETING });
    await queue.idle();
    expect(errors.splice(0)).toMatchObject([{ message: 'listener' }]);
  });
});
