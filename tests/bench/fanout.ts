import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#kit';
import { openStorage } from '../../server/storage/index.ts';
import { ControllerProcess } from '../helpers/processes.ts';
import { available } from '../helpers/requirements.ts';
import { fanOut } from './fan-out.ts';
import { BackgroundIngest } from './load/background.ts';
import { bareFanout } from './load/bare-broker.ts';
import { LOAD_AREA, writeCommune } from './load/commune.ts';
import { maxLoopDelayMs, residentMb } from './load/controller-figures.ts';
import { LoadPool } from './load/pool.ts';
import { type FanoutRun, spread } from './load/runs.ts';
import { numberOption, round } from './statistics.ts';

const ROUNDS = 5;
/** Loudspeakers that report their health all the time while the others are broadcast to. */
const BACKGROUND = 50;
const BACKGROUND_PER_SECOND = 100;

/**
 * Play-now to N connected, authenticated loudspeakers in other processes that answer as agents do: from the call to each
 * arrival, and from the call to each answer known to be committed (its live event). Median of five, a background of
 * health reports running. The same clients and the same order on a bare Mosquitto, where it is installed.
 */
export async function fanout(args: readonly string[]): Promise<object> {
  const count = numberOption(args, 'speakers', 2000);
  const folder = await mkdtemp(join(tmpdir(), 'loa-fanout-'));
  const controller = new ControllerProcess({ folder, areas: ['vn'], env: { LOA_LOG_LEVEL: 'warn' } });
  const everybody = await writeCommune(controller.dataFolder, count + BACKGROUND);
  const speakers = everybody.slice(0, count);
  const background = new BackgroundIngest(everybody.slice(count), BACKGROUND_PER_SECOND);
  await controller.start();
  const pool = new LoadPool({ speakers, port: controller.mqttPort, tls: false, hello: true });
  try {
    await pool.connect();
    await background.start(controller.mqttPort);
    const runs: FanoutRun[] = [];
    // One round unmeasured: code and pages are warm in a controller that is in use.
    await fanOut(controller, pool, speakers);
    await maxLoopDelayMs(controller);
    let loopMs = 0;
    let order = '';
    for (let i = 0; i < ROUNDS; i++) {
      const run = await fanOut(controller, pool, speakers);
      runs.push(run);
      order = run.broadcastId;
      loopMs = Math.max(loopMs, await maxLoopDelayMs(controller));
    }
    const rssMb = await residentMb(controller.pid);
    background.stop();
    await pool.close();
    await controller.end();
    const bare = available('mosquitto')
      ? await bareFanout(folder, speakers, LOAD_AREA, await orderText(controller.dataFolder, order), ROUNDS)
      : null;
    const received = spread(runs.map((run) => run.received));
    const durable = spread(runs.map((run) => run.durable));
    const mosquitto =
      bare === null
        ? null
        : {
            received: spread(bare.map((run) => run.received)),
            answered: spread(bare.map((run) => run.durable)),
          };
    return {
      bench: 'fanout',
      speakers: count,
      received,
      durable,
      mosquitto,
      ratioLast: mosquitto === null ? null : round(durable.lastMs / mosquitto.answered.lastMs, 2),
      rssMb,
      maxLoopDelayMs: round(loopMs),
    };
  } finally {
    background.stop();
    await pool.close();
    await controller.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The order as it was published, from the stopped controller's database. */
async function orderText(dataFolder: string, broadcastId: string): Promise<string> {
  const storage = openStorage({ url: `file:${join(dataFolder, 'loa.db')}`, clock: new SystemClock() });
  await storage.start();
  try {
    const [order] = await storage.read.broadcasts.orders(broadcastId);
    if (order === undefined) throw new Error(`no order of broadcast "${broadcastId}"`);
    return order.document;
  } finally {
    await storage.stop();
  }
}
