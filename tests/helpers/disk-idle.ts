import { createHook } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Requests to the file system, as the runtime names them: each calls back. */
const FILE_WORK = /^(FSREQ|FILEHANDLECLOSEREQ)/;
/** Proofs of signatures and hashes. Only those that are not waited for on the spot call back. */
const JOB = /^(SIGNREQUEST|HASHREQUEST)/;

interface Work {
  /** What a job that calls back calls. */
  readonly ondone?: unknown;
}

/** What is under way, from its beginning to its callback: a busy machine may hold any one of them up for as long as it likes. */
const files = new Set<number>();
const jobs = new Map<number, Work>();
createHook({
  init: (id, type, _trigger, work: Work) => {
    if (FILE_WORK.test(type)) files.add(id);
    else if (JOB.test(type)) jobs.set(id, work);
  },
  after: (id) => {
    files.delete(id);
    jobs.delete(id);
  },
}).enable();

/**
 * Resolves when no request to the file system and no signature's proof is under way and what followed from the last one has happened:
 * lets a test that moves a fake clock wait for real files and keys, so that time never runs ahead of them.
 */
export async function diskIdle(): Promise<void> {
  for (let quiet = 0; quiet < 4; ) {
    await nextTurn();
    for (const [id, { ondone }] of jobs) if (typeof ondone !== 'function') jobs.delete(id);
    quiet = files.size + jobs.size > 0 ? 0 : quiet + 1;
  }
}
