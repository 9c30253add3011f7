import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';

/** Mounts a file system of its own over a folder, of a size as `mount` writes it ("1m"); false where this user may not. */
export function mountSmall(folder: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder]);
}

/** Writes a file until there is no room left for a single byte. */
export function fillDisk(path: string): void {
  const file = openSync(path, 'w');
  for (let bytes = 1_048_576; bytes > 0; ) {
    try {
      if (writeSync(file, Buffer.alloc(bytes, 1)) < bytes) bytes = Math.floor(bytes / 2);
    } catch {
      bytes = Math.floor(bytes / 2);
    }
  }
  closeSync(file);
}
