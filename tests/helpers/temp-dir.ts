import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished, TestRunner } from 'vitest';

const ofThisFile = new Set<string>();
afterAll(() => {
  for (const path of ofThisFile) remove(path);
  ofThisFile.clear();
});

/**
 * A new empty folder. Made inside a test or `beforeEach` it is removed when that test is over, after all `afterEach`
 * hooks; made in `beforeAll` it is removed when the file is over.
 */
export function tempDir(label = 'test'): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `loa-${label}-`)));
  if (TestRunner.getCurrentTest() === undefined) ofThisFile.add(path);
  else onTestFinished(() => remove(path));
  return path;
}

/** A browser's helpers may still write for a moment after it has ended. */
function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
