import { setImmediate as nextTurn } from 'node:timers/promises';

/** Requests to the file system, as the runtime names them. */
const FILE_WORK = /^(FS|CloseReq|File)/;

/**
 * Resolves when no request to the file system is under way and what followed from the last one has happened: lets a test that moves a
 * fake clock wait for real files, so that time never runs ahead of the disk.
 */
export async function diskIdle(): Promise<void> {
  for (let quiet = 0; quiet < 4; ) {
    await nextTurn();
    quiet = process.getActiveResourcesInfo().some((name) => FILE_WORK.test(name)) ? 0 : quiet + 1;
  }
}
