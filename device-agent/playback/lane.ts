import type { Milliseconds } from '#kit';
import { BYTES_PER_FRAME, FRAMES_PER_MS, type OutputSession } from '../outputs/output.ts';

/** Gaps that are remembered: enough for what is under way in any output. */
const REMEMBERED = 16;

/** What a lane needs of the mixer that it belongs to. */
export interface LaneHost {
  readonly session: OutputSession;
  /** Frames given to the session. */
  readonly written: number;
  /** What the session died of. */
  readonly failure: unknown;
  /** Something that the mixer may be waiting for has happened. */
  changed(): void;
  /** Resolves when all that the lane wrote has sounded. */
  drained(lane: Lane): Promise<void>;
  /** Takes the lane out. */
  leave(lane: Lane): Promise<void>;
}

/** Where a run of a lane's frames lies in the session. */
interface Run {
  readonly frame: number;
  readonly sessionFrame: number;
}

/**
 * One writer's share of a session that several may write to: to its writer it is a session of its own. Frames that it did not write in
 * time are gaps that move the later ones, as at a real device.
 */
export class Lane implements OutputSession {
  readonly blockFrames: number;
  readonly leadMs: Milliseconds;
  readonly uncertaintyMs: Milliseconds;
  /** It has let the others wait and is not waited for until it writes again. */
  lagging = false;
  /** Everything is written; it stays until that has sounded. */
  draining = false;
  readonly #mixer: LaneHost;
  #runs: Run[] = [];
  #pending: Uint8Array = new Uint8Array(0);
  #taken = 0;
  #release: (failure?: unknown) => void = () => undefined;

  constructor(mixer: LaneHost, session: OutputSession) {
    this.#mixer = mixer;
    this.blockFrames = session.blockFrames;
    this.leadMs = session.leadMs;
    this.uncertaintyMs = session.uncertaintyMs;
  }

  /** Frames that it waits to be rid of. */
  get pendingFrames(): number {
    return this.#pending.byteLength / BYTES_PER_FRAME;
  }

  /** It has written, so that the others wait for it. */
  get joined(): boolean {
    return this.#runs.length > 0 || this.#pending.byteLength > 0;
  }

  /** The frame of the session behind the last one it wrote. */
  get endInSession(): number {
    return this.#sessionFrame(this.#taken);
  }

  write(pcm: Uint8Array): Promise<void> {
    if (this.#mixer.failure !== undefined) return Promise.reject(this.#mixer.failure);
    this.#pending = pcm;
    this.lagging = false;
    return new Promise((resolve, reject) => {
      this.#release = (failure) => (failure === undefined ? resolve() : reject(failure));
      this.#mixer.changed();
    });
  }

  /** Takes frames off for the session's frame `sessionFrame`; the writer waits on until `settle`. */
  take(frames: number, sessionFrame: number): Uint8Array {
    const part = this.#pending.subarray(0, frames * BYTES_PER_FRAME);
    this.#pending = this.#pending.subarray(part.byteLength);
    const last = this.#runs.at(-1);
    if (last === undefined || sessionFrame - last.sessionFrame !== this.#taken - last.frame) {
      this.#runs = [...this.#runs.slice(1 - REMEMBERED), { frame: this.#taken, sessionFrame }];
    }
    this.#taken += frames;
    return part;
  }

  /** The session has taken what it was given: the writer may go on when nothing of its block is left. */
  settle(failure?: unknown): void {
    if (failure === undefined && this.#pending.byteLength > 0) return;
    const release = this.#release;
    this.#release = () => undefined;
    release(failure);
  }

  timeOf(frame: number): Milliseconds | undefined {
    return this.#mixer.session.timeOf(this.#sessionFrame(frame));
  }

  framesPlayed(): number {
    const played = this.#mixer.session.framesPlayed();
    let after = this.#taken;
    for (let index = this.#runs.length - 1; index >= 0; index--) {
      const run = this.#runs[index] as Run;
      if (played > run.sessionFrame) return Math.min(after, run.frame + played - run.sessionFrame);
      after = run.frame;
    }
    return Math.min(after, this.#taken);
  }

  async drain(): Promise<void> {
    this.draining = true;
    await this.#mixer.drained(this);
  }

  async close(): Promise<void> {
    this.settle();
    await this.#mixer.leave(this);
  }

  /** Whether all that it wrote has certainly sounded. */
  get sounded(): boolean {
    const margin = 2 * this.uncertaintyMs * FRAMES_PER_MS;
    return this.#taken === 0 || this.#mixer.session.framesPlayed() >= this.endInSession + margin;
  }

  #sessionFrame(frame: number): number {
    if (frame >= this.#taken) {
      const last = this.#runs.at(-1);
      const next =
        this.draining && last !== undefined ? last.sessionFrame + this.#taken - last.frame : undefined;
      return (next ?? this.#mixer.written) + frame - this.#taken;
    }
    const run = this.#runs.findLast((candidate) => candidate.frame <= frame) ?? this.#runs[0];
    return run === undefined ? frame : run.sessionFrame + frame - run.frame;
  }
}
