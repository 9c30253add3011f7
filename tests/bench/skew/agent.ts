import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { SystemClock } from '#kit';
import { Agent } from '../../../device-agent/agent.ts';
import { thisMachine } from '../../../device-agent/assemble.ts';
import { jsonLog } from '../../../device-agent/log.ts';
import { FileOutput } from '../../../device-agent/outputs/index.ts';
import { FfmpegDecoder } from '../../../device-agent/playback/index.ts';
import type { AgentNews, AgentOrder } from './messages.ts';
import { WrongClock } from './wrong-clock.ts';

const CACHE_BYTES = 64 * 1024 * 1024;

/** One agent as in production, but for a clock that is wrong and an output that an observer listens to. */
const [order] = (await once(process, 'message')) as [AgentOrder];
const machine = thisMachine(randomUUID);
const truth = new SystemClock();
const clock = new WrongClock({ base: machine.clock, wallOffsetMs: order.wallOffsetMs, ppm: order.ppm });
const logFile = createWriteStream(order.logFile);
const agent = new Agent({
  dataFolder: order.dataFolder,
  provisioning: order.provisioning,
  clock,
  bootId: machine.bootId,
  output: new FileOutput({ clock, path: `unix:${order.socket}` }),
  decoder: new FfmpegDecoder({ clock, program: 'ffmpeg' }),
  // The machine's NTP would tell the true time; a village's loudspeaker has none.
  reference: { read: async () => undefined },
  systemClock: { set: async () => ({ outcome: 'off' }) },
  log: jsonLog(
    'info',
    (line) => void logFile.write(line),
    () => truth.now(),
  ),
  cacheBytes: CACHE_BYTES,
});
let used = 0;
agent.keeper.on('sample', ({ kind }) => {
  if (kind === 'used') used += 1;
  const { instant, boundMs } = agent.keeper.time.target();
  const news: AgentNews = { used, clockErrorMs: instant - truth.now(), boundMs };
  if (process.connected) process.send?.(news);
});
await agent.start();
await once(process, 'disconnect');
await agent.stop();
machine.close();
