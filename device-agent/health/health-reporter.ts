import { type Clock, Lifecycle, type Timer } from '#kit';
import { type ErrorCode, type Health, type HealthReport, joinHealth, shortReport } from '#protocols';
import { errorText, type Log } from '../log.ts';

/** Five minutes, less a little: before the fifth ping since the last report, which it makes needless. */
export const REPORT_EVERY_MS = 295_000;
/** A report that leaves nothing out, whatever the controller should know: it may have been restored. */
export const WHOLE_EVERY_MS = 3_600_000;
/** Parts that lost messages heal by, or that people act on. */
const WEIGHTY = ['output', 'playing', 'assignment', 'held', 'journal', 'problems'] as const;
/** Changes within this time make one report. */
const SETTLE_MS = 2_000;
/** Two reports for changes are at least this far apart. */
const CHANGE_EVERY_MS = 15_000;
/** A plan or a latch was taken: people wait to see who has been told. Several that come together make two reports at most. */
const TAKEN_EVERY_MS = 1_000;

export interface HealthReporterOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly collect: () => Promise<Health>;
  /** Rejects while there is no connection. */
  readonly send: (report: HealthReport) => Promise<void>;
}

/**
 * Reports health every five minutes, and soon after something that matters has changed. What the controller has acknowledged is left out
 * until it changes; a report whose fate is not known is followed by a whole one. A broker's acknowledgement is no receipt of the
 * controller: what is weighty and has changed is said in every report until the next whole one.
 */
export class HealthReporter extends Lifecycle {
  readonly #options: HealthReporterOptions;
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;
  #lastShape = '';
  /** What the controller knows; undefined when that is not sure. */
  #known: Health | undefined;
  #wholeAt = Number.NEGATIVE_INFINITY;
  /** Weighty parts that have changed since the last whole report. */
  readonly #again = new Set<string>();
  /** Counts reports and connections: an acknowledgement is of the one that it was asked for. */
  #sends = 0;

  constructor(options: HealthReporterOptions) {
    super();
    this.#options = options;
  }

  /** Something may have changed; a report goes out if it did. */
  changed(): void {
    if (!this.running) return;
    const now = this.#options.clock.monotonic();
    this.#schedule(Math.max(now + SETTLE_MS, this.#sentAt + CHANGE_EVERY_MS));
  }

  /** A plan head or a latch was taken: the controller shows at once who has been told. */
  taken(): void {
    if (!this.running) return;
    const now = this.#options.clock.monotonic();
    this.#schedule(Math.max(now, this.#sentAt + TAKEN_EVERY_MS));
  }

  /** A new connection: the controller wants to know at once. */
  connected(): void {
    this.#lastShape = '';
    this.#known = undefined;
    this.#sends += 1;
    if (this.running) this.#schedule(this.#options.clock.monotonic());
  }

  protected override async onStart(): Promise<void> {
    this.disposers.defer('the health timer', () => {
      this.#timer?.cancel();
      this.#dueAt = Number.POSITIVE_INFINITY;
    });
    this.#schedule(this.#options.clock.monotonic() + REPORT_EVERY_MS);
  }

  #schedule(dueAt: number): void {
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    this.#timer?.cancel();
    const { clock, log } = this.#options;
    this.#timer = clock.setTimer('health', dueAt - clock.monotonic(), () => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.background(this.#report(), (error) =>
        log.debug('health was not reported', { reason: errorText(error) }),
      );
    });
  }

  async #report(): Promise<void> {
    const { clock, collect, send } = this.#options;
    try {
      const health = await collect();
      const shape = shapeOf(health);
      const periodic = clock.monotonic() - this.#sentAt >= REPORT_EVERY_MS;
      if (!periodic && shape === this.#lastShape) return;
      await this.#send(health, send);
      this.#sentAt = clock.monotonic();
      this.#lastShape = shape;
    } finally {
      if (this.running) this.#schedule(clock.monotonic() + REPORT_EVERY_MS);
    }
  }

  async #send(health: Health, send: HealthReporterOptions['send']): Promise<void> {
    const now = this.#options.clock.monotonic();
    const known = now - this.#wholeAt < WHOLE_EVERY_MS ? this.#known : undefined;
    if (known === undefined) this.#again.clear();
    const report = shortReport(known, health, this.#again);
    if (known !== undefined)
      for (const name of WEIGHTY) if (report[name] !== undefined) this.#again.add(name);
    // A new connection may come while this one waits for its acknowledgement.
    this.#known = undefined;
    const asked = ++this.#sends;
    await send(report);
    if (asked !== this.#sends) return;
    this.#known = joinHealth(known, report);
    if (known === undefined) this.#wholeAt = now;
  }
}

/** What is worth a report of its own when it changes: no figure that is always in motion. */
function shapeOf(health: Health): string {
  const { output, clock, playing, assignment, held, problems } = health;
  return JSON.stringify([output, clock.trust, playing?.broadcastId, assignment?.hash, held, problems]);
}

/** Less than this is too little room for anything. */
const LOW_DISK_BYTES = 32 * 1024 * 1024;

/** Codes of what is wrong now, each once. */
export function problemsOf(facts: {
  readonly outputOk: boolean;
  readonly outputCode: ErrorCode;
  readonly freeBytes: number;
  readonly journalOk: boolean;
  readonly clockTrusted: boolean;
  readonly troubles: readonly ErrorCode[];
}): ErrorCode[] {
  const problems = new Set<ErrorCode>(facts.troubles);
  if (!facts.outputOk) problems.add(facts.outputCode);
  if (facts.freeBytes < LOW_DISK_BYTES || !facts.journalOk) problems.add('storage.disk_full');
  if (!facts.clockTrusted) problems.add('order.time_untrusted');
  return [...problems].slice(0, 16);
}
