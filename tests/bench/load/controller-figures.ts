import { readFile } from 'node:fs/promises';
import type { ControllerProcess } from '../../helpers/processes.ts';

/** Resident memory of a process, MB. Linux only. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** Longest that the controller's event loop was held since the last time this was asked, ms. */
export async function maxLoopDelayMs(controller: ControllerProcess): Promise<number> {
  const headers = { authorization: `Bearer ${controller.token('technician')}` };
  const page = await (await fetch(`${controller.url}/metrics`, { headers })).text();
  const found = /^loa_nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(page)?.[1];
  if (found === undefined) throw new Error('/metrics has no event loop figure');
  return Number(found) * 1000;
}
