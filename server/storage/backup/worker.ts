import { setPriority } from 'node:os';
import { isDomainError } from '#protocols';
import { type Progress, TASKS, type WorkerMessage, type WorkerTask } from './worker-tasks.ts';

const BACKGROUND_PRIORITY = 15;
/** Progress is told about so seldom that telling costs nothing. */
const REPORT_BYTES = 1024 * 1024;

/** The process of one task: encryption in JavaScript and SQLite's copy would hold the event loop of the controller. */
async function work({ task, input }: WorkerTask): Promise<void> {
  // What waits for a processor is the backup, not the controller.
  setPriority(BACKGROUND_PRIORITY);
  let last = { bytes: -REPORT_BYTES, phase: '' };
  const onProgress = (progress: Progress) => {
    const phase = 'phase' in progress ? progress.phase : '';
    if (phase === last.phase && progress.bytes - last.bytes < REPORT_BYTES) return;
    last = { bytes: progress.bytes, phase };
    say({ kind: 'progress', progress });
  };
  const say = (message: WorkerMessage) => process.send?.(message);
  try {
    // The controller put both together.
    const output = await TASKS[task](input as never, onProgress);
    say({ kind: 'done', output });
  } catch (error) {
    if (isDomainError(error)) say({ kind: 'refused', code: error.code, params: error.params });
    else say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

// Nobody waits for what it makes, or what it has started makes, once the controller is gone.
process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
process.once('message', (asked: WorkerTask) => void work(asked));
