import { join } from 'node:path';
import { SystemClock } from '#kit';
import { generateSigningKey } from '#protocols';
import type { Broadcast } from '../../../server/domain/broadcasts/broadcast.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { ControllerProcess } from '../../helpers/processes.ts';
import { LOAD_ANNOUNCEMENT, LOAD_AREA, writeCommune } from '../load/commune.ts';
import { maxLoopDelayMs } from '../load/controller-figures.ts';
import { median, round } from '../statistics.ts';
import { LINES_PER_BROADCAST } from './journal-sender.ts';
import { SenderPool } from './sender-pool.ts';

const ROUNDS = 5;
const SPEAKERS = 200;
/** After an outage: many lines under each signature. */
const BACKLOG = { broadcasts: 50, perBatch: 50 };
/** After a broadcast: one announcement's lines. */
const PROMPT = { broadcasts: 20, perBatch: LINES_PER_BROADCAST };

export interface EndToEndFigures {
  /** Journal entries sent, proved, folded, committed and acknowledged; 50 under a signature. */
  readonly endToEndPerSecond: number;
  /** The same with three under a signature. */
  readonly endToEndPromptPerSecond: number;
  readonly endToEndMaxLoopDelayMs: number;
  /** How often a speaker was sent back for want of room in the queue. */
  readonly endToEndRefused: number;
}

/**
 * Signed journal batches of 200 light speakers in two other processes, over MQTT within the credit window, into the built
 * controller on SQLite, to the last acknowledgement (which follows the commit). Medians of five, a first round unmeasured.
 */
export async function endToEnd(folder: string): Promise<EndToEndFigures> {
  const controller = new ControllerProcess({ folder, areas: ['vn'], env: { LOA_LOG_LEVEL: 'warn' } });
  const key = generateSigningKey();
  const speakers = await writeCommune(controller.dataFolder, SPEAKERS, key);
  const broadcastIds = await writeBroadcasts(
    controller.dataFolder,
    (ROUNDS + 1) * (BACKLOG.broadcasts + PROMPT.broadcasts),
    speakers.map(({ speakerId }) => speakerId),
  );
  const pool = new SenderPool();
  try {
    await controller.start();
    await pool.connect(speakers, controller.mqttPort, key);
    const backlog: number[] = [];
    const prompt: number[] = [];
    let loopMs = 0;
    let refused = 0;
    for (let i = 0; i <= ROUNDS; i++) {
      await maxLoopDelayMs(controller);
      for (const [kind, rates] of [
        [BACKLOG, backlog],
        [PROMPT, prompt],
      ] as const) {
        const run = await pool.send(broadcastIds.splice(0, kind.broadcasts), kind.perBatch);
        if (i === 0) continue;
        refused += run.refused;
        rates.push((SPEAKERS * kind.broadcasts * LINES_PER_BROADCAST * 1000) / run.tookMs);
      }
      if (i > 0) loopMs = Math.max(loopMs, await maxLoopDelayMs(controller));
    }
    return {
      endToEndPerSecond: round(median(backlog), 0),
      endToEndPromptPerSecond: round(median(prompt), 0),
      endToEndMaxLoopDelayMs: round(loopMs),
      endToEndRefused: refused,
    };
  } finally {
    await pool.close();
    await controller.end();
  }
}

/** Broadcasts under way, as far as receipts need them. Their orders are not in question here. */
async function writeBroadcasts(
  dataFolder: string,
  count: number,
  speakerIds: readonly string[],
): Promise<string[]> {
  const clock = new SystemClock();
  const storage = openStorage({ url: `file:${join(dataFolder, 'loa.db')}`, clock });
  await storage.start();
  try {
    const ids = Array.from({ length: count }, (_, i) => `brc_ingest_${i}`);
    await storage.transaction(async (tx) => {
      for (const id of ids) {
        const broadcast = broadcastUnderWay(id, clock.now(), speakerIds.length);
        await tx.broadcasts.insert(broadcast, { broadcastId: id, speakerIds });
      }
    });
    return ids;
  } finally {
    await storage.stop();
  }
}

function broadcastUnderWay(id: string, now: number, targetCount: number): Broadcast {
  return {
    id,
    announcementId: LOAD_ANNOUNCEMENT,
    areaId: LOAD_AREA,
    title: 'Bản tin đo tải',
    priority: 'normal',
    state: 'issued',
    startsAt: now,
    latestStartAt: now + 3_600_000,
    hardEndAt: now + 7_200_000,
    targets: { areas: [LOAD_AREA], speakers: [], excludeAreas: [], excludeSpeakers: [] },
    targetCount,
    drill: false,
    makesGoodOf: null,
    cancelReason: null,
    missedCode: null,
    scheduleId: null,
    seriesId: null,
    sessionId: null,
    originalAt: null,
    clearance: null,
    createdBy: 'bench',
    createdAt: now,
  };
}
