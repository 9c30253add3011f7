import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type FileContent, sha256 } from '#protocols';
import { ContentCache } from '../../../device-agent/cache/content-cache.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { spreadMs } from '../../../device-agent/runner/prefetch.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const BYTES = 1_000;
const origin = { url: 'http://127.0.0.1:9', headers: {} };

function contentOf(bytes: Buffer): FileContent {
  const hash = sha256(bytes);
  return {
    kind: 'file',
    sha256: hash,
    bytes: bytes.length,
    durationMs: 1_000,
    chunkListSha256: null,
    path: `/content/${hash}`,
    mediaType: 'audio/ogg',
  };
}

async function open(folder: string, budgetBytes: number): Promise<{ cache: ContentCache; clock: FakeClock }> {
  const clock = new FakeClock();
  const cache = new ContentCache({ folder, clock, log: silentLog, budgetBytes });
  await cache.start();
  onTestFinished(() => cache.stop());
  return { cache, clock };
}

/** A file that was used at this second, as if it had been fetched. */
function put(folder: string, usedAt: number): FileContent {
  const bytes = randomBytes(BYTES);
  const content = contentOf(bytes);
  writeFileSync(join(folder, content.sha256), bytes);
  utimesSync(join(folder, content.sha256), usedAt, usedAt);
  return content;
}

/** Asks for content that nobody serves; resolves with the trouble of the first attempt. */
async function troubleOf(cache: ContentCache, content: FileContent): Promise<string> {
  const abort = new AbortController();
  const trouble = await new Promise<string>((resolve) => {
    cache.ensure({ content, origin, signal: abort.signal, onTrouble: resolve }).catch(() => undefined);
  });
  abort.abort(new Error('seen enough'));
  return trouble;
}

it('evicts what was used longest ago, and nothing that is needed', async () => {
  const folder = tempDir();
  const { cache } = await open(folder, 4 * BYTES);
  const [oldest, old, recent] = [put(folder, 1_000), put(folder, 2_000), put(folder, 3_000)];
  cache.hold(oldest.sha256);
  // Two more than fit: the one that is held stays, the next oldest goes.
  const wanted = contentOf(randomBytes(2 * BYTES));
  expect(await troubleOf(cache, wanted)).toBe('cache.unreachable');
  expect([oldest, old, recent].map(({ sha256: name }) => existsSync(join(folder, name)))).toEqual([
    ...[true, false, true],
  ]);
});

it('says so when there is no room even after evicting', async () => {
  const folder = tempDir();
  const { cache } = await open(folder, 2 * BYTES);
  const held = put(folder, 1_000);
  cache.hold(held.sha256);
  expect(await troubleOf(cache, contentOf(randomBytes(2 * BYTES)))).toBe('cache.disk_full');
  expect(existsSync(join(folder, held.sha256))).toBe(true);
});

it('proves every byte again, and removes what is damaged', async () => {
  const folder = tempDir();
  const { cache } = await open(folder, 10 * BYTES);
  const content = put(folder, 1_000);
  expect(await cache.verify(content)).toBe(true);
  writeFileSync(join(folder, content.sha256), randomBytes(BYTES));
  expect(await cache.verify(content)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
  expect(await cache.verify(content)).toBe(false);
});

it('downloads with time to spare are spread, urgent ones are not', () => {
  expect(spreadMs(20_000, () => 0.99)).toBe(0);
  expect(spreadMs(150_000, () => 0.5)).toBe(15_000);
  expect(spreadMs(86_400_000, () => 1)).toBe(120_000);
});

it('what waits for its turn is fetched at once when somebody wants it now', async () => {
  const { cache } = await open(tempDir(), 4 * BYTES);
  const content = contentOf(randomBytes(BYTES));
  const { signal } = new AbortController();
  cache.ensure({ content, origin, signal, spreadMs: 30_000 }).catch(() => undefined);
  expect(await troubleOf(cache, content)).toBe('cache.unreachable');
});

it('keeps a file that cannot be read just now, and plays it when it can be read again', async () => {
  const folder = tempDir();
  const { cache, clock } = await open(folder, 4 * BYTES);
  const content = put(folder, 1_000);
  const path = join(folder, content.sha256);
  const aside = `${path}.aside`;
  renameSync(path, aside);
  // A link to itself: whoever opens it is told that there are too many, whatever his rights.
  symlinkSync(path, path);
  expect(await cache.verify(content)).toBe(false);
  expect(readdirSync(folder)).toContain(content.sha256);
  rmSync(path);
  renameSync(aside, path);
  const { signal } = new AbortController();
  expect(await cache.ensure({ content, origin, signal })).toBe(path);
  expect(await cache.verify(content)).toBe(true);
  expect(clock.pendingTimers()).toEqual([]);
  writeFileSync(path, randomBytes(BYTES));
  expect(await cache.verify(content)).toBe(false);
  expect(existsSync(path)).toBe(false);
});
