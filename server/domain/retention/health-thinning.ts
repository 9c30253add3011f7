import Type, { type Static } from 'typebox';
import type { Instant, Milliseconds } from '#kit';
import { codec } from '#protocols';
import type { Storage } from '../unit-of-work.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Reports that are older than `afterMs` are thinned to the first of each `bucketMs`; those that name a problem all stay. */
interface Tier {
  readonly name: 'hour' | 'day';
  readonly afterMs: Milliseconds;
  readonly bucketMs: Milliseconds;
}

/** What went before a fault is asked within days, how a loudspeaker did in spring a year later. */
const TIERS: readonly Tier[] = [
  { name: 'hour', afterMs: 7 * DAY_MS, bucketMs: HOUR_MS },
  { name: 'day', afterMs: 60 * DAY_MS, bucketMs: DAY_MS },
];

/** Reports of so long are thinned in one step of the event loop: some thousand of a province. */
const STEP_MS = 10 * 60_000;
/** Steps of one sweep: what is left is done by the next. */
const MOST_STEPS = 2_000;

const ThinnedSchema = Type.Object({ hour: Type.Number(), day: Type.Number() });
/** Up to where each tier is done. */
type Thinned = Static<typeof ThinnedSchema>;
const thinnedCodec = codec('thinned health', ThinnedSchema, 1);
const THINNED_SETTING = 'retention.health';

/**
 * Thins the health history: everything for a week, then one report an hour, after two months one a day, and nothing beyond `keepMs`. In
 * steps that hold nobody up, from where it was left.
 */
export async function sweepHealth(storage: Storage, now: Instant, keepMs: Milliseconds): Promise<void> {
  let gone: number;
  do gone = await storage.transaction((tx) => tx.speakers.pruneHealth(now - keepMs));
  while (gone > 0);
  const text = await storage.read.settings.get(THINNED_SETTING);
  const done: Thinned = text === null ? { hour: 0, day: 0 } : thinnedCodec.parse(text);
  const oldest = await storage.read.speakers.oldestHealthAt();
  if (oldest === null) return;
  let steps = 0;
  for (const { name, afterMs, bucketMs } of TIERS) {
    const end = floorTo(now - afterMs, bucketMs);
    let at = Math.max(done[name], floorTo(oldest, bucketMs));
    while (at < end && steps < MOST_STEPS) {
      const bucket = floorTo(at, bucketMs);
      const to = Math.min(at + STEP_MS, bucket + bucketMs);
      const from = at;
      await storage.transaction((tx) => tx.speakers.thinHealth({ bucket, from, to }));
      at = to;
      steps += 1;
    }
    done[name] = Math.max(done[name], at);
  }
  if (steps > 0)
    await storage.transaction((tx) => tx.settings.put(THINNED_SETTING, JSON.stringify(done), now));
}

function floorTo(instant: Instant, ms: Milliseconds): Instant {
  return Math.floor(instant / ms) * ms;
}
