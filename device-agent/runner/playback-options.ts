import type { Clock } from '#kit';
import type { Progress } from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import type { Downloads } from '../cache/downloads.ts';
import type { TimeKeeper } from '../clock/index.ts';
import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import type { PlaybackEngine } from '../playback/index.ts';
import type { SoundMaker } from '../sounds/sound-maker.ts';
import type { AssignmentStore } from '../state/assignment-store.ts';
import type { KeyStore } from '../state/key-store.ts';
import type { OrderStore } from '../state/order-store.ts';
import type { PositionFile } from './position-file.ts';
import type { SlotBook } from './recover-orders.ts';

/** What playback control works with. */
export interface PlaybackControlOptions {
  readonly clock: Clock;
  readonly keeper: TimeKeeper;
  readonly engine: PlaybackEngine;
  readonly cache: ContentCache;
  readonly orders: OrderStore;
  readonly journal: Journal;
  readonly assignments: AssignmentStore;
  readonly keys: KeyStore;
  readonly position: PositionFile;
  readonly downloads: Downloads;
  readonly sounds: SoundMaker;
  /** What proves slots of the plan. */
  readonly slots: SlotBook;
  /** Ids of the latches that are set here. */
  readonly latches: () => readonly string[];
  readonly log: Log;
  readonly random: () => number;
  /** How often the position of the play under way is written down. */
  readonly positionEveryMs: number;
  /** For the eye; may be lost. */
  readonly onProgress: (progress: Progress) => void;
  /** Something that health tells has changed. */
  readonly onChange: () => void;
}
