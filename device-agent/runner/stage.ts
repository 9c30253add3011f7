import { type Clock, delay, Lifecycle } from '#kit';
import { type ErrorCode, isDomainError, type JournalFact, type Progress, type Situation } from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import type { TimeKeeper } from '../clock/index.ts';
import { fileOf } from '../inbox/content-of.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Log } from '../log.ts';
import type { PlaybackEngine, PlayOutcome, PlayRequest, PlayStarted } from '../playback/index.ts';
import type { SoundMaker } from '../sounds/sound-maker.ts';
import type { AssignmentStore } from '../state/assignment-store.ts';
import type { KeyStore } from '../state/key-store.ts';
import type { Account } from './account.ts';
import { orderFact, startedFact } from './facts.ts';
import type { OpenItems } from './open-items.ts';
import type { PlayItem } from './play-item.ts';
import type { PositionFile } from './position-file.ts';
import { proofFailure } from './proof.ts';
import { playRequest } from './situation.ts';
import { Sounding, storedPosition } from './sounding.ts';

/** How far what sounds goes down under another voice. */
const LOWER_DB = 15;
/** How fast what sounds gives way to an emergency, whose tone is heard over the rest of it. */
const GIVE_WAY_MS = 100;
/** An emergency waits for the disk no longer than this. */
const DISK_PATIENCE_MS = 50;

export interface StageOptions {
  readonly clock: Clock;
  readonly sounds: SoundMaker;
  readonly keeper: TimeKeeper;
  readonly engine: PlaybackEngine;
  readonly cache: ContentCache;
  readonly keys: KeyStore;
  readonly assignments: AssignmentStore;
  readonly position: PositionFile;
  readonly items: OpenItems;
  readonly account: Account;
  readonly log: Log;
  /** For the eye; may be lost. */
  readonly onProgress: (progress: Progress) => void;
  /** Something that health tells has changed. */
  readonly onChange: () => void;
  /** Something that decides what sounds has changed. */
  readonly wake: () => void;
  /** Whether an item is still what is to sound at this place, by everything that is known now. */
  readonly isNext: (item: PlayItem, place: Place) => boolean;
  /** An item may not sound after all: tell this and forget it. */
  readonly onUnfit: (item: PlayItem, fact: JournalFact) => void;
}

/** A play that has ended. */
export interface EndedSounding {
  readonly sounding: Sounding;
  readonly outcome: PlayOutcome;
}

/** Where an item sounds: alone, or as a voice over what sounds already, which is lowered meanwhile. */
export type Place = 'main' | 'voice';

/**
 * What the output is busy with: one main thing, perhaps a voice over it, and what is still fading out before an emergency. Proves once
 * more what is to sound, and writes down that it begins before anybody can hear it.
 */
export class Stage extends Lifecycle {
  readonly #options: StageOptions;
  readonly #places: Record<Place, Sounding | undefined> = { main: undefined, voice: undefined };
  readonly #leaving = new Set<Sounding>();
  /** What is being made ready for each place while the loop goes on: no emergency. */
  readonly #preparing: Record<Place, PlayItem | undefined> = { main: undefined, voice: undefined };
  #waitsForAccount = false;
  #closing = false;

  constructor(options: StageOptions) {
    super();
    this.#options = options;
  }

  protected override async onStart(): Promise<void> {
    this.#closing = false;
  }

  /** The main thing. */
  get current(): Sounding | undefined {
    return this.#places.main;
  }

  /** What is spoken over the main thing. */
  get voice(): Sounding | undefined {
    return this.#places.voice;
  }

  /** Hashes of all that is audible, fading out included. */
  get audible(): Set<string> {
    const all = [this.current, this.voice, ...this.#leaving];
    return new Set(all.flatMap((sounding) => (sounding === undefined ? [] : [sounding.item.record.hash])));
  }

  /** What an item sounds as, if it does, fading out included. */
  soundingOf(item: PlayItem): Sounding | undefined {
    return [this.current, this.voice, ...this.#leaving].find((sounding) => sounding?.item === item);
  }

  /** A play that has ended and was not given before, or undefined. Its place is free afterwards. */
  takeEnded(): EndedSounding | undefined {
    const { current, voice } = this;
    const ended = [...this.#leaving, current, voice].filter((sounding) => sounding?.outcome !== undefined);
    const sounding = ended[0];
    if (sounding?.outcome === undefined) return undefined;
    this.#leaving.delete(sounding);
    if (sounding === current) this.#places.main = undefined;
    if (sounding === voice) {
      this.#places.voice = undefined;
      this.#balance();
    }
    // One more is waiting to be taken.
    if (ended.length > 1) this.#options.wake();
    return { sounding, outcome: sounding.outcome };
  }

  /** Nothing begins any more; what sounds fades out. Resolves with how all of it ended. */
  async closeDown(): Promise<EndedSounding[]> {
    this.#closing = true;
    await Promise.all([this.current, this.voice, ...this.#leaving].map((sounding) => sounding?.stop(null)));
    const all: EndedSounding[] = [];
    for (let ended = this.takeEnded(); ended !== undefined; ended = this.takeEnded()) all.push(ended);
    return all;
  }

  /**
   * Fades a place out; `takeEnded` gives the play when it is over. One that gives way to an emergency leaves its place at once: the
   * emergency is heard over what is left of it.
   */
  halt(code: ErrorCode, place: Place = 'main'): void {
    const sounding = this.#places[place];
    if (sounding === undefined) return;
    const givesWay = code === 'order.preempted';
    if (givesWay) this.#leave(place);
    this.background(
      sounding.stop(code, givesWay ? GIVE_WAY_MS : undefined).then(() => undefined),
      () => undefined,
    );
  }

  /** An emergency comes: what is fading out for whatever reason leaves its place at once, and is heard under it to its end. */
  makeRoom(): void {
    for (const place of ['main', 'voice'] as const)
      if (typeof this.#places[place]?.stopCode === 'string') this.#leave(place);
  }

  /** Whether an item has left its place and is fading out: it neither has the loudspeaker nor waits for it. */
  isLeaving(item: PlayItem): boolean {
    return [...this.#leaving].some((sounding) => sounding.item === item);
  }

  /** Fades an item out, wherever it sounds. One that is leaving its place fades out already. */
  haltItem(item: PlayItem, code: ErrorCode): void {
    for (const place of ['main', 'voice'] as const)
      if (this.#places[place]?.item === item) this.halt(code, place);
  }

  /** Writes the positions of what sounds down; rejects when the disk refuses. */
  async notePosition(): Promise<void> {
    for (const [index, sounding] of [this.current, this.voice].entries())
      if (sounding !== undefined && sounding.outcome === undefined)
        await this.#options.position.write(sounding.stored(), index);
  }

  /**
   * Proves bytes and signature once more, writes down that it begins, and hands it to the engine. Where that is not possible now, nothing
   * has changed. Resolves when an emergency has begun; anything else is made ready in the background, for what it takes of the disk must not
   * keep an emergency waiting, and begins if it is still next by then.
   */
  async begin(item: PlayItem, situation: () => Situation, place: Place = 'main'): Promise<void> {
    const { account, log, wake } = this.#options;
    // It is fading out still; its end will wake us.
    if (this.soundingOf(item) !== undefined || this.#places[place] !== undefined) return;
    if (item.emergency) {
      await this.#begin(item, situation, place);
      return;
    }
    if (account.behind) {
      this.#wakeWhenTold();
      return;
    }
    if (this.#preparing[place] !== undefined || Object.values(this.#preparing).includes(item)) return;
    this.#preparing[place] = item;
    const ready = this.#begin(item, situation, place).finally(() => {
      this.#preparing[place] = undefined;
    });
    this.background(
      ready.then((news) => (news ? wake() : undefined)),
      (error) => log.error('a play cannot be made ready', { orderId: item.id, error }),
    );
  }

  /** False: nothing has changed that would let anything else begin now. */
  async #begin(item: PlayItem, situation: () => Situation, place: Place): Promise<boolean> {
    const { assignments, items, keeper, keys, onUnfit, sounds } = this.#options;
    if (!sounds.mayBeginEarly(item) && !(await this.#held(item))) {
      item.fetched = false;
      items.fetch(item);
      return true;
    }
    // A key may have been taken out of force since the order came.
    const unfit = await proofFailure(item, keys.ring, keeper.time);
    if (unfit !== null) {
      if (this.#wanted(item)) onUnfit(item, unfit);
      return true;
    }
    if (!this.#mayBegin(item, place)) return true;
    const request = await this.#request(item, situation(), assignments.held?.assignment);
    if (request === undefined || !this.#mayBegin(item, place)) return true;
    if (!(await this.#writtenDown(item, request, place))) return false;
    if (this.#mayBegin(item, place)) this.#sound(item, request, place);
    else this.#takeBack(item);
    return true;
  }

  /** Nothing that happened while the disk was busy keeps it from beginning. Nobody asks that of an emergency: it was next a moment ago. */
  #mayBegin(item: PlayItem, place: Place): boolean {
    if (!this.#wanted(item)) return false;
    return item.emergency || (this.#places[place] === undefined && this.#options.isNext(item, place));
  }

  #leave(place: Place): void {
    const sounding = this.#places[place];
    if (sounding === undefined) return;
    this.#places[place] = undefined;
    this.#leaving.add(sounding);
    this.#balance();
    this.#options.wake();
  }

  async #held(item: PlayItem): Promise<boolean> {
    const file = fileOf(item.content);
    return file !== undefined && (await this.#options.cache.proved(file));
  }

  /** Undefined, and told: what it names is not on this loudspeaker. */
  async #request(
    item: PlayItem,
    situation: Situation,
    assignment: Parameters<typeof playRequest>[3],
  ): Promise<PlayRequest | undefined> {
    const { cache, keeper, onUnfit, sounds } = this.#options;
    const found = fileOf(item.content);
    const file = found === undefined ? '' : cache.pathOf(found.sha256);
    try {
      const request = playRequest(item, situation, file, assignment);
      const complete = await sounds.complete(item, request, keeper.time.now().instant);
      item.lacks = complete.lacks;
      return complete.request;
    } catch (error) {
      if (!isDomainError(error)) throw error;
      const { code, message } = error;
      onUnfit(
        item,
        orderFact('failed', item, factTime(keeper.time), { code, detail: message.slice(0, 512) }),
      );
      return undefined;
    }
  }

  #sound(item: PlayItem, request: PlayRequest, place: Place): void {
    const { engine, keeper, log, onProgress, wake } = this.#options;
    item.phase = 'playing';
    item.plays += 1;
    const sounding = new Sounding({
      item,
      request,
      engine,
      time: keeper.time,
      onStarted: (started) => this.#started(sounding, started),
      onPosition: () => onProgress(sounding.progress()),
      onPlaced: () => this.#balance(),
    });
    this.#places[place] = sounding;
    this.#balance();
    this.background(
      sounding.done.then(() => wake()),
      (error) => log.error('a play ended oddly', { error }),
    );
    const inMs = Math.round(request.startAt - keeper.time.now().instant);
    log.info('to be played', { orderId: item.id, play: item.plays, place, inMs });
  }

  /** The main thing is low exactly while a voice is over it. */
  #balance(): void {
    const { current, voice } = this;
    current?.lower(voice?.placed === true && voice.outcome === undefined ? LOWER_DB : 0);
  }

  /** It was neither cancelled nor replaced while the disk was busy. */
  #wanted(item: PlayItem): boolean {
    return !this.#closing && item.cancelledBy === null && this.#options.items.has(item);
  }

  /** Nothing of it was heard: its record says so again, unless whoever ended it writes that. */
  #takeBack(item: PlayItem): void {
    if (item.phase !== 'done') this.#options.account.writeSoon(item);
  }

  /** The loop goes on meanwhile: a disk that refuses the journal must not keep an emergency waiting. */
  #wakeWhenTold(): void {
    if (this.#waitsForAccount) return;
    this.#waitsForAccount = true;
    const { account, log, wake } = this.#options;
    const told = account.told().then(() => {
      this.#waitsForAccount = false;
      wake();
    });
    this.background(told, (error) => log.error('the account cannot be waited for', { error }));
  }

  /** Durably "playing", before anybody can hear it. False: the disk refused, and it is no emergency, which waits for no disk. */
  async #writtenDown(item: PlayItem, request: PlayRequest, place: Place): Promise<boolean> {
    const written = this.#write(item, request, place);
    if (!item.emergency) return written;
    const patience = new AbortController();
    const impatient = delay(this.#options.clock, 'emergency', DISK_PATIENCE_MS, patience.signal);
    await Promise.race([written, impatient.catch(() => undefined)]);
    patience.abort();
    return true;
  }

  async #write(item: PlayItem, request: PlayRequest, place: Place): Promise<boolean> {
    const { account, keeper, position, log } = this.#options;
    try {
      const play = item.plays + 1;
      const positionMs = item.resumeFromMs;
      await account.write(item, { phase: 'playing', plays: play });
      const at = storedPosition(item, request, keeper.time, { play, sounding: false, positionMs });
      await position.write(at, place === 'main' ? 0 : 1);
    } catch (error) {
      log.error('the disk refuses what is to be played', { orderId: item.id, error });
      if (!item.emergency) this.#takeBack(item);
      return false;
    }
    return true;
  }

  #started(current: Sounding, started: PlayStarted): void {
    const { item, fromMs } = current;
    const { account, engine, keeper, onChange, onProgress } = this.#options;
    const time = factTime(keeper.time, started.realAt);
    account.tell(item, startedFact(item, started, fromMs, engine.output, time), () => {
      if (item.emergency) return;
      if (this.current === current) this.halt('storage.disk_full');
      if (this.voice === current) this.halt('storage.disk_full', 'voice');
    });
    onProgress(current.progress());
    onChange();
  }
}
