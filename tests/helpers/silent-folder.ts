import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { unmount } from './small-disk.ts';

/** For so long at most: a test that such a folder holds up fails then instead of waiting for ever. */
const LONGEST_S = 40;

const MOUNT = `exec 3<>/dev/fuse
mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 silent "$1" || exit 1
echo mounted
exec sleep ${LONGEST_S}`;

/**
 * Makes of a folder what a share is whose server is gone: whatever asks for it waits, until the function given back is called. Undefined
 * where this user may not.
 */
export async function keepSilent(folder: string): Promise<(() => Promise<void>) | undefined> {
  // Who speaks for this file system is a process that says nothing.
  const server = spawn('sh', ['-c', MOUNT, 'sh', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  const gone = once(server, 'exit');
  const mounted = await Promise.race([once(server.stdout, 'data').then(() => true), gone.then(() => false)]);
  if (!mounted) return undefined;
  return async () => {
    server.kill('SIGKILL');
    await gone;
    unmount(folder);
  };
}
