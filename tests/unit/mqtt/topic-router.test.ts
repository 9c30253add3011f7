import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadTurns } from '../../../server/mqtt/read-turns.ts';
import { TopicRouter } from '../../../server/mqtt/topic-router.ts';

const take = (into: string[], name: string) => (_message: { topic: string }, done: () => void) => {
  into.push(name);
  done();
};

/** MQTT's own rule for filters without `#` [MQTT-4.7]. */
function matches(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split('/'), topic.split('/')];
  return wanted.length === levels.length && wanted.every((level, i) => level === '+' || level === levels[i]);
}

describe('the topic router', () => {
  it('finds exactly those whose filter matches', async () => {
    const level = fc.constantFrom('a', 'b', 'c');
    const filter = fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          filter.map((levels) => levels.join('/')),
          { maxLength: 12 },
        ),
        fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/')),
        fc.nat(12),
        async (filters, topic, gone) => {
          const router = new TopicRouter();
          const got: string[] = [];
          const listeners = filters.map((one) => [one, take(got, one)] as const);
          for (const [one, listener] of listeners) router.on(one, listener);
          for (const [one, listener] of listeners.slice(0, gone)) router.removeListener(one, listener);
          await new Promise<void>((resolve) => router.emit({ topic }, () => resolve()));
          expect(got.sort()).toEqual(
            filters
              .slice(gone)
              .filter((one) => matches(one, topic))
              .sort(),
          );
        },
      ),
    );
  });

  it('hands out in slices, and keeps the order of two messages at each listener', async () => {
    const router = new TopicRouter<{ topic: string; n: number }>();
    const got = Array.from({ length: 1_000 }, () => [] as number[]);
    for (const mine of got)
      router.on('area/+', ({ n }, done) => {
        mine.push(n);
        done();
      });
    const first = new Promise<void>((resolve) => router.emit({ topic: 'area/order', n: 1 }, () => resolve()));
    expect(got.filter((mine) => mine.length > 0)).toHaveLength(100);
    const second = new Promise<void>((resolve) =>
      router.emit({ topic: 'area/order', n: 2 }, () => resolve()),
    );
    await Promise.all([first, second]);
    expect(new Set(got.map((mine) => mine.join()))).toEqual(new Set(['1,2']));
  });

  it('gives nothing more to who left meanwhile, and still ends', async () => {
    const router = new TopicRouter();
    const got: string[] = [];
    const late = take(got, 'late');
    for (let i = 0; i < 100; i++) router.on('a', take(got, 'early'));
    router.on('a', late);
    const done = new Promise<void>((resolve) => router.emit({ topic: 'a' }, () => resolve()));
    router.removeListener('a', late);
    await done;
    expect(got).toHaveLength(100);
  });

  it('says so when it is closed', async () => {
    const router = new TopicRouter();
    await new Promise<void>((resolve) => router.close(resolve));
    const error = await new Promise((resolve) => router.emit({ topic: 'a' }, resolve));
    expect(error).toBeInstanceOf(Error);
  });
});

it('reading is shared out among turns of the event loop, and nobody is forgotten', async () => {
  let now = 0;
  const turns = new ReadTurns(() => now);
  const read: number[] = [];
  const streams = Array.from({ length: 10 }, () => new PassThrough());
  const ask = (i: number) => {
    if (!turns.mayRead(streams[i] as PassThrough)) return;
    read.push(i);
    now += 5;
  };
  for (const [i, stream] of streams.entries()) {
    stream.on('readable', () => ask(i));
    ask(i);
  }
  expect(read).toEqual([0, 1, 2]);
  for (let turn = 0; turn < 6; turn++) await nextTurn();
  expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
