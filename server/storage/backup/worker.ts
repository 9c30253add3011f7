import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { isDomainError } from '#protocols';
import { type Progress, TASKS, type TaskName, type WorkerMessage } from './worker-tasks.ts';

const BACKGROUND_PRIORITY = 15;
/** Progress is told about so seldom that telling costs nothing. */
const REPORT_BYTES = 1024 * 1024;

/** The thread of one task: encryption in JavaScript and SQLite's copy would hold the event loop of the controller. */
async function main(): Promise<void> {
  // There this is the priority of the thread alone: what waits for a processor is the backup, not the controller.
  if (process.platform === 'linux') setPriority(BACKGROUND_PRIORITY);
  const { task, input } = workerData as { task: TaskName; input: never };
  let last = { bytes: -REPORT_BYTES, phase: '' };
  const onProgress = (progress: Progress) => {
    const phase = 'phase' in progress ? progress.phase : '';
    if (phase === last.phase && progress.bytes - last.bytes < REPORT_BYTES) return;
    last = { bytes: progress.bytes, phase };
    say({ kind: 'progress', progress });
  };
  const say = (message: WorkerMessage) => parentPort?.postMessage(message);
  try {
    const output = await TASKS[task](input, onProgress);
    say({ kind: 'done', output });
  } catch (error) {
    if (isDomainError(error)) say({ kind: 'refused', code: error.code, params: error.params });
    else say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

await main();
