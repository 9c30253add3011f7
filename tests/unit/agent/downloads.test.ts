import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { FileContent } from '#protocols';
import type { ContentCache, EnsureOptions } from '../../../device-agent/cache/content-cache.ts';
import { DataBudget } from '../../../device-agent/cache/data-budget.ts';
import { aheadDelayMs, Downloads, type WantedFile } from '../../../device-agent/cache/downloads.ts';
import { TrustedTime } from '../../../device-agent/clock/index.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { diskIdle } from '../../helpers/disk-idle.ts';
import { FAKE_START, FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A cache in which each download ends when the test says so. */
class SlowCache {
  readonly folder = tempDir();
  readonly asked: string[] = [];
  readonly held = new Set<string>();
  readonly #running = new Map<string, { options: EnsureOptions; done: (path: string) => void }>();

  pathOf(sha256: string): string {
    return join(this.folder, sha256);
  }

  hold(sha256: string): () => void {
    this.held.add(sha256);
    return () => void this.held.delete(sha256);
  }

  ensure(options: EnsureOptions): Promise<string> {
    const { content, signal } = options;
    this.asked.push(content.sha256);
    return new Promise((resolve, reject) => {
      this.#running.set(content.sha256, { options, done: resolve });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  finish(sha256: string): void {
    const running = this.#running.get(sha256);
    running?.options.onProgress?.(1);
    running?.done(this.pathOf(sha256));
  }

  trouble(sha256: string): void {
    this.#running.get(sha256)?.options.onTrouble?.('cache.unreachable');
  }
}

async function setUp(limitBytes = 0, random = () => 0, onSpent = () => {}) {
  let limit = limitBytes;
  const clock = new FakeClock();
  const cache = new SlowCache();
  const path = join(cache.folder, 'budget.json');
  const day = () => new Date(clock.now()).toISOString().slice(0, 10);
  const budget = new DataBudget({ path, limitBytes: () => limit, day, log: silentLog });
  const downloads = new Downloads({
    cache: cache as unknown as ContentCache,
    ...{ origin: { url: '', headers: {} }, clock, budget, log: silentLog, random, roomBytes: 10_000 },
    time: new TrustedTime({ clock, bootId: 'boot' }),
    onSpent,
  });
  await downloads.start();
  onTestFinished(() => downloads.stop());
  const settle = async () => {
    await clock.advance(0);
    await diskIdle();
  };
  return {
    ...{ clock, cache, budget, downloads, settle },
    limit: (bytes: number) => {
      limit = bytes;
    },
  };
}

function wanted(name: string, inMs: number, change: Partial<WantedFile> = {}): WantedFile {
  const content = { kind: 'file', sha256: name, bytes: 1_000 } as FileContent;
  return { content, neededAt: FAKE_START + inMs, emergency: false, ...change };
}

it('spreads what has time, and fetches soon what has not', () => {
  const most = () => 0.999_999;
  expect(aheadDelayMs(20_000, most)).toBe(0);
  expect(aheadDelayMs(2 * HOUR, most)).toBeLessThanOrEqual(120_000);
  expect(aheadDelayMs(DAY, most)).toBeGreaterThan(5 * HOUR);
  expect(aheadDelayMs(14 * DAY, most)).toBeLessThan(6.1 * HOUR);
  expect(aheadDelayMs(14 * DAY, () => 0)).toBe(0);
});

it('fetches the earliest first, two at a time, and each once', async () => {
  const { cache, downloads, settle } = await setUp();
  downloads.want(['d', 'c', 'b', 'a', 'a'].map((name, i) => wanted(name, DAY - i * HOUR)));
  await settle();
  expect(cache.asked).toEqual(['a', 'b']);
  cache.finish('a');
  await settle();
  expect(cache.asked).toEqual(['a', 'b', 'c']);
  // What the plan no longer names is let go.
  downloads.want([wanted('a', DAY)]);
  expect([...cache.held]).toEqual(['a']);
});

it('gives others their turn while one cannot be had', async () => {
  const { clock, cache, downloads, settle } = await setUp();
  downloads.want([wanted('a', 20 * HOUR), wanted('b', 21 * HOUR), wanted('c', 22 * HOUR)]);
  await settle();
  for (const name of ['a', 'b']) cache.trouble(name);
  await settle();
  expect(cache.asked).toEqual(['a', 'b', 'c']);
  await clock.advance(1_000);
  await settle();
  expect(cache.asked).toEqual(['a', 'b', 'c', 'a']);
});

it('keeps within the data of a day, except for what is near or urgent', async () => {
  let told = 0;
  const { clock, cache, budget, downloads, settle, limit } = await setUp(1_500, undefined, () => {
    told += 1;
  });
  downloads.want([
    ...[wanted('a', 20 * HOUR), wanted('b', 21 * HOUR), wanted('near', HOUR / 2)],
    wanted('alarm', 30 * HOUR, { emergency: true }),
  ]);
  await settle();
  for (let round = 0; round < 4; round++) {
    for (const name of cache.asked) cache.finish(name);
    await settle();
  }
  expect([...cache.asked].sort()).toEqual(['alarm', 'near']);
  expect(budget.usedBytes).toBe(2_000);
  expect([downloads.spent, told]).toEqual([true, 1]);
  // Another day, and its own data.
  await clock.advance(2 * HOUR + 11 * 60_000);
  await settle();
  expect(cache.asked).toContain('a');
  expect(cache.asked).not.toContain('b');
  // The controller raises what this SIM may use.
  limit(10_000);
  await clock.advance(11 * 60_000);
  await settle();
  expect(cache.asked).toContain('b');
  expect([downloads.spent, told]).toEqual([false, 2]);
});

it('the count of a day survives a restart', async () => {
  const path = join(tempDir(), 'budget.json');
  const make = (day: string) =>
    new DataBudget({ path, limitBytes: () => 5_000, day: () => day, log: silentLog });
  const first = make('2026-01-05');
  first.count(1_200);
  await first.save();
  const again = make('2026-01-05');
  await again.load();
  expect(again.leftBytes).toBe(3_800);
  const tomorrow = make('2026-01-06');
  await tomorrow.load();
  expect(tomorrow.leftBytes).toBe(5_000);
});

it('leaves room in the cache for orders and emergencies', async () => {
  const { cache, downloads, settle } = await setUp();
  downloads.want(Array.from({ length: 15 }, (_, i) => wanted(`f${i}`, DAY + i * HOUR)));
  await settle();
  expect(cache.held.size).toBe(10);
});
