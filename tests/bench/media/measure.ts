import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Wall and processor time of something, seconds; processor time of this process and of the children that it waited for. */
export interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

export async function cost(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = cpuSeconds();
  const startedAt = performance.now();
  await work();
  return { wallSeconds: (performance.now() - startedAt) / 1000, cpuSeconds: cpuSeconds() - cpu };
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Linux only: Node tells of its own time and not of its children's. */
function cpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // Behind the name, which may hold anything: utime, stime, cutime and cstime are fields 14 to 17 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}
