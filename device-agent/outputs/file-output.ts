import { stat } from 'node:fs/promises';
import type { Clock } from '#kit';
import { DomainError } from '#protocols';
import { BLOCK_FRAMES, type Output, type OutputProbe } from './output.ts';
import { probeByOpening } from './probe.ts';
import { StreamSink } from './stream-sink.ts';
import { type PcmSink, TimedSession } from './timed-session.ts';
import { WavSink } from './wav-sink.ts';

const LEAD_MS = 200;
const SOCKET_PREFIX = 'unix:';

export interface FileOutputOptions {
  readonly clock: Clock;
  /**
   * `unix:<path>`: raw PCM to the observer listening there, one connection per session. A FIFO: raw PCM to its reader.
   * Anything else: a folder that gets one WAV file per session and beside it a note with the instant of frame 0.
   */
  readonly path: string;
}

/** Records in real time instead of making sound: for demonstrations and for measuring from outside. */
export class FileOutput implements Output {
  readonly kind = 'file';
  readonly evidence = 'reported';
  readonly device: string;
  readonly #clock: Clock;

  constructor(options: FileOutputOptions) {
    this.#clock = options.clock;
    this.device = options.path;
  }

  async open(): Promise<TimedSession> {
    const clock = this.#clock;
    try {
      const sink = await this.#sink();
      return new TimedSession({ clock, kind: this.kind, blockFrames: BLOCK_FRAMES, leadMs: LEAD_MS, sink });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DomainError('output.missing', { output: this.kind, device: this.device, reason }, { cause });
    }
  }

  async probe(): Promise<OutputProbe> {
    const { device } = this;
    // Opening would leave an empty recording behind; a folder is made by the first session.
    const isStream = device.startsWith(SOCKET_PREFIX) || (await isFifo(device));
    return isStream ? probeByOpening(this) : { ok: true, device, detail: '' };
  }

  async #sink(): Promise<PcmSink> {
    if (this.device.startsWith(SOCKET_PREFIX))
      return StreamSink.connect(this.device.slice(SOCKET_PREFIX.length));
    if (await isFifo(this.device)) return StreamSink.openFifo(this.device);
    return WavSink.create(this.device, this.#clock);
  }
}

async function isFifo(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFIFO() ?? false;
}
