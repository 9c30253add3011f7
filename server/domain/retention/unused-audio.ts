import type { Instant, Milliseconds } from '#kit';
import type { Storage } from '../unit-of-work.ts';

/** A prepared file whose record is missing for so long was never recorded, or its deletion was cut off. */
const ORPHAN_MS: Milliseconds = 24 * 3_600_000;

/** Where prepared files lie. */
export interface AudioFiles {
  delete(sha256: string): Promise<boolean>;
  /** Every stored hash with the instant at which it was written. */
  written(): Promise<readonly { readonly sha256: string; readonly at: Instant }[]>;
}

/**
 * Deletes prepared audio that no announcement has named for `keepMs`, and files without a record. What was aired keeps its receipts: they
 * name the audio by its hash. `keepMs` null: nothing is deleted, but since when each is unused is noted all the same.
 */
export async function sweepUnusedAudio(
  storage: Storage,
  files: AudioFiles,
  {
    now,
    keepMs,
    areaId,
  }: { readonly now: Instant; readonly keepMs: Milliseconds | null; readonly areaId: string },
): Promise<void> {
  await storage.transaction((tx) => tx.media.markUnused(Math.floor(now)));
  if (keepMs !== null) {
    await storage.transaction(async (tx) => {
      const gone = await tx.media.removeUnused(now - keepMs);
      // What was lost is in the log for ever, by name.
      if (gone.length > 0)
        await tx.audit.append({
          ...{ at: now, actor: 'controller', role: 'controller', action: 'media.expire', subject: 'media' },
          ...{ detail: JSON.stringify({ sha256: gone }), areaId },
        });
    });
  }
  // Only what was written long ago: the same audio may just be coming in once more, and its record comes last.
  const known = new Set(await storage.read.media.hashes());
  for (const { sha256, at } of await files.written())
    if (!known.has(sha256) && at < now - ORPHAN_MS) await files.delete(sha256);
}
