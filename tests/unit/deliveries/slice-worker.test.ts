import { describe, expect, it } from 'vitest';
import { DomainError } from '#protocols';
import { SliceWorker } from '../../../server/domain/deliveries/slice-worker.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

function setUp(work: (items: readonly number[]) => Promise<void>, over: object = {}) {
  const clock = new FakeClock();
  const failed: number[] = [];
  const worker = new SliceWorker<number>({
    name: 'test',
    clock,
    work,
    onFailed: (item) => failed.push(item),
    sliceWeight: 3,
    capacity: 10,
    collectMs: 10,
    ...over,
  });
  return { clock, failed, worker };
}

describe('the slice worker', () => {
  it('gathers for a while, works in slices and in order', async () => {
    const slices: (readonly number[])[] = [];
    const { clock, worker } = setUp(async (items) => void slices.push(items));
    await worker.start();
    worker.offer(1);
    await clock.advance(9);
    expect(slices).toEqual([]);
    worker.offer(2);
    await clock.advance(1);
    expect(slices).toEqual([[1, 2]]);
    for (const item of [3, 4, 5, 6, 7]) worker.offer(item);
    await clock.advance(0);
    expect(slices).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    await clock.advance(10);
    await worker.idle();
    expect(slices.at(-1)).toEqual([6, 7]);
    expect(worker.size).toBe(0);
    await worker.stop();
    expect(clock.pendingTimers()).toEqual([]);
  });

  it('keeps everything while the storage is busy, and refuses what does not fit', async () => {
    let busy = true;
    const done: number[] = [];
    const { clock, worker, failed } = setUp(async (items) => {
      if (busy) throw new DomainError('storage.busy');
      done.push(...items);
    });
    await worker.start();
    const taken = Array.from({ length: 12 }, (_, i) => worker.offer(i));
    expect(taken).toEqual([...Array(10).fill(true), false, false]);
    for (let i = 0; i < 40; i++) await clock.advanceToNextTimer();
    expect(done).toEqual([]);
    busy = false;
    await clock.advance(1_000);
    await worker.idle();
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(failed).toEqual([]);
    expect(worker.offer(12)).toBe(true);
    await worker.stop();
  });

  it('gives up one bad item alone', async () => {
    const done: number[] = [];
    const { clock, worker, failed } = setUp(async (items) => {
      if (items.includes(2)) throw new Error('bad');
      done.push(...items);
    });
    await worker.start();
    for (const item of [1, 2, 3]) worker.offer(item);
    await clock.advance(10);
    await worker.idle();
    expect({ done, failed }).toEqual({ done: [1, 3], failed: [2] });
    await worker.stop();
  });

  it('keeps what was offered before the start, and leaves nothing running after the stop', async () => {
    const done: number[] = [];
    const { clock, worker } = setUp(async (items) => void done.push(...items));
    worker.offer(1);
    await clock.advance(50);
    expect(done).toEqual([]);
    await worker.start();
    await clock.advance(10);
    await worker.idle();
    expect(done).toEqual([1]);
    worker.offer(2);
    await worker.stop();
    expect(clock.pendingTimers()).toEqual([]);
    await clock.advance(100);
    expect(done).toEqual([1]);
  });

  it('takes an item larger than the room there is when nothing else waits', async () => {
    const { worker } = setUp(async () => undefined, { size: (item: number) => item });
    expect(worker.offer(99)).toBe(true);
    expect(worker.offer(1)).toBe(false);
  });
});
