import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { repeat, SystemClock } from '#kit';
import type { Provisioning } from '#protocols';
import { errorText } from '../log.ts';
import { addCounts, countsLine, type FleetCounts, NO_COUNTS } from './counts.ts';
import { FLEET_USAGE, type FleetOptions, parseFleetOptions, shares } from './options.ts';
import { provisionFleet } from './provision.ts';
import { runWorker, type WorkerOrder } from './worker.ts';

const WORKER_FLAG = '--worker';
/** A worker that has not ended by then is ended. */
const STOP_LIMIT_MS = 20_000;
const LINE_EVERY_MS = 1_000;
const clock = new SystemClock();

/** Open files that the system allows a process. */
async function openFileLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'latin1').catch(() => '');
  const found = /^Max open files\s+(\d+)/m.exec(limits);
  return found === null ? 1024 : Number(found[1]);
}

/** The fleet's parent process. Returns the exit code. */
async function main(options: FleetOptions): Promise<number> {
  process.stdout.write(
    'Simulated loudspeakers: the real agent with a timed null output. Nothing is decoded and nothing sounds; ' +
      'content is fetched and verified once per process. What they "play" never counts as played.\n',
  );
  const provisionings = await provisionFleet(options);
  const sizes = shares(provisionings.length, options.perProcess, await openFileLimit());
  const counts = new Map<number, FleetCounts>();
  const workers: ChildProcess[] = [];
  let stopping = false;
  let failures = 0;
  let begin = 0;
  for (const [i, size] of sizes.entries()) {
    const share = provisionings.slice(begin, begin + size);
    begin += size;
    workers.push(startWorker({ provisionings: share, data: options.data, name: `process-${i + 1}` }));
  }
  for (const [i, worker] of workers.entries()) {
    worker.on('message', (message) => counts.set(i, message as FleetCounts));
    worker.on('exit', (code) => {
      counts.set(i, NO_COUNTS);
      if (stopping) return;
      failures += 1;
      process.stderr.write(`\nprocess ${i + 1} of the fleet ended with ${code}\n`);
      if (failures === workers.length) stop();
    });
  }
  let stopAll: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    stopAll = resolve;
  });
  const stop = () => stopAll();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const show = () => showLine(countsLine(addCounts(counts.values())), provisionings);
  const line = repeat(clock, 'fleet line', LINE_EVERY_MS, show, stop);
  await stopped;
  stopping = true;
  line.cancel();
  await Promise.all(workers.map(stopWorker));
  process.stdout.write('\nstopped\n');
  return failures === 0 ? 0 : 1;
}

function startWorker(order: WorkerOrder): ChildProcess {
  const worker = fork(fileURLToPath(import.meta.url), [WORKER_FLAG]);
  worker.send(order);
  return worker;
}

async function stopWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = once(worker, 'exit');
  if (worker.connected) worker.send('stop');
  const late = clock.setTimer('fleet stop', STOP_LIMIT_MS, () => worker.kill('SIGKILL'));
  await gone;
  late.cancel();
}

let shown = '';
function showLine(line: string, provisionings: readonly Provisioning[]): void {
  const text = `${line} (of ${provisionings.length})`;
  if (process.stdout.isTTY) process.stdout.write(`\r${text}\u001b[K`);
  else if (text !== shown) process.stdout.write(`${text}\n`);
  shown = text;
}

if (process.argv[2] === WORKER_FLAG) {
  const [order] = (await once(process, 'message')) as [WorkerOrder];
  await runWorker(order, (counts) => process.connected && process.send?.(counts));
  process.exitCode = 0;
  if (process.connected) process.disconnect();
} else {
  try {
    process.exitCode = await main(parseFleetOptions(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`fleet: ${errorText(error)}\n\n${FLEET_USAGE}`);
    process.exitCode = 2;
  }
}
