import { SystemClock } from '#kit';
import { previewAll } from '../../server/domain/schedule/preview/preview.ts';
import type { PreviewClass } from '../../server/domain/schedule/preview/preview-types.ts';
import { watched } from './ingest/loop-watch.ts';
import { DAYS, dataSet, FROM, TO } from './preview/data-set.ts';
import { differences } from './preview/naive.ts';
import { slotsOfAll } from './preview/slots.ts';
import { median, numberOption, round } from './statistics.ts';

const ROUNDS = 5;

/**
 * What every loudspeaker of a province plays in a week, expansion of the schedules included; the median of five rounds, each from nothing.
 * Then each loudspeaker by itself over all its slots, without any of the preview's short cuts: the two must be equal. The data set is
 * made from `--seed`; `--speakers` and `--schedules` make it smaller.
 */
export async function preview(args: readonly string[]): Promise<object> {
  const seed = numberOption(args, 'seed', 1);
  const speakers = numberOption(args, 'speakers', 3_000);
  const schedules = numberOption(args, 'schedules', 1_000);
  const set = dataSet({ seed, speakers, schedules });
  const clock = new SystemClock();
  const took: number[] = [];
  const held: number[] = [];
  let classes: PreviewClass[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const { tookMs, heldMs } = await watched(async () => {
      const slots = await slotsOfAll(set.schedules);
      classes = await previewAll(slots, set.speakers, { from: FROM, to: TO }, clock);
    });
    took.push(tookMs);
    held.push(heldMs);
  }
  const slots = await slotsOfAll(set.schedules);
  const startedAt = clock.monotonic();
  const different = differences(slots, set.speakers, classes);
  const naiveMs = clock.monotonic() - startedAt;
  const items = classes.flatMap(({ speakerIds, timeline }) =>
    timeline.items.map((item) => ({ item, count: speakerIds.length })),
  );
  const count = (wanted: (item: (typeof items)[number]['item']) => boolean) =>
    items.reduce((sum, one) => sum + (wanted(one.item) ? one.count : 0), 0);
  const figures = {
    ...{ seed, slots: slots.length, classes: classes.length },
    ...{ airings: count(() => true), silent: count(({ ranges }) => ranges.length === 0) },
    ...{ late: count(({ lateMs }) => (lateMs ?? 0) > 0), resumed: count(({ ranges }) => ranges.length > 1) },
    why: reasons(classes),
    conflicts: classes.reduce((sum, { timeline }) => sum + timeline.conflicts.length, 0),
    ...{ rounds: took.map((ms) => round(ms)), naiveMs: round(naiveMs), heldMs: round(Math.max(...held)) },
    different: different.slice(0, 10),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  const ms = round(median(took));
  return { bench: 'preview', speakers, schedules, days: DAYS, ms, equal: different.length === 0 };
}

/** How many airings did not sound, or not whole, by reason. */
function reasons(classes: readonly PreviewClass[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { speakerIds, timeline } of classes)
    for (const { reason } of timeline.items)
      if (reason !== null) counts[reason.code] = (counts[reason.code] ?? 0) + speakerIds.length;
  return counts;
}
