import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Commune } from '../system/support/commune.ts';
import { numberOption, round } from './statistics.ts';
import { CountingRelay, type SeenFrame } from './wire/counting-relay.ts';
import { exchangeBytes, monthOfSending } from './wire/month.ts';

/** What a start brings is over by then: the burst of time requests, the journal, reports of changes. */
const SETTLED_MS = 120_000;
/**
 * Two bytes of MQTT each, and WebSocket's header, to the broker with a mask. Not waited for: while the clock's drift is being learnt, time
 * requests stand in for them.
 */
const PING = { ping: 8, pong: 4 };
/** Linux counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/**
 * What an idle loudspeaker costs on the wire in a month: the bundled agent against the built controller, MQTT over WebSocket through
 * a relay that notes every frame, until it has sent `--reports` (1) periodic health reports, five minutes each. Sizes are as seen;
 * counts are the agent's periods over 30 days; TLS 1.3, TCP and IPv4 are added for each frame (see `month.ts`).
 */
export async function wire(args: readonly string[]): Promise<object> {
  const wanted = numberOption(args, 'reports', 1);
  const folder = await mkdtemp(join(tmpdir(), 'loa-wire-'));
  const commune = await new Commune({ folder, env: { LOA_LOG_LEVEL: 'warn' } }).start();
  const relay = new CountingRelay(commune.controller.httpPort);
  try {
    const startedAt = performance.now();
    const agent = await commune.addAgent('loa-1', { url: await relay.start() });
    await delay(SETTLED_MS);
    const [cpuBefore, idleSince] = [await cpuSeconds(agent.pid), performance.now()];
    const settled = () => relay.frames.filter(({ at }) => at - startedAt >= SETTLED_MS);
    while (of(settled(), 'health').length < wanted) await delay(1_000);
    // Its acknowledgement is on the way.
    await delay(1_000);
    const cpu = (await cpuSeconds(agent.pid)) - cpuBefore;
    const seconds = (performance.now() - idleSince) / 1000;
    const sizes = sizesOf(relay.frames, settled());
    const month = monthOfSending();
    const parts = {
      ping: part(month.ping, exchangeBytes(sizes.ping, sizes.pong)),
      healthShort: part(month.short, exchangeBytes(sizes.short, sizes.puback)),
      healthWhole: part(month.whole, exchangeBytes(sizes.whole, sizes.puback)),
      time: part(month.time, exchangeBytes(sizes.timeRequest, sizes.time)),
    };
    const bytesPerMonth = Object.values(parts).reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      bench: 'wire',
      bytesPerMonth,
      megabytesPerMonth: round(bytesPerMonth / 1e6, 2),
      parts,
      frames: sizes,
      pssMb: await pssMb(agent.pid),
      cpuPercent: round((100 * cpu) / seconds, 2),
    };
  } finally {
    await commune.stop();
    await relay.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Mean size of the frames of each kind, bytes. */
function sizesOf(all: readonly SeenFrame[], settled: readonly SeenFrame[]) {
  const mean = (kind: string, frames: readonly SeenFrame[]): number => {
    const found = of(frames, kind);
    if (found.length === 0) throw new Error(`no ${kind} was seen`);
    return Math.round(found.reduce((sum, { bytes }) => sum + bytes, 0) / found.length);
  };
  return {
    ...PING,
    // The largest: with everything in it.
    whole: Math.max(...of(all, 'health').map(({ bytes }) => bytes)),
    short: mean('health', settled),
    puback: mean('puback', all),
    timeRequest: mean('timeRequest', all),
    time: mean('time', all),
  };
}

function of(frames: readonly SeenFrame[], kind: string): readonly SeenFrame[] {
  return frames.filter((frame) => frame.kind === kind);
}

function part(count: number, bytesEach: number): { count: number; bytesEach: number; bytes: number } {
  return { count, bytesEach, bytes: count * bytesEach };
}

/** Processor time of a process since its start. Linux only. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold spaces; user and system time are fields 14 and 15 of the whole line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Proportional share of memory, MB. Linux only. */
async function pssMb(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return round(Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]) / 1024);
}
