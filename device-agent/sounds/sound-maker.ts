import type { Clock } from '#kit';
import { DomainError, type FileContent, isDomainError, type PlayOrder, type RelayContent } from '#protocols';
import type { ContentCache, ContentOrigin } from '../cache/content-cache.ts';
import { earlyContent } from '../cache/early-content.ts';
import type { PlayableContent } from '../inbox/content-of.ts';
import type { Log } from '../log.ts';
import {
  type Decoder,
  type OpenSource,
  PatientSource,
  type PlayRequest,
  RelaySource,
} from '../playback/index.ts';
import type { StoredSounds } from './stored-sounds.ts';

/** What of an emergency is proved before it sounds; a larger file that was not proved before is proved while the tone sounds. */
const PROVED_FIRST_BYTES = 256 * 1024;

/** Sounds before an emergency that are heard again when it is taken up without a word of it having been heard. */
const HEARD_AGAIN: readonly string[] = ['attention-tone', 'drill-notice'];

/** What is to sound, and how far it has come. */
export interface SoundItem {
  readonly id: string;
  readonly order: PlayOrder;
  readonly content: PlayableContent;
  readonly emergency: boolean;
  readonly phase: string;
  readonly plannedAt: number;
  readonly resumeFromMs: number;
  /** Faults so far: what failed as it came is then waited for as a whole. */
  readonly failures: number;
}

export interface SoundMakerOptions {
  readonly stored: StoredSounds;
  readonly cache: ContentCache;
  readonly decoder: Decoder;
  readonly origin: ContentOrigin;
  readonly clock: Clock;
  readonly log: Log;
}

/** Finds what an order makes sound: its content, wherever that is, and what comes before it. */
export class SoundMaker {
  readonly #options: SoundMakerOptions;

  constructor(options: SoundMakerOptions) {
    this.#options = options;
  }

  /** Whether an item may begin before every byte of its content was proved here. */
  mayBeginEarly({ content, emergency }: Pick<SoundItem, 'content' | 'emergency'>): boolean {
    if (content.kind !== 'file') return true;
    return emergency || this.#options.stored.openContent(content.sha256) !== undefined;
  }

  /**
   * The request with the sounds that the item names. `now`: the instant, by the best knowledge.
   * @throws DomainError `order.no_stored_message`
   */
  async complete(item: SoundItem, request: PlayRequest, now: number): Promise<PlayRequest> {
    const prelude = this.#prelude(item);
    const { content } = item;
    switch (content.kind) {
      case 'file': {
        const open = await this.#file(item, content);
        return { ...request, prelude, ...(open && { open }) };
      }
      case 'stored':
        return { ...request, prelude, open: this.#options.stored.open(content.name, item.id) };
      case 'relay':
        return this.#relay(item, content, { ...request, prelude }, now);
      default: {
        const never: never = content;
        return never;
      }
    }
  }

  /** Undefined: the file in the cache, which was proved. */
  async #file(item: SoundItem, content: FileContent): Promise<OpenSource | undefined> {
    const { cache, stored } = this.#options;
    const decoded = stored.openContent(content.sha256);
    if (decoded !== undefined || !item.emergency) return decoded;
    if ((await cache.provedAtMs(content)) !== undefined) return undefined;
    if (content.bytes <= PROVED_FIRST_BYTES && (await cache.verify(content))) return undefined;
    const filler = stored.open('attention-tone', item.id);
    const wanted = item.failures > 0 ? whole(content) : content;
    return (offsetMs) =>
      new PatientSource({ filler, content: (signal) => this.#early(wanted, offsetMs, signal) });
  }

  async #early(content: FileContent, offsetMs: number, signal: AbortSignal) {
    const { cache, decoder } = this.#options;
    const { durationMs } = content;
    const found = (await cache.proved(content))
      ? { file: cache.pathOf(content.sha256) }
      : await earlyContent({ ...this.#options, content, signal }).catch((error) => {
          signal.throwIfAborted();
          if (content.chunkListSha256 === null) throw error;
          this.#options.log.warn('content is waited for as a whole', { sha256: content.sha256, error });
          return earlyContent({ ...this.#options, content: whole(content), signal });
        });
    return decoder.open({ ...found, durationMs, offsetMs });
  }

  /** The slot's end stands: what begins late, or goes on, is the rest of it. */
  async #relay(
    item: SoundItem,
    { url, durationMs, fallback }: RelayContent,
    { latestStartAt: _, ...request }: PlayRequest,
    now: number,
  ): Promise<PlayRequest> {
    const { clock, decoder } = this.#options;
    const feed = decoder.station?.(url);
    if (feed === undefined)
      throw new DomainError('order.unsupported', { orderId: item.id, capability: 'content:relay' });
    const standIn = await this.#standIn(fallback);
    const before = item.order.prelude.reduce((sum, { name }) => sum + this.#lengthOf(name), 0);
    const beforeMs = request.prelude?.length === 0 ? 0 : before;
    const offsetMs = Math.min(durationMs, Math.max(0, now - item.plannedAt) + beforeMs);
    const open: OpenSource = (fromMs) =>
      new RelaySource({ clock, feed, fallback: standIn, durationMs: durationMs - fromMs, orderId: item.id });
    return { ...request, offsetMs, open };
  }

  async #standIn(fallback: FileContent | null): Promise<OpenSource | null> {
    const { cache, decoder, stored, log } = this.#options;
    if (fallback === null) return null;
    const decoded = stored.openContent(fallback.sha256);
    if (decoded !== undefined) return decoded;
    if (await cache.proved(fallback)) {
      const { sha256, durationMs } = fallback;
      return (offsetMs) => decoder.open({ file: cache.pathOf(sha256), durationMs, offsetMs });
    }
    log.warn('a relay has no fallback: it is not here', { sha256: fallback.sha256 });
    return null;
  }

  #prelude(item: SoundItem): OpenSource[] {
    const { stored, log } = this.#options;
    const { prelude, drill } = item.order;
    const goesOn = item.phase === 'interrupted' || item.resumeFromMs > 0;
    const again = item.emergency && item.resumeFromMs === 0;
    const names = prelude
      .map(({ name }) => name)
      .filter((name) => !goesOn || (again && HEARD_AGAIN.includes(name)));
    return names.flatMap((name) => {
      try {
        return [stored.open(name, item.id)];
      } catch (error) {
        // A chime may be missing; that an exercise is one must be heard.
        if (!isDomainError(error) || (drill && name === 'drill-notice')) throw error;
        log.warn('a sound before the content is left out', { orderId: item.id, name });
        return [];
      }
    });
  }

  #lengthOf(name: string): number {
    return this.#options.stored.durationMs(name) ?? 0;
  }
}

/** The same, not to be had in parts. */
function whole(content: FileContent): FileContent {
  return { ...content, chunkListSha256: null };
}
