import Type, { type Static } from 'typebox';
import { codec, InstantSchema } from '#protocols';
import type { Storage, Stores } from '../unit-of-work.ts';

/** Where loudspeakers look for this controller, as it lies in the settings table under `ADDRESS_SETTING`: so a backup knows it. */
const KnownAddressSchema = Type.Object({
  v: Type.Literal(1),
  url: Type.String({ maxLength: 2048 }),
  /**
   * Since when it is not ours: that of a machine which a backup was taken from (when that was restored, or made if that is later), or our
   * own until it was another at a start. Null: it is ours.
   */
  restoredAt: Type.Union([InstantSchema, Type.Null()]),
});
type KnownAddress = Static<typeof KnownAddressSchema>;
export const knownAddressCodec = codec('known address', KnownAddressSchema, 1);
export const ADDRESS_SETTING = 'controller.address';

async function readKnownAddress(stores: Pick<Stores, 'settings'>): Promise<KnownAddress | null> {
  const text = await stores.settings.get(ADDRESS_SETTING);
  return text === null ? null : knownAddressCodec.parse(text);
}

/** In the transaction that writes a restore down: what stands there is from now on the address of another machine. */
export async function keepOldAddress(
  stores: Pick<Stores, 'settings'>,
  { backupAt, restoredAt }: { readonly backupAt: number; readonly restoredAt: number },
): Promise<void> {
  const known = await readKnownAddress(stores);
  // A machine without the right time yet is not before the backup that it was made from: nobody has come since.
  const since = Math.max(backupAt, restoredAt);
  if (known !== null)
    await stores.settings.put(
      ADDRESS_SETTING,
      JSON.stringify({ ...known, restoredAt: since } satisfies KnownAddress),
      restoredAt,
    );
}

export interface OldAddress {
  /** Where loudspeakers look. */
  readonly url: string;
  /** Where we are. */
  readonly own: string;
  /** So many of them have not come since it is another. */
  readonly waiting: number;
}

export interface AddressWatchOptions {
  readonly storage: Storage;
  readonly publicUrl: string;
  readonly now: () => number;
  /** When each loudspeaker that ever connected, and is in use, was heard last. */
  readonly heardAt: () => Iterable<number>;
}

/**
 * After a restore onto a machine with another address, or when this machine has got another (a new router, another setting): whether
 * loudspeakers still look for the old one. They know no other until they have
 * come, by a name that leads here by now, say. Nothing is told once none is missing; it is over when we have that address ourselves. Until then it stays
 * the known one: a loudspeaker never gives up the address that it enrolled with, so the next machine has to know it too.
 */
export class AddressWatch {
  readonly #options: AddressWatchOptions;
  #old: { readonly url: string; readonly since: number } | null = null;

  constructor(options: AddressWatchOptions) {
    this.#options = options;
  }

  /** At each start, once it is known how loudspeakers were heard. */
  async load(): Promise<void> {
    const { storage, publicUrl } = this.#options;
    const known = await readKnownAddress(storage.read);
    if (known !== null && known.url !== publicUrl) {
      const since = known.restoredAt ?? (await this.#changed(known));
      this.#old = since === null ? null : { url: known.url, since };
    } else this.#old = null;
    await this.#settle();
  }

  /** Ours was another until now. Since when, as written down; null: no loudspeaker has it. */
  async #changed(known: KnownAddress): Promise<number | null> {
    const { storage, now, heardAt } = this.#options;
    const heard = [...heardAt()];
    if (heard.length === 0) return null;
    // A machine without the right time yet is not before the last of them.
    const since = Math.max(now(), ...heard);
    const text = JSON.stringify({ ...known, restoredAt: since } satisfies KnownAddress);
    await storage.transaction((tx) => tx.settings.put(ADDRESS_SETTING, text, now()));
    return since;
  }

  /** Writes down that ours is the known one, where no other is. */
  async #settle(): Promise<void> {
    const { storage, publicUrl, now } = this.#options;
    if (this.#old !== null) return;
    const text = JSON.stringify({ v: 1, url: publicUrl, restoredAt: null } satisfies KnownAddress);
    if ((await storage.read.settings.get(ADDRESS_SETTING)) === text) return;
    await storage.transaction((tx) => tx.settings.put(ADDRESS_SETTING, text, now()));
  }

  /** Null: nobody looks elsewhere, as far as we know. */
  get old(): OldAddress | null {
    if (this.#old === null) return null;
    const { url, since } = this.#old;
    let waiting = 0;
    for (const at of this.#options.heardAt()) if (at <= since) waiting += 1;
    return waiting === 0 ? null : { url, own: this.#options.publicUrl, waiting };
  }
}
