import { SystemClock } from '#kit';
import type { Health } from '#protocols';
import type { SpeakerStatus } from '../../../server/domain/speakers/speaker.ts';
import { type DatabaseStorage, openStorage } from '../../../server/storage/index.ts';
import { healthOf } from '../load/background.ts';
import { median, round } from '../statistics.ts';
import type { BareDriver } from './bare-driver.ts';
import { watched } from './loop-watch.ts';
import { acceptedBefore, receiptSlices, SLICE_RECEIPTS } from './receipts.ts';

const ROUNDS = 5;
/** As after an outage, and as after one broadcast. */
const LINES_PER_BATCH = 50;

export interface StoringOptions {
  /** Database for our storage. */
  readonly ours: string;
  /** Another of the same kind, migrated by us, for the driver alone. */
  readonly bare: string;
  readonly openBare: (url: string) => BareDriver | Promise<BareDriver>;
  /** Receipts of one round. */
  readonly count: number;
}

export interface StoringFigures {
  /** Through `ReceiptStore.save`: batch, journal rows, deliveries, plays, position; 50 lines under a signature. */
  readonly receiptsPerSecond: number;
  /** The same with one line under each signature. */
  readonly singleReceiptsPerSecond: number;
  /** The same as the first with what is read before it: which broadcasts are known, and each delivery as it was. */
  readonly withLookupsPerSecond: number;
  readonly healthPerSecond: number;
  readonly bareReceiptsPerSecond: number;
  /** Median over the rounds of ours to bare in one round. */
  readonly ratio: number;
  readonly maxLoopDelayMs: number;
}

/** Storing beside the bare driver, one after the other in every round; medians of five, a first round unmeasured. */
export async function storing(options: StoringOptions): Promise<StoringFigures> {
  // Both get the same tables.
  const clock = new SystemClock();
  const made = openStorage({ url: options.bare, clock });
  await made.start();
  await made.stop();
  const storage = openStorage({ url: options.ours, clock });
  await storage.start();
  const bare = await options.openBare(options.bare);
  try {
    const runs: Record<'batched' | 'single' | 'lookups' | 'health' | 'bare', number[]> = {
      ...{ batched: [], single: [], lookups: [], health: [], bare: [] },
    };
    let heldMs = 0;
    for (let i = 0; i <= ROUNDS; i++) {
      const count = i === 0 ? options.count / 4 : options.count;
      const figures = await oneRound(storage, bare, `${i}`, count);
      if (i === 0) continue;
      heldMs = Math.max(heldMs, figures.heldMs);
      for (const kind of ['batched', 'single', 'lookups', 'health', 'bare'] as const)
        runs[kind].push(figures[kind]);
    }
    return {
      receiptsPerSecond: round(median(runs.batched), 0),
      singleReceiptsPerSecond: round(median(runs.single), 0),
      withLookupsPerSecond: round(median(runs.lookups), 0),
      healthPerSecond: round(median(runs.health), 0),
      bareReceiptsPerSecond: round(median(runs.bare), 0),
      ratio: round(median(runs.batched.map((value, i) => value / (runs.bare[i] as number))), 2),
      maxLoopDelayMs: round(heldMs),
    };
  } finally {
    await bare.close();
    await storage.stop();
  }
}

async function oneRound(storage: DatabaseStorage, bare: BareDriver, name: string, count: number) {
  const request = { count, perBatch: LINES_PER_BATCH };
  const driver = await receipts({ ...request, round: `${name}b` }, async (slice) => bare.store(slice));
  const save = (slice: Slice) => storage.transaction((tx) => tx.receipts.save(slice));
  const batched = await receipts({ ...request, round: `${name}o` }, save);
  const single = await receipts({ count, perBatch: 1, round: `${name}s` }, save);
  const lookups = await receipts({ ...request, round: `${name}l` }, (slice) =>
    storage.transaction(async (tx) => {
      await tx.receipts.knownBroadcasts([...new Set(slice.deliveries.map(({ broadcastId }) => broadcastId))]);
      await tx.receipts.deliveries(slice.deliveries);
      await tx.receipts.save(slice);
    }),
  );
  const reports = await health(storage, Number(name), count / 4);
  const ours = [batched, single, lookups, reports];
  return {
    bare: driver.perSecond,
    batched: batched.perSecond,
    single: single.perSecond,
    lookups: lookups.perSecond,
    health: reports.perSecond,
    heldMs: Math.max(...ours.map(({ heldMs }) => heldMs)),
  };
}

type Slice = ReturnType<typeof receiptSlices>[number];

async function receipts(
  request: Parameters<typeof receiptSlices>[0],
  store: (slice: Slice) => Promise<void>,
): Promise<{ readonly perSecond: number; readonly heldMs: number }> {
  const slices = receiptSlices(request);
  // The answers came long before: what is measured is an upsert that finds its row.
  for (const slice of slices) await store(acceptedBefore(slice));
  const { tookMs, heldMs } = await watched(async () => {
    for (const slice of slices) await store(slice);
  });
  return { perSecond: (request.count / tookMs) * 1000, heldMs };
}

/** A health report is a row of the history and the speaker's status. */
async function health(storage: DatabaseStorage, name: number, count: number) {
  const reports = Array.from({ length: count }, (_, i) => {
    const speakerId = `loa-${i % 5000}`;
    const report = { ...(healthOf(speakerId) as Health), at: Date.UTC(2026, 0, name + 1) + i };
    return { speakerId, health: report };
  });
  const slices = Array.from({ length: Math.ceil(count / SLICE_RECEIPTS) }, (_, i) =>
    reports.slice(i * SLICE_RECEIPTS, (i + 1) * SLICE_RECEIPTS),
  );
  const { tookMs, heldMs } = await watched(async () => {
    for (const slice of slices)
      await storage.transaction(async (tx) => {
        await tx.speakers.saveStatuses(slice.map(statusOf));
        await tx.speakers.saveHealth(slice);
      });
  });
  return { perSecond: (count / tookMs) * 1000, heldMs };
}

function statusOf({
  speakerId,
  health,
}: {
  readonly speakerId: string;
  readonly health: Health;
}): SpeakerStatus {
  return {
    ...{
      speakerId,
      sessionEpoch: 1,
      link: 'online',
      condition: 'ok',
      output: 'normal',
      lastSeenAt: health.at,
    },
    ...{
      agentVersion: 'load',
      capabilities: ['order:play', 'content:file'],
      heldAssignmentHash: null,
      heldHash: null,
      health,
    },
  };
}
