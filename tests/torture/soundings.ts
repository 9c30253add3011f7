import { readFileSync } from 'node:fs';
import { RATE } from '../helpers/pcm.ts';
import { BLOCK_MS, HOP_FRAMES, LOOK_FRAMES, looksAt, type Mark } from './sound-code.ts';

/** A stretch of sound at one speaker, as it arrived outside. Instants are the observer's clock, ms since 1970. */
export interface Sounding {
  readonly speaker: string;
  /** The content's number; null: a sound that is none of the run's. */
  readonly content: number | null;
  /** Range of the content that was heard, to a block. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** The recording that it is in. */
  readonly recording: string;
}

/** A quiet or unreadable stretch longer than this ends a sounding. */
const GAP_MS = 700;
/** Looks that agree before a block counts as heard. */
const AGREEING = 2;
/** Sound that says nothing counts from this length: shorter ones are the seams between blocks. */
const STRANGE_MS = 600;

const LOOK_MS = (LOOK_FRAMES * 1000) / RATE;
const HOP_MS = (HOP_FRAMES * 1000) / RATE;

/** When frames arrived: [instant, first frame], in order. */
type Arrivals = readonly (readonly [number, number])[];

/** Reads a recording of the observer: raw PCM beside the list of arrivals. */
export function readRecording(speaker: string, path: string): Sounding[] {
  const bytes = readFileSync(`${path}.s16`);
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
  const arrivals = readFileSync(`${path}.arrivals`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').map(Number) as [number, number]);
  return soundingsOf(samples, arrivals).map((sounding) => ({ ...sounding, speaker, recording: path }));
}

interface Open {
  readonly content: number | null;
  firstBlock: number;
  lastBlock: number;
  startedAt: number;
  endedAt: number;
}

/** What sounds in a recording, in order. */
export function soundingsOf(
  samples: Int16Array,
  arrivals: Arrivals,
): Omit<Sounding, 'speaker' | 'recording'>[] {
  const found: Open[] = [];
  let open: Open | undefined;
  let strange: Open | undefined;
  let last: { mark: Mark; times: number } | undefined;
  let look = -1;
  const instantOf = instants(arrivals);
  for (const what of looksAt(samples)) {
    look += 1;
    if (what === 'silence') {
      strange = undefined;
      last = undefined;
      continue;
    }
    const at = instantOf(look * HOP_FRAMES);
    if (what === 'sound') {
      last = undefined;
      strange ??= { content: null, firstBlock: 0, lastBlock: 0, startedAt: at, endedAt: at };
      strange.endedAt = at + HOP_MS;
      if (strange.endedAt - strange.startedAt >= STRANGE_MS && found.at(-1) !== strange) found.push(strange);
      continue;
    }
    strange = undefined;
    last =
      last !== undefined && same(last.mark, what)
        ? { ...last, times: last.times + 1 }
        : { mark: what, times: 1 };
    if (last.times < AGREEING) continue;
    const startedAt = at - (AGREEING - 1) * HOP_MS;
    if (open === undefined || !goesOn(open, what, startedAt)) {
      open = {
        content: what.content,
        firstBlock: what.block,
        lastBlock: what.block,
        startedAt,
        endedAt: at + LOOK_MS,
      };
      found.push(open);
    }
    open.lastBlock = what.block;
    open.endedAt = at + LOOK_MS;
  }
  return found.map(({ content, firstBlock, lastBlock, startedAt, endedAt }) => ({
    content,
    fromMs: firstBlock * BLOCK_MS,
    toMs: content === null ? 0 : (lastBlock + 1) * BLOCK_MS,
    startedAt: Math.round(startedAt),
    endedAt: Math.round(endedAt),
  }));
}

function same(a: Mark, b: Mark): boolean {
  return a.content === b.content && a.block === b.block;
}

function goesOn(open: Open, mark: Mark, at: number): boolean {
  const ahead = mark.block - open.lastBlock;
  return open.content === mark.content && ahead >= 0 && ahead <= 2 && at - open.endedAt <= GAP_MS;
}

/** The instant at which a frame was there; asked in rising order. */
function instants(arrivals: Arrivals): (frame: number) => number {
  let piece = 0;
  return (frame) => {
    while (piece + 1 < arrivals.length && (arrivals[piece + 1]?.[1] ?? 0) <= frame) piece += 1;
    const [at, firstFrame] = arrivals[piece] ?? [0, 0];
    return at + ((frame - firstFrame) * 1000) / RATE;
  };
}
