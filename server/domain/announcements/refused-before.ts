import { type Capacity, sha256 } from '#protocols';
import { type Actor, areasOf, isAllowed } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Announcement, Refusal } from './announcement.ts';

/** Somebody's "no", with what it was said to: so the same words or the same sound are known again in another announcement. */
export interface KnownRefusal extends Refusal {
  readonly id: string;
  readonly announcementId: string;
  /** As it was then. */
  readonly title: string;
  /** Where it was said. */
  readonly areaId: string;
  readonly as: Capacity | null;
  readonly mediaSha256: string | null;
  /** See `wordsHash`. */
  readonly wordsSha256: string | null;
}

export interface RefusalStore {
  insert(refusal: KnownRefusal): Promise<void>;
  /** Those that were said to one of these sounds or one of these words, newest first. */
  of(said: { readonly media: readonly string[]; readonly words: readonly string[] }): Promise<KnownRefusal[]>;
}

/** As many as somebody reads before an approval. */
const MOST_SHOWN = 10;

/** Says of announcements whether somebody once said no to another one with the same words or the same sound: a warning to who reads it, never a bar. */
export class RefusedBefore {
  readonly #read: { readonly refusals: RefusalStore };
  readonly #areas: AreaDirectory;

  constructor(options: {
    readonly read: { readonly refusals: RefusalStore };
    readonly areas: AreaDirectory;
  }) {
    this.#read = options.read;
    this.#areas = options.areas;
  }

  /** By announcement, newest first: what was said in an area that lies in one of the actor's, or above one. Another commune's is not told. */
  async of(
    actor: Actor,
    announcements: readonly Announcement[],
  ): Promise<ReadonlyMap<string, readonly KnownRefusal[]>> {
    const { tree } = this.#areas;
    const own = areasOf(actor).filter(
      (id) => tree.has(id) && isAllowed(actor, 'announcement:read', id, tree),
    );
    const isTold = (areaId: string) =>
      tree.has(areaId) &&
      own.some((id) => tree.ancestry(areaId).includes(id) || tree.ancestry(id).includes(areaId));
    const asked = announcements.map((one) => ({
      id: one.id,
      mediaSha256: one.mediaSha256,
      wordsSha256: wordsHash(one.text),
    }));
    const known = await this.#read.refusals.of({
      media: asked.flatMap(({ mediaSha256 }) => mediaSha256 ?? []),
      words: asked.flatMap(({ wordsSha256 }) => wordsSha256 ?? []),
    });
    return new Map(
      asked.map(({ id, mediaSha256, wordsSha256 }) => [
        id,
        known
          .filter(
            (one) =>
              one.announcementId !== id &&
              isTold(one.areaId) &&
              ((mediaSha256 !== null && one.mediaSha256 === mediaSha256) ||
                (wordsSha256 !== null && one.wordsSha256 === wordsSha256)),
          )
          .slice(0, MOST_SHOWN),
      ]),
    );
  }
}

/** The same for texts of the same words, whatever stands between them and however they are capitalised. Hexadecimal SHA-256; null: there are none. */
export function wordsHash(text: string | null): string | null {
  const words = (text ?? '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
  return words === '' ? null : sha256(words);
}
