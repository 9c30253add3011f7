import { Lifecycle } from '#kit';
import type { ErrorCode, JournalFact, Progress } from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import type { TimeKeeper } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Log } from '../log.ts';
import type { PlaybackEngine, PlayOutcome, PlayRequest, PlayStarted } from '../playback/index.ts';
import type { Situation } from '../playback-control/arbitrate.ts';
import type { AssignmentStore } from '../state/assignment-store.ts';
import type { KeyStore } from '../state/key-store.ts';
import type { Account } from './account.ts';
import { startedFact } from './facts.ts';
import type { OpenItems } from './open-items.ts';
import type { PlayItem } from './play-item.ts';
import type { PositionFile } from './position-file.ts';
import { proofFailure } from './proof.ts';
import { reopen } from './settle.ts';
import { playRequest } from './situation.ts';
import { Sounding, storedPosition } from './sounding.ts';

export interface StageOptions {
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
  /** An item may not sound after all: tell this and forget it. */
  readonly onUnfit: (item: PlayItem, fact: JournalFact) => void;
}

/** A play that has ended. */
export interface EndedSounding {
  readonly sounding: Sounding;
  readonly outcome: PlayOutcome;
}

/**
 * The one thing that the output is busy with. Proves once more what is to sound, and writes down that it begins before
 * anybody can hear it.
 */
export class Stage extends Lifecycle {
  readonly #options: StageOptions;
  #current: Sounding | undefined;
  #waitsForAccount = false;
  #closing = false;

  constructor(options: StageOptions) {
    super();
    this.#options = options;
  }

  protected override async onStart(): Promise<void> {
    this.#closing = false;
  }

  get current(): Sounding | undefined {
    return this.#current;
  }

  /** The play that has ended since the last call, or undefined. The stage is free afterwards. */
  takeEnded(): EndedSounding | undefined {
    const sounding = this.#current;
    if (sounding?.outcome === undefined) return undefined;
    this.#current = undefined;
    return { sounding, outcome: sounding.outcome };
  }

  /** Nothing begins any more; what sounds fades out. Resolves with how it ended. */
  async closeDown(): Promise<EndedSounding | undefined> {
    this.#closing = true;
    await this.#current?.stop(null);
    return this.takeEnded();
  }

  /** Fades the current play out; `takeEnded` gives it when it is over. */
  halt(code: ErrorCode): void {
    const current = this.#current;
    if (current === undefined) return;
    this.background(
      current.stop(code).then(() => undefined),
      () => undefined,
    );
  }

  /** Writes the position of what sounds down; rejects when the disk refuses. */
  async notePosition(): Promise<void> {
    const current = this.#current;
    if (current !== undefined && current.outcome === undefined)
      await this.#options.position.write(current.stored());
  }

  /** Proves bytes and signature once more, writes down that it begins, and hands it to the engine. Where that is not possible now, nothing has changed. */
  async begin(item: PlayItem, situation: Situation): Promise<void> {
    const { account, assignments, cache, items, keeper, keys, onUnfit } = this.#options;
    if (!(await cache.verify(item.content))) {
      item.fetched = false;
      items.fetch(item);
      return;
    }
    // A key may have been taken out of force since the order came.
    const unfit = await proofFailure(item, keys.ring, keeper.time);
    if (unfit !== null) {
      onUnfit(item, unfit);
      return;
    }
    if (!item.emergency && account.behind) {
      this.#wakeWhenTold();
      return;
    }
    if (!this.#wanted(item)) return;
    const volume = assignments.held?.assignment.volume;
    const request = playRequest(item, situation, cache.pathOf(item.content.sha256), volume);
    if (!(await this.#writtenDown(item, request))) return;
    if (this.#wanted(item)) this.#sound(item, request);
    else this.#takeBack(item);
  }

  #sound(item: PlayItem, request: PlayRequest): void {
    const { engine, keeper, log, onProgress, wake } = this.#options;
    const current = new Sounding({
      item,
      request,
      engine,
      time: keeper.time,
      onStarted: (started) => this.#started(current, started),
      onPosition: () => onProgress(current.progress()),
    });
    this.#current = current;
    this.background(
      current.done.then(() => wake()),
      (error) => log.error('a play ended oddly', { error }),
    );
    const inMs = Math.round(request.startAt - keeper.time.now().instant);
    log.info('to be played', { orderId: item.id, play: item.plays, inMs });
  }

  /** It was neither cancelled nor replaced while the disk was busy. */
  #wanted(item: PlayItem): boolean {
    return !this.#closing && item.cancelledBy === null && this.#options.items.has(item);
  }

  /** Nothing of it was heard. */
  #takeBack(item: PlayItem): void {
    reopen(item);
    if (!this.#closing && !this.#options.items.has(item)) item.phase = 'done';
    this.#options.account.writeSoon(item);
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

  /** Durably "playing", before anybody can hear it. False: the disk refused, and it is no emergency. */
  async #writtenDown(item: PlayItem, request: PlayRequest): Promise<boolean> {
    const { account, keeper, position, log } = this.#options;
    item.phase = 'playing';
    item.plays += 1;
    try {
      await account.write(item);
      await position.write(storedPosition(item, request, keeper.time, false, item.resumeFromMs));
    } catch (error) {
      log.error('the disk refuses what is to be played', { orderId: item.id, error });
      if (item.emergency) return true;
      this.#takeBack(item);
      return false;
    }
    return true;
  }

  #started(current: Sounding, started: PlayStarted): void {
    const { item, fromMs } = current;
    const { account, engine, keeper, onChange, onProgress } = this.#options;
    const time = factTime(keeper.time, started.realAt);
    account.tell(item, startedFact(item, started, fromMs, engine.output, time), () => {
      if (!item.emergency && this.#current === current) this.halt('storage.disk_full');
    });
    onProgress(current.progress());
    onChange();
  }
}
