import type { Milliseconds } from '#kit';
import type { ErrorCode, Progress } from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Play, PlaybackEngine, PlayOutcome, PlayRequest, PlayStarted } from '../playback/index.ts';
import type { PlayItem } from './play-item.ts';
import type { StoredPosition } from './position-file.ts';

/** The play that the output is busy with, silence before its start included. */
export class Sounding {
  readonly item: PlayItem;
  readonly fromMs: number;
  readonly done: Promise<PlayOutcome>;
  outcome: PlayOutcome | undefined;
  /** Why it has to stop. */
  stopCode: ErrorCode | null = null;
  /** The first frame is on its way to be heard. */
  placed = false;
  /** The first frame has sounded. */
  started: PlayStarted | undefined;
  readonly #play: Play;
  readonly #request: PlayRequest;
  readonly #time: TrustedTime;

  /** Hands the item to the engine. The time in use does not jump until it has ended. */
  constructor(options: {
    readonly item: PlayItem;
    readonly request: PlayRequest;
    readonly engine: PlaybackEngine;
    readonly time: TrustedTime;
    readonly onStarted: (started: PlayStarted) => void;
    readonly onPosition: () => void;
    /** Its first frame is on its way to be heard. */
    readonly onPlaced?: () => void;
  }) {
    const { item, request, engine, time, onStarted, onPosition, onPlaced } = options;
    this.item = item;
    this.fromMs = request.offsetMs ?? 0;
    this.#request = request;
    this.#time = time;
    const release = time.hold();
    this.#play = engine.play(request);
    this.#play.events.on('started', (started) => {
      this.started = started;
      onStarted(started);
    });
    this.#play.events.on('position', onPosition);
    this.#play.events.on('placed', () => {
      this.placed = true;
      onPlaced?.();
    });
    this.done = this.#play.done.then((outcome) => {
      release();
      this.outcome = outcome;
      return outcome;
    });
  }

  /** Fades out and ends. The first reason given is the one that is told. */
  stop(code: ErrorCode | null, fadeMs?: Milliseconds): Promise<PlayOutcome> {
    this.stopCode ??= code;
    return this.#play.stop(code ?? 'engine_stopped', fadeMs).then(() => this.done);
  }

  /** Goes down by so many dB under another voice; 0: up again. */
  lower(downDb: number): void {
    this.#play.lower(downDb);
  }

  /** The instant at which it has to end. */
  get endsAt(): number {
    return this.#request.hardEndAt ?? this.item.order.hardEndAt;
  }

  /** Where in the content it is, ms. */
  get positionMs(): number {
    return Math.max(0, this.#play.position()?.positionMs ?? this.fromMs);
  }

  /** What a power cut in this moment would leave behind. */
  stored(): Omit<StoredPosition, 'v' | 'n'> {
    const sounding = this.started !== undefined;
    const { item, positionMs } = this;
    return storedPosition(item, this.#request, this.#time, { play: item.plays, sounding, positionMs });
  }

  progress(): Progress {
    const fraction = this.positionMs / this.item.content.durationMs;
    return progressOf(this.item, 'playing', fraction, this.#time, this.started?.startErrorMs);
  }
}

/** The position that is written down; also before the engine is told anything. */
export function storedPosition(
  item: PlayItem,
  request: PlayRequest,
  time: TrustedTime,
  facts: Pick<StoredPosition, 'play' | 'sounding' | 'positionMs'>,
): Omit<StoredPosition, 'v' | 'n'> {
  return {
    orderId: item.id,
    at: time.now().instant,
    plannedAt: request.startAt,
    fromMs: request.offsetMs ?? 0,
    ...facts,
  };
}

/** A message for the eye. */
export function progressOf(
  item: PlayItem,
  phase: Progress['phase'],
  fraction: number,
  time: TrustedTime,
  startErrorMs?: number,
): Progress {
  return {
    v: 1,
    broadcastId: item.record.broadcastId,
    phase,
    fraction: Math.min(1, Math.max(0, fraction)),
    ...(startErrorMs === undefined ? {} : { startErrorMs }),
    at: factTime(time).at,
  };
}
