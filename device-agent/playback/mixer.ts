import type { Clock, Timer } from '#kit';
import { BLOCK_FRAMES, BYTES_PER_FRAME, type OutputSession } from '../outputs/output.ts';
import { Lane, type LaneHost } from './lane.ts';
import { mix } from './mix.ts';

/**
 * The only writer of a session: the sum of its lanes, block by block. One lane alone passes bit for bit. A lane that is late is waited
 * for as long as the session's lead allows, then the others go on without it. Ends, and closes the session, when the last lane has gone.
 */
export class Mixer implements LaneHost {
  readonly session: OutputSession;
  /** Resolves when the session is closed. */
  readonly closed: Promise<void>;
  readonly #clock: Clock;
  readonly #lanes = new Set<Lane>();
  readonly #drains = new Map<Lane, (failure?: unknown) => void>();
  #written = 0;
  #failure: unknown;
  #running = false;
  #ended = false;
  #wake: () => void = () => undefined;
  #close: () => void = () => undefined;

  constructor(options: { readonly session: OutputSession; readonly clock: Clock }) {
    this.session = options.session;
    this.#clock = options.clock;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  /** Frames given to the session. */
  get written(): number {
    return this.#written;
  }

  /** What the session died of. */
  get failure(): unknown {
    return this.#failure;
  }

  /** A lane for one more writer; `undefined` when the session is at its end. */
  join(): Lane | undefined {
    if (this.#ended || this.#failure !== undefined) return undefined;
    const lane = new Lane(this, this.session);
    this.#lanes.add(lane);
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
    return lane;
  }

  /** Something that the mixer may be waiting for has happened. */
  changed(): void {
    this.#wake();
  }

  /** Resolves when all that the lane wrote has sounded. */
  drained(lane: Lane): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#drains.set(lane, (failure) => (failure === undefined ? resolve() : reject(failure)));
      this.changed();
    });
  }

  /** Takes a lane out; resolves at once while others go on, else when the session is closed. */
  async leave(lane: Lane): Promise<void> {
    this.#lanes.delete(lane);
    this.#settleDrain(lane);
    this.changed();
    if (this.#lanes.size > 0) return;
    this.#ended = true;
    // A device that is in the middle of a write lets go of it.
    await this.session.close();
    await this.closed;
  }

  async #run(): Promise<void> {
    try {
      while (this.#lanes.size > 0) {
        const frames = await this.#framesWanted();
        if (frames > 0) await this.#write(frames);
        for (const lane of [...this.#drains.keys()]) if (lane.sounded) this.#settleDrain(lane);
      }
    } catch (error) {
      this.#failure = error;
    }
    this.#ended = true;
    await this.session.close();
    this.#close();
    const failure = this.#failure ?? new Error('the session was closed');
    for (const lane of this.#lanes) lane.settle(failure);
    for (const lane of [...this.#drains.keys()]) this.#settleDrain(lane, failure);
  }

  async #write(frames: number): Promise<void> {
    const lanes = [...this.#lanes].filter(({ pendingFrames }) => pendingFrames >= frames);
    const parts = lanes.map((lane) => lane.take(frames, this.#written));
    this.#written += frames;
    await this.session.write(sum(parts, frames));
    for (const lane of lanes) lane.settle();
  }

  /** How many frames can be written now; waits until some can. 0: look again. */
  async #framesWanted(): Promise<number> {
    let timer: Timer | undefined;
    let late = false;
    try {
      for (;;) {
        const writers = [...this.#lanes].filter(({ draining, joined }) => joined && !draining);
        const ready = writers.filter(({ pendingFrames }) => pendingFrames > 0);
        const waitedFor = writers.filter((lane) => lane.pendingFrames === 0 && !lane.lagging);
        if (late) for (const lane of waitedFor) lane.lagging = true;
        if (ready.length > 0 && (late || waitedFor.length === 0))
          return Math.min(...ready.map(({ pendingFrames }) => pendingFrames));
        // The device is kept running while the last sound is on its way.
        if (writers.length === 0 && this.#drains.size > 0) return BLOCK_FRAMES;
        if (this.#lanes.size === 0) return 0;
        if (ready.length > 0)
          timer ??= this.#clock.setTimer('mixer waits', this.session.leadMs / 2, () => {
            late = true;
            this.#wake();
          });
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      timer?.cancel();
    }
  }

  #settleDrain(lane: Lane, failure?: unknown): void {
    const settle = this.#drains.get(lane);
    this.#drains.delete(lane);
    settle?.(failure);
  }
}

const silence = new Uint8Array(BLOCK_FRAMES * BYTES_PER_FRAME);

function sum(parts: readonly Uint8Array[], frames: number): Uint8Array {
  const [first = silence.subarray(0, frames * BYTES_PER_FRAME), ...others] = parts;
  if (others.length === 0) return first;
  const audible = parts.filter((part) => part.some((byte) => byte !== 0));
  if (audible.length < 2) return audible[0] ?? first;
  const out = new Int16Array(frames);
  mix(audible.map(samples), out);
  return new Uint8Array(out.buffer);
}

function samples(bytes: Uint8Array): Int16Array {
  if (bytes.byteOffset % BYTES_PER_FRAME === 0)
    return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / BYTES_PER_FRAME);
  return new Int16Array(bytes.slice().buffer);
}
