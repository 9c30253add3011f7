import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ContentStore } from '#media';
import { tempDir } from '../../helpers/temp-dir.ts';

describe('the content store', () => {
  let folder: string;
  let store: ContentStore;
  const data = Buffer.from('Kính chào bà con');
  const sha256 = createHash('sha256').update(data).digest('hex');

  beforeEach(async () => {
    folder = join(tempDir('store'), 'audio');
    store = new ContentStore({ folder });
    await store.start();
  });

  async function temporary(content: Uint8Array = data): Promise<string> {
    const path = store.temporaryPath();
    await writeFile(path, content);
    return path;
  }

  it('keeps a file under its hash, in a folder of few', async () => {
    const stored = await store.put(await temporary(), sha256);
    expect(stored).toEqual({
      sha256,
      bytes: data.byteLength,
      path: join(folder, sha256.slice(0, 2), sha256),
    });
    expect(await readFile(stored.path)).toEqual(data);
    expect(await store.open(sha256)).toEqual(stored);
    expect(await readdir(store.workFolder)).toEqual([]);
    expect(await store.list()).toEqual([sha256]);
  });

  it('stores the same thing once, by several at once too', async () => {
    const files = await Promise.all(Array.from({ length: 8 }, () => temporary()));
    await Promise.all([...files.map((path) => store.put(path, sha256)), store.putBytes(data)]);
    expect(await store.list()).toEqual([sha256]);
    expect(await readdir(store.workFolder)).toEqual([]);
    await store.verify(sha256);
  });

  it('believes the bytes, not the name', async () => {
    const path = await temporary(Buffer.from('something else'));
    await expect(store.put(path, sha256)).rejects.toMatchObject({ code: 'media.hash_mismatch' });
    expect(await store.list()).toEqual([]);
    expect(await readdir(store.workFolder)).toEqual([]);
  });

  it('notices what the disk did to a file', async () => {
    const { path } = await store.putBytes(data);
    await store.verify(sha256);
    await writeFile(path, 'Kính chào bà côn');
    await expect(store.verify(sha256)).rejects.toMatchObject({ code: 'media.hash_mismatch' });
  });

  it('removes what an earlier process left half-written, and nothing else', async () => {
    await store.putBytes(data);
    await temporary(Buffer.from('half a fi'));
    await store.stop();
    const next = new ContentStore({ folder });
    await next.start();
    expect(await readdir(next.workFolder)).toEqual([]);
    expect(await next.list()).toEqual([sha256]);
  });

  it('knows what it does not have, and takes no path for a hash', async () => {
    const unknown = 'a'.repeat(64);
    await mkdir(join(folder, 'aa'));
    expect(await store.has(unknown)).toBe(false);
    for (const name of [unknown, '../../etc/passwd', '', sha256.toUpperCase()])
      await expect(store.open(name)).rejects.toMatchObject({ code: 'media.not_stored' });
    expect(await store.delete(unknown)).toBe(false);
  });

  it('deletes', async () => {
    await store.putBytes(data);
    expect(await store.delete(sha256)).toBe(true);
    expect(await store.has(sha256)).toBe(false);
  });
});
