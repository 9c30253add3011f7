import type { Clock } from '#kit';
import {
  DomainError,
  type FileContent,
  type PlayOrder,
  type RelayContent,
  type StoredContent,
} from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import { earlyContent } from '../cache/early-content.ts';
import type { ContentOrigin } from '../content-origin.ts';
import { fileOf, type PlayableContent } from '../inbox/content-of.ts';
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
  /** From where a relayed stream may come beside the public Internet, as the assignment says. */
  readonly streams: () => readonly string[];
}

/** What the engine is asked for, and the names of stored sounds that are not here: left out, or waited for while a tone sounds. */
export interface CompleteRequest {
  readonly request: PlayRequest;
  readonly lacks: readonly string[];
}

/** Finds what an order makes sound: its content, wherever that is, and what comes before it. */
export class SoundMaker {
  readonly #options: SoundMakerOptions;

  constructor(options: SoundMakerOptions) {
    this.#options = options;
  }

  /** Whether an item may begin before every byte of its content was proved here. */
  mayBeginEarly({ content, emergency }: Pick<SoundItem, 'content' | 'emergency'>): boolean {
    const file = fileOf(content);
    if (emergency || file === undefined) return true;
    return (
      this.isDecoded(file.sha256) || (content.kind === 'stored' && this.#options.stored.has(content.name))
    );
  }

  /** Whether a content lies here decoded, and needs no file. */
  isDecoded(sha256: string): boolean {
    return this.#options.stored.openContent(sha256) !== undefined;
  }

  /**
   * The request with the sounds that the item names. `now`: the instant, by the best knowledge.
   * @throws DomainError `order.no_stored_message`, never of an emergency but for the words that say that it is a drill
   */
  async complete(item: SoundItem, wanted: PlayRequest, now: number): Promise<CompleteRequest> {
    const { prelude, lacks } = await this.#prelude(item);
    const request = { ...wanted, prelude };
    const { content } = item;
    switch (content.kind) {
      case 'file': {
        const open = await this.#file(item, content);
        return { request: { ...request, ...(open && { open }) }, lacks };
      }
      case 'stored':
        return this.#stored(item, content, { request, lacks });
      case 'relay':
        return { request: await this.#relay(item, content, request, now), lacks };
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
    return this.#patiently(item, async () => content);
  }

  /** A message by its name. An emergency that names one that is not here sounds as a tone until it is, wherever it comes from. */
  async #stored(
    item: SoundItem,
    { name, file }: StoredContent,
    { request, lacks }: CompleteRequest,
  ): Promise<CompleteRequest> {
    const { stored } = this.#options;
    if (stored.has(name) || (!item.emergency && file === undefined))
      return { request: { ...request, open: stored.open(name, item.id) }, lacks };
    const known = file ?? stored.contentOf(name);
    const open =
      known === undefined
        ? this.#patiently(item, (signal) => stored.named(name, signal))
        : await this.#file(item, known);
    return { request: { ...request, ...(open && { open }) }, lacks: [...lacks, name] };
  }

  /** The attention tone, until the content is found and enough of it has come. */
  #patiently(item: SoundItem, find: (signal: AbortSignal) => Promise<FileContent>): OpenSource {
    const filler = this.#options.stored.open('attention-tone', item.id);
    return (offsetMs) =>
      new PatientSource({
        filler,
        content: async (signal) => {
          const content = await find(signal);
          return this.#early(item.failures > 0 ? whole(content) : content, offsetMs, signal);
        },
      });
  }

  async #early(content: FileContent, offsetMs: number, signal: AbortSignal) {
    const { cache, decoder, stored } = this.#options;
    const decoded = stored.openContent(content.sha256);
    if (decoded !== undefined) return decoded(offsetMs);
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
    const { clock, decoder, streams } = this.#options;
    const feed = decoder.station?.(url, streams());
    if (feed === undefined)
      throw new DomainError('order.unsupported', { orderId: item.id, capability: 'content:relay' });
    const standIn = await this.#standIn(fallback);
    const before = item.order.prelude.reduce((sum, { name }) => sum + this.#lengthOf(name), 0);
    const beforeMs = request.prelude?.length === 0 ? 0 : before;
    const lateMs = Math.max(0, Math.max(now, request.startAt) - item.plannedAt);
    const offsetMs = Math.min(durationMs, lateMs + beforeMs);
    const open: OpenSource = (fromMs) =>
      new RelaySource({ clock, feed, fallback: standIn, durationMs: durationMs - fromMs, orderId: item.id });
    return { ...request, offsetMs, open };
  }

  async #standIn(fallback: FileContent | null): Promise<OpenSource | null> {
    const found = fallback === null ? null : await this.#openFile(fallback);
    if (found !== undefined) return found;
    this.#options.log.warn('a relay has no fallback: it is not here', { sha256: fallback?.sha256 });
    return null;
  }

  /** A chime may be missing, and words that did not come with their order: what follows them waits for neither. */
  async #prelude(item: SoundItem): Promise<{ prelude: OpenSource[]; lacks: string[] }> {
    const { stored, log } = this.#options;
    const { prelude, drill } = item.order;
    const goesOn = item.phase === 'interrupted' || item.resumeFromMs > 0;
    const again = item.emergency && item.resumeFromMs === 0;
    const wanted = prelude.filter(({ name }) => !goesOn || (again && HEARD_AGAIN.includes(name)));
    const lacks: string[] = [];
    const sounds: OpenSource[] = [];
    for (const { name, file } of wanted) {
      const must = drill && name === 'drill-notice';
      const found =
        must || stored.has(name) ? stored.open(name, item.id) : file && (await this.#openFile(file));
      if (found !== undefined) {
        sounds.push(found);
        continue;
      }
      log.warn('a sound before the content is left out', { orderId: item.id, name });
      lacks.push(name);
    }
    return { prelude: sounds, lacks };
  }

  /** A file that is here, decoded or not; undefined when it is not. */
  async #openFile(file: FileContent): Promise<OpenSource | undefined> {
    const { cache, decoder, stored } = this.#options;
    const decoded = stored.openContent(file.sha256);
    if (decoded !== undefined || !(await cache.proved(file))) return decoded;
    const { sha256, durationMs } = file;
    return (offsetMs) => decoder.open({ file: cache.pathOf(sha256), durationMs, offsetMs });
  }

  #lengthOf(name: string): number {
    return this.#options.stored.durationMs(name) ?? 0;
  }
}

/** The same, not to be had in parts. */
function whole(content: FileContent): FileContent {
  return { ...content, chunkListSha256: null };
}
