import { type Clock, delay, Emitter, Exclusive, Lifecycle, type Milliseconds } from '#kit';
import { DomainError, type FileContent, type StoredMessage } from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import type { ContentOrigin } from '../content-origin.ts';
import { errorText, type Log } from '../log.ts';
import { FRAMES_PER_MS } from '../outputs/output.ts';
import { type Decoder, MemorySource, type OpenSource, PcmFileSource } from '../playback/index.ts';
import { builtInSound, isBuiltIn, makeBuiltInSounds } from './built-in-sounds.ts';
import { StoredFolder } from './stored-folder.ts';

/** A message that could not be made ready is tried again after this. */
const RETRY_MS = 60_000;
/** Longest wait before a message is fetched, so that a commune's loudspeakers do not all come at once. */
const SPREAD_MS = 30_000;

export interface StoredSoundsOptions {
  /** Holds the decoded messages. */
  readonly folder: string;
  readonly cache: ContentCache;
  readonly decoder: Decoder;
  readonly origin: ContentOrigin;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** A message has become ready, or is no more. */
  readonly onChange?: () => void;
}

/**
 * Sounds that need neither network nor decoder when they are wanted: the built-in ones in memory, and the stored messages of the plan
 * heads, decoded ahead on the disk. A message is fetched through the cache and decoded once.
 */
export class StoredSounds extends Lifecycle {
  readonly #options: StoredSoundsOptions;
  readonly #folder: StoredFolder;
  readonly #one = new Exclusive();
  readonly #events: Emitter<{ kept: undefined }>;
  #messages: readonly StoredMessage[] = [];
  #stop = new AbortController();
  readonly #underWay = new Set<string>();

  constructor(options: StoredSoundsOptions) {
    super();
    this.#options = options;
    this.#folder = new StoredFolder(options);
    this.#events = new Emitter((_, error) => options.log.error('stored messages', { error }));
  }

  protected override async onStart(): Promise<void> {
    const { log, decoder } = this.#options;
    this.#stop = new AbortController();
    this.disposers.defer('messages under way', () => this.#stop.abort(new Error('the agent is stopping')));
    for (const file of await this.#folder.load())
      log.warn('a stored message is damaged and is removed', { file });
    // An agent without a decoder starts all the same, and says so.
    await makeBuiltInSounds(decoder).catch((error) =>
      log.error('the drill notice cannot be decoded', { reason: errorText(error) }),
    );
    this.#fetchMissing();
  }

  /** From now on these messages are kept, and no others. What is missing is fetched, and decoded one after the other. */
  keep(messages: readonly StoredMessage[]): void {
    this.#messages = [...messages];
    this.#events.emit('kept', undefined);
    if (!this.running) return;
    const wanted = new Set(messages.map(({ content }) => content.sha256));
    for (const sha256 of this.#folder.held) if (!wanted.has(sha256)) this.#work(this.#folder.remove(sha256));
    this.#fetchMissing();
    this.#options.onChange?.();
  }

  /** Names of the messages that can sound now. */
  get held(): string[] {
    const ready = this.#messages.filter(({ content }) => this.#folder.pathOf(content.sha256) !== undefined);
    return ready.map(({ name }) => name);
  }

  /** Whether a sound of this name can sound now. */
  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** Length of a sound that is here, ms. */
  durationMs(name: string): Milliseconds | undefined {
    if (isBuiltIn(name)) {
      const sound = builtInSound(name);
      return sound === undefined ? undefined : sound.length / FRAMES_PER_MS;
    }
    return this.has(name) ? this.#messageOf(name)?.content.durationMs : undefined;
  }

  /** What opens a sound by name. @throws DomainError `order.no_stored_message`, said of the order that wants it */
  open(name: string, orderId: string): OpenSource {
    const found = this.#find(name);
    if (found === undefined) throw new DomainError('order.no_stored_message', { orderId, name });
    return found;
  }

  /** What a message is made of, here or not; undefined while no plan head in force names it. */
  contentOf(name: string): FileContent | undefined {
    return this.#messageOf(name)?.content;
  }

  /** The same, as soon as a plan head names it. Rejects with the signal's reason. */
  async named(name: string, signal: AbortSignal): Promise<FileContent> {
    for (;;) {
      const content = this.contentOf(name);
      if (content !== undefined) return content;
      await this.#events.next('kept', undefined, signal);
    }
  }

  /** What opens a content that lies here decoded, as a message or part of one; undefined when it does not. */
  openContent(sha256: string): OpenSource | undefined {
    const path = this.#folder.pathOf(sha256);
    return path === undefined ? undefined : (offsetMs) => new PcmFileSource({ path, offsetMs });
  }

  #find(name: string): OpenSource | undefined {
    if (isBuiltIn(name)) {
      const sound = builtInSound(name);
      if (sound === undefined) return undefined;
      return (offsetMs) => new MemorySource(sound, Math.round(offsetMs * FRAMES_PER_MS));
    }
    const message = this.#messageOf(name);
    return message === undefined ? undefined : this.openContent(message.content.sha256);
  }

  #messageOf(name: string): StoredMessage | undefined {
    return this.#messages.find((message) => message.name === name);
  }

  #fetchMissing(): void {
    for (const { content } of this.#messages) {
      const { sha256 } = content;
      if (this.#folder.pathOf(sha256) !== undefined || this.#underWay.has(sha256)) continue;
      this.#underWay.add(sha256);
      const { signal } = this.#stop;
      this.#work(this.#makeReady(sha256, signal).finally(() => this.#underWay.delete(sha256)));
    }
  }

  /** Until it is decoded, or not wanted any more. */
  async #makeReady(sha256: string, signal: AbortSignal): Promise<void> {
    const { cache, clock, decoder, log, origin, random, onChange } = this.#options;
    for (;;) {
      const content = this.#messages.find((message) => message.content.sha256 === sha256)?.content;
      if (content === undefined || signal.aborted) return;
      const release = cache.hold(sha256);
      try {
        const file = await cache.ensure({ content, origin, signal, spreadMs: random() * SPREAD_MS });
        if (await cache.verify(content)) {
          const { durationMs } = content;
          await this.#one.run(() =>
            this.#folder.put(sha256, decoder.open({ file, durationMs, offsetMs: 0 })),
          );
          log.info('a stored message is ready', { sha256 });
          onChange?.();
          return;
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn('a stored message cannot be made ready', { sha256, reason: errorText(error) });
      } finally {
        release();
      }
      await delay(clock, 'stored message', RETRY_MS, signal).catch(() => undefined);
    }
  }

  #work(work: Promise<void>): void {
    this.background(work, (error) => this.#options.log.error('stored messages', { error }));
  }
}
