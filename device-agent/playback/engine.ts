import { Lifecycle } from '#kit';
import type { Output } from '../outputs/output.ts';
import { MixedOutput } from './mixed-output.ts';
import { Play, type PlayContext } from './play.ts';
import type { PlayRequest } from './play-types.ts';

export interface PlaybackEngineOptions extends Omit<PlayContext, 'output'> {
  readonly output: Output;
}

/**
 * Turns files and other sources into sound at instants. Knows no order, no network and no policy. Holds no process, descriptor or timer
 * while nothing is to be played; a play whose start is far away holds one timer.
 */
export class PlaybackEngine extends Lifecycle {
  readonly #context: PlayContext;
  readonly #output: Output;
  readonly #plays = new Set<Play>();

  constructor(options: PlaybackEngineOptions) {
    super();
    const { kind } = options.output;
    const mixed = new MixedOutput(options);
    this.#output = options.output;
    this.#context = { ...options, output: { kind, open: () => mixed.open() } };
  }

  protected override async onStart(): Promise<void> {
    this.disposers.defer('plays', async () => {
      await Promise.all([...this.#plays].map((play) => play.stop('engine_stopped')));
    });
  }

  /** What the output is and what a receipt made through it proves. */
  get output(): Pick<Output, 'kind' | 'device' | 'evidence'> {
    return this.#output;
  }

  /** Plays under way, those that wait for their start included. */
  get active(): number {
    return this.#plays.size;
  }

  /**
   * Begins a play; all that can go wrong shows in its outcome. Plays that overlap in time are mixed into one session of the output:
   * who asks for two at once decides which of them is lowered or stopped.
   */
  play(request: PlayRequest): Play {
    if (!this.running) throw new Error('the playback engine is not running');
    const play = new Play(this.#context, request);
    this.#plays.add(play);
    this.background(
      play.done.then(() => void this.#plays.delete(play)),
      (error) => this.#context.onListenerError('play', error),
    );
    return play;
  }
}
