import type { Clock, Milliseconds } from '#kit';
import { type Output, type OutputProbe, SAMPLE_RATE } from './output.ts';
import type { PlaybackClock } from './playback-clock.ts';
import { probeByOpening } from './probe.ts';
import { ProcessSession, type ProgressReader } from './process-session.ts';

const BUFFER_MS = 100;
const PERIOD_MS = 20;
/**
 * What may wait in front of the card's buffer: it must always be full for the count of `AplayProgress` to hold. Both together are what
 * an emergency has to wait for, which is to be heard within 300 ms.
 */
const CUSHION_MS = 110;

export interface AlsaOutputOptions {
  readonly clock: Clock;
  /** Name of the PCM (`aplay -L`), such as `default` or `plughw:CARD=Headphones`. */
  readonly device: string;
  /** `aplay` by default. */
  readonly program?: string;
}

/** A sound card through ALSA, by way of `aplay`. */
export class AlsaOutput implements Output {
  readonly kind = 'alsa';
  readonly evidence = 'reported';
  readonly device: string;
  readonly #options: AlsaOutputOptions;

  constructor(options: AlsaOutputOptions) {
    this.#options = options;
    this.device = options.device;
  }

  open(): Promise<ProcessSession> {
    return ProcessSession.open({
      clock: this.#options.clock,
      kind: this.kind,
      device: this.device,
      program: this.#options.program ?? 'aplay',
      args: aplayArguments(this.device),
      progress: new AplayProgress(),
      leadMs: BUFFER_MS + CUSHION_MS,
      uncertaintyMs: PERIOD_MS * 2,
    });
  }

  probe(): Promise<OutputProbe> {
    return probeByOpening(this);
  }
}

/** The player's arguments, one element each. `--vumeter` makes it report every period that the card took. */
export function aplayArguments(device: string): string[] {
  return [
    '--verbose',
    '--vumeter=mono',
    `--device=${device}`,
    '--file-type=raw',
    '--format=S16_LE',
    `--rate=${SAMPLE_RATE}`,
    '--channels=1',
    `--buffer-time=${BUFFER_MS * 1000}`,
    `--period-time=${PERIOD_MS * 1000}`,
  ];
}

/**
 * Counts the periods that `aplay` has handed to the card, one level meter ("#+   | 00%") each. Writing blocks while the
 * card's buffer is full, and playing begins when it first is: what has sounded is what was handed over less one buffer.
 */
export class AplayProgress implements ProgressReader {
  #bufferFrames = 0;
  #periodFrames = 0;
  #taken = 0;
  #setup = '';

  get opened(): boolean {
    return this.#periodFrames > 0;
  }

  read(text: string, atMs: Milliseconds, clock: PlaybackClock): string {
    if (!this.opened) {
      this.#setup = (this.#setup + text).slice(-4000);
      this.#bufferFrames = frames(this.#setup, /buffer_size\s*: (\d+)\n/);
      this.#periodFrames = frames(this.#setup, /period_size\s*: (\d+)\n/);
      return text;
    }
    let meters = 0;
    for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 1)) meters++;
    this.#taken += meters * this.#periodFrames;
    clock.observe(this.#taken - this.#bufferFrames, atMs);
    return meters > 0 ? '' : text.replace(SETUP_LINE, '').replace(/[\r#+|\d]+/g, '');
  }
}

/** Lines of the setup that `aplay --verbose` prints, which say nothing about a failure. */
const SETUP_LINE = /^\s*\w+\s+: .*$/gm;

function frames(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
