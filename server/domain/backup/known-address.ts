import Type, { type Static } from 'typebox';
import { codec, InstantSchema } from '#protocols';
import type { Storage, Stores } from '../unit-of-work.ts';
import { AHEAD_MS } from './rotation.ts';

/** The address as it stands in LOA_PUBLIC_URL. */
const UrlSchema = Type.String({ maxLength: 2048 });

/** Of so many addresses of before is it known who may still look for them. */
const MOST_FORMER = 4;

/** Where loudspeakers look for this controller, as it lies in the settings table under `ADDRESS_SETTING`: so a backup knows it. */
const KnownAddressSchema = Type.Object({
  v: Type.Literal(1),
  url: UrlSchema,
  /** Since when it is that of a machine which a backup was taken from, and not ours (when that was restored, or made if that is later); null: it is ours. */
  restoredAt: Type.Union([InstantSchema, Type.Null()]),
  /** Those that were ours before without a restore, oldest first, and since when they are not: whoever was not heard later may still look there. */
  former: Type.Optional(
    Type.Array(Type.Object({ url: UrlSchema, since: InstantSchema }), { maxItems: MOST_FORMER }),
  ),
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
  /** Whether the controller believes its clock: one in 1970 is before everything that was heard. */
  readonly clockTrusted: () => boolean;
  /** When each loudspeaker that ever connected, and is in use, was heard last. */
  readonly heardAt: () => Iterable<number>;
}

/**
 * After a restore onto a machine with another address, or when this machine has got another (a new router, another setting): whether
 * loudspeakers still look for the old one. They know no other until they have
 * come, by a name that leads here by now, say. Nothing is told once none is missing; it is over when we have that address ourselves. Until then that of
 * the machine before stays the known one: a loudspeaker never gives up the address that it enrolled with, so the next machine has to know it too. One of
 * our own of before is kept beside the known one, until none is missing at a start.
 */
export class AddressWatch {
  readonly #options: AddressWatchOptions;
  /** Where loudspeakers may look, and since when we are not there; the earliest first. */
  #old: readonly { readonly url: string; readonly since: number }[] = [];

  constructor(options: AddressWatchOptions) {
    this.#options = options;
  }

  /** At each start, once it is known how loudspeakers were heard. */
  async load(): Promise<void> {
    const { storage, now } = this.#options;
    const before = await readKnownAddress(storage.read);
    const known = this.#known(before);
    const { url, restoredAt, former = [] } = known;
    this.#old = [...(restoredAt === null ? [] : [{ url, since: restoredAt }]), ...former];
    const text = JSON.stringify(known);
    if (text !== JSON.stringify(before))
      await storage.transaction((tx) => tx.settings.put(ADDRESS_SETTING, text, now()));
  }

  /** Ours is the known one, unless it is that of a machine that was restored here. */
  #known(before: KnownAddress | null): KnownAddress {
    const { publicUrl } = this.#options;
    const ours: KnownAddress = { v: 1, url: publicUrl, restoredAt: null };
    if (before === null) return ours;
    const { url, restoredAt, former = [] } = before;
    const isOurs = url === publicUrl;
    const left = isOurs || restoredAt !== null ? [] : [{ url, since: this.#leftAt() }];
    // Whoever looks for the oldest of too many is missing for the next one, too.
    const missed = [...former, ...left]
      .filter((one) => one.url !== publicUrl && this.#waiting(one.since) > 0)
      .slice(-MOST_FORMER);
    const known: KnownAddress = isOurs || restoredAt === null ? ours : { v: 1, url, restoredAt };
    return missed.length === 0 ? known : { ...known, former: missed };
  }

  /** Since when another address is ours, found out just now: after everybody that was heard under the one before. */
  #leftAt(): number {
    const { now, clockTrusted, heardAt } = this.#options;
    // A stamp of a clock that was a year ahead must not make everybody wait for a year; where ours is the wrong one, they are all we have.
    const latest = clockTrusted() ? now() + AHEAD_MS : Number.POSITIVE_INFINITY;
    return Math.max(now(), ...[...heardAt()].filter((at) => at <= latest));
  }

  /** So many have not come since. */
  #waiting(since: number): number {
    let waiting = 0;
    for (const at of this.#options.heardAt()) if (at <= since) waiting += 1;
    return waiting;
  }

  /** The earliest address that some are missing for. Null: nobody looks elsewhere, as far as we know. */
  get old(): OldAddress | null {
    for (const { url, since } of this.#old) {
      const waiting = this.#waiting(since);
      if (waiting > 0) return { url, own: this.#options.publicUrl, waiting };
    }
    return null;
  }
}
