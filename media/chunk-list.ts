import { createHash } from 'node:crypto';
import { CHUNK_BYTES, type ChunkList } from '#protocols';

/** A finished chunk list in the exact bytes that are served and hashed. */
export interface HashedContent {
  /** SHA-256 of the content. */
  readonly sha256: string;
  /** Length of the content. */
  readonly bytes: number;
  readonly chunkList: {
    readonly list: ChunkList;
    /** The list's exact text (JSON); what is served must be these bytes. */
    readonly text: string;
    /** SHA-256 of that text in UTF-8. */
    readonly sha256: string;
  };
}

/** Hashes content as it streams by: whole, and in chunks of 16 KiB. */
export class ContentHasher {
  readonly #whole = createHash('sha256');
  readonly #chunks: string[] = [];
  #chunk = createHash('sha256');
  #inChunk = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    this.#whole.update(piece);
    this.#bytes += piece.byteLength;
    for (let from = 0; from < piece.byteLength; ) {
      const part = piece.subarray(from, from + CHUNK_BYTES - this.#inChunk);
      this.#chunk.update(part);
      this.#inChunk += part.byteLength;
      from += part.byteLength;
      if (this.#inChunk === CHUNK_BYTES) this.#endChunk();
    }
  }

  finish(): HashedContent {
    if (this.#inChunk > 0) this.#endChunk();
    const sha256 = this.#whole.digest('hex');
    const list: ChunkList = {
      v: 1,
      sha256,
      bytes: this.#bytes,
      chunkBytes: CHUNK_BYTES,
      chunks: this.#chunks,
    };
    const text = JSON.stringify(list);
    const listSha256 = createHash('sha256').update(text, 'utf8').digest('hex');
    return { sha256, bytes: this.#bytes, chunkList: { list, text, sha256: listSha256 } };
  }

  #endChunk(): void {
    this.#chunks.push(this.#chunk.digest('hex'));
    this.#chunk = createHash('sha256');
    this.#inChunk = 0;
  }
}
