import type { VirtualSpeaker } from './village.ts';

interface Row {
  state: string;
  fraction: number | null;
  startErrorMs: number | null;
}

const BAR = 20;
/** Events come in bursts; the eye wants no more. */
const REDRAW_MS = 100;

/**
 * One line for each loudspeaker. On a terminal the lines are redrawn in place; elsewhere only changes of state are
 * printed, so that a log stays readable.
 */
export class ProgressView {
  readonly #rows = new Map<string, Row>();
  readonly #names: ReadonlyMap<string, string>;
  readonly #out: NodeJS.WriteStream;
  readonly #width: number;
  #drawn = false;
  #drawnAt = 0;

  constructor(speakers: readonly VirtualSpeaker[], out: NodeJS.WriteStream) {
    this.#out = out;
    this.#names = new Map(speakers.map(({ id, name }) => [id, name]));
    this.#width = Math.max(...speakers.map(({ name }) => name.length));
    for (const { id } of speakers)
      this.#rows.set(id, { state: 'pending', fraction: null, startErrorMs: null });
  }

  /** A delivery reached another state. */
  state(speakerId: string, state: string, startErrorMs: number | null): void {
    const row = this.#rows.get(speakerId);
    if (row === undefined) return;
    row.state = state;
    row.fraction = state === 'finished' ? 1 : null;
    row.startErrorMs = startErrorMs ?? row.startErrorMs;
    if (this.#out.isTTY) this.draw();
    else this.#out.write(`${this.#line(speakerId, row)}\n`);
  }

  /** It is so far with its download or its playing. */
  progress(speakerId: string, phase: string, fraction: number): void {
    const row = this.#rows.get(speakerId);
    if (row === undefined || row.state === 'finished') return;
    row.state = phase;
    row.fraction = fraction;
    if (this.#out.isTTY && performance.now() - this.#drawnAt >= REDRAW_MS) this.draw();
  }

  /** Draws all lines over the ones drawn before. */
  draw(): void {
    if (!this.#out.isTTY) return;
    if (this.#drawn) this.#out.moveCursor(0, -this.#rows.size);
    for (const [id, row] of this.#rows) {
      this.#out.clearLine(0);
      this.#out.write(`${this.#line(id, row)}\n`);
    }
    this.#drawn = true;
    this.#drawnAt = performance.now();
  }

  #line(speakerId: string, row: Row): string {
    const name = (this.#names.get(speakerId) ?? speakerId).padEnd(this.#width);
    const done = Math.round((row.fraction ?? 0) * BAR);
    const bar = row.fraction === null ? ' '.repeat(BAR) : '█'.repeat(done).padEnd(BAR, '░');
    const error = row.startErrorMs === null ? '' : `  start error ${row.startErrorMs.toFixed(1)} ms`;
    return `  ${name}  ${row.state.padEnd(11)} ${bar}${error}`;
  }
}
