import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, chunkListCodec } from '#protocols';
import { ContentHasher } from '../../../media/chunk-list.ts';

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');

describe('the chunk list', () => {
  it('hashes each 16 KiB and the whole, however the bytes come', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 1, max: 80_000 }),
      fc.constantFrom(CHUNK_BYTES, CHUNK_BYTES * 3),
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 40_000 }), (size, cut) => {
        const data = Buffer.alloc(size, 'xin chào');
        const hasher = new ContentHasher();
        for (let from = 0; from < size; from += cut) hasher.add(data.subarray(from, from + cut));
        const { chunkList, ...whole } = hasher.finish();
        const chunks: string[] = [];
        for (let from = 0; from < size; from += CHUNK_BYTES)
          chunks.push(sha256(data.subarray(from, from + CHUNK_BYTES)));
        expect(whole).toEqual({ sha256: sha256(data), bytes: size });
        expect(chunkList.list.chunks).toEqual(chunks);
        expect(chunkList.sha256).toBe(sha256(chunkList.text));
        expect(chunkListCodec.parse(chunkList.text)).toEqual(chunkList.list);
      }),
      { numRuns: 40 },
    );
  });
});
