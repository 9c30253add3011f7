import type { Clock, Milliseconds } from '#kit';
import { FRAMES_PER_MS, type Output, type OutputProbe, SAMPLE_RATE } from './output.ts';
import type { PlaybackClock } from './playback-clock.ts';
import { probeByOpening } from './probe.ts';
import { ProcessSession, type ProgressReader } from './process-session.ts';

/** What the server is asked to hold: enough that a player that is not scheduled for 100 ms on a busy machine is not heard. */
const SERVER_LATENCY_MS = 120;
/**
 * What may wait in front of the server, so that a busy event loop is not heard. With the server's own it is what an emergency has to
 * wait for, which is to be heard within 300 ms.
 */
const CUSHION_MS = 100;

export interface PulseOutputOptions {
  readonly clock: Clock;
  /** Name of the sink; the server's default one when not given. */
  readonly sink?: string;
  /** Address of the server, such as `unix:/run/user/1000/pulse/native`; where the library looks when not given. */
  readonly server?: string;
  /** `pacat` by default. */
  readonly program?: string;
}

/** PulseAudio, or PipeWire through its PulseAudio service, by way of `pacat`. */
export class PulseOutput implements Output {
  readonly kind = 'pulse';
  readonly evidence = 'reported';
  readonly device: string;
  readonly #options: PulseOutputOptions;

  constructor(options: PulseOutputOptions) {
    this.#options = options;
    this.device = options.sink ?? 'default';
  }

  open(): Promise<ProcessSession> {
    return ProcessSession.open({
      clock: this.#options.clock,
      kind: this.kind,
      device: this.device,
      program: this.#options.program ?? 'pacat',
      args: pacatArguments(this.#options),
      progress: new PacatProgress(),
      leadMs: SERVER_LATENCY_MS + CUSHION_MS,
      uncertaintyMs: 20,
    });
  }

  probe(): Promise<OutputProbe> {
    return probeByOpening(this);
  }
}

/** The player's arguments, one element each. */
export function pacatArguments(options: Pick<PulseOutputOptions, 'sink' | 'server'>): string[] {
  return [
    '--playback',
    '--raw',
    '--verbose',
    `--rate=${SAMPLE_RATE}`,
    '--channels=1',
    '--format=s16le',
    `--latency-msec=${SERVER_LATENCY_MS}`,
    '--client-name=loa-agent',
    ...(options.server === undefined ? [] : [`--server=${options.server}`]),
    ...(options.sink === undefined ? [] : [`--device=${options.sink}`]),
  ];
}

const TIME_REPORT = /Time: (\d+\.\d+) sec; Latency: (-?\d+) usec\.\s*\r?/g;

/** Reads the stream time that `pacat --verbose` tells 20 times a second; the server's latency is already taken off. */
export class PacatProgress implements ProgressReader {
  opened = false;
  #partial = '';

  read(text: string, atMs: Milliseconds, clock: PlaybackClock): string {
    const all = this.#partial + text;
    let lastMs: number | undefined;
    let end = 0;
    for (const report of all.matchAll(TIME_REPORT)) {
      lastMs = Number(report[1]) * 1000;
      end = report.index + report[0].length;
    }
    // Only the newest of several read at once is fresh.
    if (lastMs !== undefined) clock.observe(lastMs * FRAMES_PER_MS, atMs);
    const rest = all.slice(end);
    if (!this.opened && all.includes('Connected to device')) this.opened = true;
    const partialAt = rest.lastIndexOf('Time:');
    this.#partial = partialAt < 0 ? '' : rest.slice(partialAt).slice(0, 200);
    const other = partialAt < 0 ? rest : rest.slice(0, partialAt);
    return this.opened ? other.replace(CHATTER, '') : other;
  }
}

/** What `pacat --verbose` says when all is well. */
const CHATTER =
  /^(Opening a |Connection established|Stream (successfully|started|underrun|overrun)|Buffer metrics|Using sample spec|Connected to device|Got EOF|Playback stream drained|Draining).*$/gm;
