import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DisposerStack, delay, repeat } from '#kit';
import type { Provisioning } from '#protocols';
import { Agent } from '../agent.ts';
import { thisMachine } from '../assemble.ts';
import { ContentCache } from '../cache/content-cache.ts';
import { readSystemFacts, type SystemFacts } from '../health/system-facts.ts';
import { errorText, silentLog } from '../log.ts';
import { NullOutput } from '../outputs/index.ts';
import { SilentDecoder } from '../playback/index.ts';
import type { FleetCounts } from './counts.ts';
import { agentFolder } from './options.ts';

/** What the parent sends a worker, once. */
export interface WorkerOrder {
  readonly provisionings: readonly Provisioning[];
  readonly data: string;
  /** Name of this worker's folder. */
  readonly name: string;
}

const COUNT_EVERY_MS = 500;
/** Between two starts of agents: the controller sees a fleet come, not a wall. */
const START_GAP_MS = 4;
const CACHE_BYTES = 512 * 1024 * 1024;
/** The machine is the same for all agents: looked at once in so many ms. */
const FACTS_EVERY_MS = 60_000;

/**
 * Runs many agents in this process until the parent says stop or is gone. What they share, unlike real loudspeakers: the audio
 * cache (each content is fetched and verified once per process), the machine's figures in health, and the clock.
 */
export async function runWorker(order: WorkerOrder, report: (counts: FleetCounts) => void): Promise<void> {
  const stack = new DisposerStack();
  const machine = thisMachine(randomUUID);
  const { clock, bootId } = machine;
  stack.defer('the clock', machine.close);
  const cacheFolder = join(order.data, order.name, 'cache');
  await mkdir(cacheFolder, { recursive: true });
  const cache = new ContentCache({ folder: cacheFolder, clock, log: silentLog, budgetBytes: CACHE_BYTES });
  await cache.start();
  stack.defer('the cache', () => cache.stop());
  const systemFacts = sharedFacts(cacheFolder, () => clock.monotonic());
  const stop = new AbortController();
  process.once('message', () => stop.abort());
  process.once('disconnect', () => stop.abort());
  process.on('SIGTERM', () => stop.abort());
  // Ctrl-C reaches the whole group: the parent's word is waited for, so that nobody stops twice.
  process.on('SIGINT', () => undefined);

  const agents: Agent[] = [];
  const ticker = repeat(
    clock,
    'fleet counts',
    COUNT_EVERY_MS,
    () => report(countAll(agents)),
    () => stop.abort(),
  );
  stack.defer('counting', () => ticker.cancel());
  stack.defer('the agents', async () => {
    await Promise.allSettled(agents.map((agent) => agent.stop()));
  });
  for (const provisioning of order.provisionings) {
    if (stop.signal.aborted) break;
    const agent = new Agent({
      dataFolder: agentFolder(order.data, provisioning.speakerId),
      provisioning,
      clock,
      bootId,
      output: new NullOutput({ clock }),
      decoder: new SilentDecoder(),
      reference: { read: async () => undefined },
      systemClock: { set: async () => ({ outcome: 'off' }) },
      log: silentLog,
      cacheBytes: CACHE_BYTES,
      cache,
      // Thousands of agents on one disk: little files, and no fsync every second for each.
      segmentBytes: 32 * 1024,
      position: { everyMs: 5_000, durable: false },
      systemFacts,
    });
    await agent.start();
    agents.push(agent);
    await delay(clock, 'fleet start', START_GAP_MS);
  }
  await new Promise<void>((resolve) => {
    if (stop.signal.aborted) resolve();
    stop.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await stack.dispose().catch((error) => process.stderr.write(`${errorText(error)}\n`));
}

function countAll(agents: readonly Agent[]): FleetCounts {
  let [connected, accepted, playing, finished, failed] = [0, 0, 0, 0, 0];
  for (const { link, inbox, control } of agents) {
    if (link.online) connected += 1;
    accepted += inbox.counters.accepted;
    if (control.playing !== null) playing += 1;
    finished += control.counters.finished;
    failed += control.counters.failed;
    for (const count of inbox.counters.refused.values()) failed += count;
  }
  return { agents: agents.length, connected, accepted, playing, finished, failed };
}

function sharedFacts(folder: string, monotonic: () => number): () => Promise<SystemFacts> {
  let readAt = Number.NEGATIVE_INFINITY;
  let facts: Promise<SystemFacts>;
  return () => {
    if (monotonic() - readAt > FACTS_EVERY_MS) {
      readAt = monotonic();
      facts = readSystemFacts({ folder });
    }
    return facts;
  };
}
