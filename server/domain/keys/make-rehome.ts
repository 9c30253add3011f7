import type { Clock } from '#kit';
import {
  DomainError,
  type Home,
  MAX_DOCUMENT_BYTES,
  MAX_REHOMED_SPEAKERS,
  type Rehome,
  rehomeCodec,
} from '#protocols';
import type { KeyService } from './key-service.ts';
import type { KeyVault } from './key-vault.ts';
import { rehomeOf } from './rehome-book.ts';

export interface RehomeWish {
  readonly home: Home;
  readonly areas: readonly string[];
  readonly speakers: readonly string[];
  readonly validMs: number;
  /** The root key (PEM), where it is not in the vault. */
  readonly root?: string | undefined;
}

/**
 * Signs that these loudspeakers belong to another controller, and keeps the document for them. Throws `key.root_missing`, `key.not_a_root`,
 * `document.too_large`, and `document.malformed` for too many names.
 */
export async function makeRehome(
  { keys, vault, clock }: { readonly keys: KeyService; readonly vault: KeyVault; readonly clock: Clock },
  { home, areas, speakers, validMs, root }: RehomeWish,
): Promise<Rehome> {
  const before = await vault.readRehomes();
  const now = Math.floor(clock.now());
  const last = Math.max(0, ...before.map((document) => rehomeOf(document).n));
  if (speakers.length > MAX_REHOMED_SPEAKERS)
    throw new DomainError('document.malformed', {
      document: 'rehome',
      reason: `it names ${speakers.length} loudspeakers, at most ${MAX_REHOMED_SPEAKERS} are taken: name their areas`,
    });
  const rehome = rehomeCodec.check({
    ...{ v: 1, n: Math.max(now, last + 1), areas: [...areas], speakers: [...speakers], home },
    ...{ issuedAt: now, expiresAt: now + validMs },
  });
  const { document } = await keys.signAsRoot('rehome', rehome, root);
  if (document.length > MAX_DOCUMENT_BYTES)
    throw new DomainError('document.too_large', {
      ...{ document: 'rehome', bytes: document.length, limit: MAX_DOCUMENT_BYTES },
    });
  await vault.writeRehomes([...before.filter((one) => now < rehomeOf(one).expiresAt), document]);
  return rehome;
}
