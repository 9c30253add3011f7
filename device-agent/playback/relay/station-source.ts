import type { Clock } from '#kit';
import { FfmpegSource } from '../ffmpeg-source.ts';
import type { PcmSource } from '../pcm-source.ts';
import { streamArguments } from './stream-arguments.ts';
import { StreamGate, type StreamGateOptions } from './stream-gate.ts';

export interface StationSourceOptions extends StreamGateOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Name or path of ffmpeg. */
  readonly program: string;
}

/** One connection to a station, decoded: ffmpeg, whose every way out leads through a gate of its own. */
export class StationSource implements PcmSource {
  readonly silent = false;
  readonly #gate: StreamGate;
  readonly #decoder: Promise<FfmpegSource>;
  #closed = false;

  constructor(options: StationSourceOptions) {
    this.#gate = new StreamGate(options);
    this.#decoder = this.#open(options);
    this.#decoder.catch(() => undefined);
  }

  /** Why it was not let out the last time. */
  get refusal(): string | undefined {
    return this.#gate.refusal;
  }

  async ready(): Promise<void> {
    await (await this.#decoder).ready();
  }

  async read(block: Int16Array): Promise<number> {
    return (await this.#decoder).read(block);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#decoder.then((decoder) => decoder.close()).catch(() => undefined);
    await this.#gate.close();
  }

  async #open({ url, clock, program }: StationSourceOptions): Promise<FfmpegSource> {
    const proxy = await this.#gate.open();
    if (this.#closed) throw new Error('closed before it was open');
    // By the environment, since a list that names more addresses opens them with the same; a proxy of the machine would be a way around.
    const env = { http_proxy: proxy, https_proxy: proxy, all_proxy: proxy, no_proxy: '' };
    return new FfmpegSource({ clock, program, args: streamArguments(url), env });
  }
}
