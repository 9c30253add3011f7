import { randomFill } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Requests to the file system, as the runtime names them. */
const FILE_WORK = /^(FS|CloseReq|File)/;

/** Threads of the runtime's pool; its jobs that prove signatures are not among the resources that it names. */
const POOL_THREADS = 4;

const job = promisify(randomFill);

/**
 * Resolves when no request to the file system and no signature's proof is under way and what followed from the last one has happened:
 * lets a test that moves a fake clock wait for real files and keys, so that time never runs ahead of them.
 */
export async function diskIdle(): Promise<void> {
  for (let quiet = 0; quiet < 4; ) {
    await nextTurn();
    // Behind what is queued: one job for each thread.
    await Promise.all(Array.from({ length: POOL_THREADS }, () => job(new Uint8Array(1))));
    quiet = process.getActiveResourcesInfo().some((name) => FILE_WORK.test(name)) ? 0 : quiet + 1;
  }
}
