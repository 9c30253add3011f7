import { createServer, type Server } from 'node:net';
import { constants, setPriority } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { SystemClock } from '#kit';
import { hear } from '#media';
import { align, fromS16, RATE } from '../../helpers/pcm.ts';
import { Arrivals } from './arrivals.ts';
import type { HeardStart, ObserverCommand, ObserverReply } from './messages.ts';

/** What is compared at the start and at the end of the content. */
const PART_FRAMES = 4 * RATE;
/** The agent's own fade-in and its corrections leave more than this in common. */
const SAME = 0.9;
const clock = new SystemClock();
const streams: Arrivals[][] = [];
const servers: Server[] = [];
const waits = monitorEventLoopDelay({ resolution: 1 });

// Where it may, it is not kept waiting by those whom it observes.
try {
  setPriority(constants.priority.PRIORITY_HIGH);
} catch {
  // Not allowed: the figures are then a little too late, never too good.
}

async function listen(socket: string, connections: Arrivals[]): Promise<void> {
  const server = createServer((connection) => {
    const arrivals = new Arrivals();
    connections.push(arrivals);
    connection.on('data', (bytes) => arrivals.add(clock.now(), bytes));
    connection.on('error', () => undefined);
  });
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
}

/** Where the content is in what came through a socket, and when that was. */
function locate(reference: Float32Array, connections: readonly Arrivals[]): HeardStart {
  const nothing = { startedAt: null, pacedAt: null, driftMs: null };
  const arrivals = connections.find(({ frames }) => frames >= PART_FRAMES);
  if (arrivals === undefined) return nothing;
  const recording = fromS16(arrivals.pcm());
  const start = align(reference.subarray(0, PART_FRAMES), recording.subarray(0, 3 * PART_FRAMES));
  if (start.correlation < SAME || start.lag < 0) return nothing;
  const pacedAt = arrivals.pacedInstantOf(start.lag);
  const endPart = Math.max(0, reference.length - PART_FRAMES);
  const from = Math.max(0, start.lag + endPart - RATE);
  const end = align(reference.subarray(endPart), recording.subarray(from));
  const endedAt = end.correlation < SAME ? undefined : arrivals.pacedInstantOf(from + end.lag);
  return {
    startedAt: arrivals.instantOf(start.lag),
    pacedAt,
    driftMs: endedAt === undefined ? null : endedAt - pacedAt - endPart / (RATE / 1000),
  };
}

async function obey(command: ObserverCommand): Promise<ObserverReply> {
  switch (command.kind) {
    case 'listen':
      for (const socket of command.sockets) {
        const connections: Arrivals[] = [];
        streams.push(connections);
        await listen(socket, connections);
      }
      return { kind: 'done' };
    case 'clear':
      for (const connections of streams) connections.length = 0;
      waits.reset();
      waits.enable();
      return { kind: 'done' };
    case 'measure': {
      waits.disable();
      const lateMs = waits.max / 1e6;
      const reference = fromS16((await hear(command.prepared)).pcm);
      const heard = streams.map((connections) => locate(reference, connections));
      return { kind: 'measured', heard, lateMs };
    }
    default:
      return command satisfies never;
  }
}

process.on('message', (command: ObserverCommand) => {
  void obey(command)
    .catch((error: unknown): ObserverReply => ({ kind: 'failed', reason: String(error) }))
    .then((reply) => process.send?.(reply));
});
process.on('disconnect', () => {
  for (const server of servers) server.close();
  process.exit(0);
});
