import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backoff, type Clock, delay, Exclusive, Lifecycle, type Milliseconds, type Stoppable } from '#kit';
import { type Home, keyId, type Rehome, rehomeCodec, rehomes, verifyDocument } from '#protocols';
import type { TimeReading } from '../clock/index.ts';
import { errorText, type Log } from '../log.ts';
import { ifMissing } from '../state/files.ts';
import type { Prover } from '../state/prover.ts';
import { RehomeStore } from './rehome-store.ts';

/** A new home that does not greet is tried for so long, and again after a growing pause: each try costs a SIM some kilobytes. */
const TRY_MS = 2 * 60_000;
const PAUSE = { baseMs: 60_000, maxMs: 3_600_000 };
/** Until time is trusted nobody knows whether a document is over; until nothing sounds nobody leaves. */
const LOOK_EVERY_MS = 1_000;

/** A document that a technician put here by hand. */
export const HANDED_OVER = 'rehome.jws';

/** What became of a document. */
export type RehomeOutcome = 'taken' | 'taken_back' | 'not_meant' | 'old' | 'expired' | 'refused';

/** Asks another controller whether it knows this loudspeaker. `greeted` resolves with the number of that connection. */
export interface Trial extends Stoppable {
  start(): Promise<void>;
  readonly greeted: Promise<number>;
}

export interface HomeMoverOptions {
  readonly dataFolder: string;
  readonly speakerId: string;
  /** Address of the home in force. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly time: { now(): TimeReading };
  readonly prover: Pick<Prover, 'ring' | 'taking'>;
  readonly areas: () => readonly string[];
  readonly random: () => number;
  /** `name`: of the folder for what the controller there signs. */
  readonly trial: (home: Home, name: string) => Trial;
  /** Nothing sounds, and nothing that has begun is to go on. */
  readonly quiet: () => boolean;
  /** It was greeted there, and says so to the home that it leaves. */
  readonly takeLeave: (home: Home) => Promise<void>;
  /** Writes down that it belongs there, and goes. */
  readonly go: (home: Home, name: string, sessionEpoch: number) => Promise<void>;
}

/**
 * Moves the loudspeaker to another controller when a root says so. taken → tried beside the home in force → greeted there → left. Up to the last step the home in force
 * is the only one whose orders sound, and a document that is over by then changes nothing.
 */
export class HomeMover extends Lifecycle {
  readonly #options: HomeMoverOptions;
  readonly #store: RehomeStore;
  readonly #one = new Exclusive();
  #moving: AbortController | undefined;

  constructor(options: HomeMoverOptions) {
    super();
    this.#options = options;
    this.#store = new RehomeStore({ folder: options.dataFolder, log: options.log });
  }

  /** Whether a move is under way. */
  get moving(): boolean {
    return this.#moving !== undefined;
  }

  protected override async onStart(): Promise<void> {
    const { clock, dataFolder } = this.#options;
    await this.#store.load(clock.now());
    this.disposers.defer('a move', () => this.#halt());
    const { pending } = this.#store;
    if (pending !== null) this.background(this.#goOn(pending), this.#onError);
    const handed = await ifMissing(readFile(join(dataFolder, HANDED_OVER), 'latin1'), undefined);
    if (handed !== undefined)
      this.background(
        this.take(handed.trim()).then(() => undefined),
        this.#onError,
      );
  }

  /** Takes a document from wherever; says what became of it. */
  async take(document: string): Promise<RehomeOutcome> {
    const outcome = await this.#one
      .run(() => this.#take(document))
      .catch((error: unknown) => {
        this.#options.log.warn('a move to another controller was refused', { reason: errorText(error) });
        return 'refused' as const;
      });
    if (outcome === 'taken' || outcome === 'taken_back')
      this.#options.log.info('a move to another controller', { outcome });
    return outcome;
  }

  async #take(document: string): Promise<RehomeOutcome> {
    const { prover, time, speakerId, areas } = this.#options;
    const { payload, kid } = await prover.taking(() => verifyDocument('rehome', document, prover.ring));
    const rehome = rehomeCodec.parse(payload);
    if (!rehomes(rehome, speakerId, areas())) return 'not_meant';
    if (rehome.n <= this.#store.lastOf(kid)) return 'old';
    const { instant, trust } = time.now();
    if (trust === 'trusted' && instant >= rehome.expiresAt) return 'expired';
    const back = this.#isHere(rehome.home);
    await this.#store.take(kid, rehome.n, back ? null : document);
    this.#halt();
    if (back) return 'taken_back';
    this.#begin(rehome);
    return 'taken';
  }

  /** What was under way when the program ended. */
  async #goOn(document: string): Promise<void> {
    const { prover, log } = this.#options;
    try {
      const { payload } = await prover.taking(() => verifyDocument('rehome', document, prover.ring));
      const rehome = rehomeCodec.parse(payload);
      if (this.#moving === undefined && !this.#isHere(rehome.home)) this.#begin(rehome);
    } catch (error) {
      log.warn('a move that was under way cannot be proved any more', { reason: errorText(error) });
      await this.#store.drop();
    }
  }

  #isHere({ url, roots }: Home): boolean {
    const { prover } = this.#options;
    return (
      url === this.#options.url && roots.some((root) => prover.ring.find(keyId(root), 'rehome') !== undefined)
    );
  }

  #begin(rehome: Rehome): void {
    const moving = new AbortController();
    this.#moving = moving;
    this.background(
      this.#move(rehome, moving.signal).finally(() => {
        if (this.#moving === moving) this.#moving = undefined;
      }),
      (error) => {
        if (!moving.signal.aborted) this.#onError(error);
      },
    );
  }

  async #move(rehome: Rehome, signal: AbortSignal): Promise<void> {
    const { clock, time, log, random, takeLeave, go } = this.#options;
    const { home, n, expiresAt } = rehome;
    const name = `home-${n}`;
    const pauses = backoff({ ...PAUSE, random });
    for (;;) {
      const { instant, trust } = time.now();
      if (trust !== 'trusted') {
        await delay(clock, 'rehome: trusted time', LOOK_EVERY_MS, signal);
        continue;
      }
      if (instant >= expiresAt) {
        log.warn('the new home never greeted this loudspeaker: it stays', { url: home.url });
        await this.#store.drop();
        return;
      }
      const sessionEpoch = await this.#try(home, name, Math.min(TRY_MS, expiresAt - instant), signal);
      if (sessionEpoch === undefined) {
        await delay(clock, 'rehome: again', pauses.next().value, signal);
        continue;
      }
      await this.#quiet(signal);
      await takeLeave(home);
      await this.#quiet(signal);
      await go(home, name, sessionEpoch);
      await this.#store.drop();
      return;
    }
  }

  async #quiet(signal: AbortSignal): Promise<void> {
    const { clock, quiet } = this.#options;
    while (!quiet()) await delay(clock, 'rehome: quiet', LOOK_EVERY_MS, signal);
    signal.throwIfAborted();
  }

  /** Number of the connection on which it was greeted; undefined where it was not in this time. */
  async #try(
    home: Home,
    name: string,
    withinMs: Milliseconds,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { clock, log, trial: makeTrial } = this.#options;
    const trial = makeTrial(home, name);
    const over = new AbortController();
    try {
      await trial.start();
      const late = delay(clock, 'rehome: no greeting', withinMs, AbortSignal.any([signal, over.signal]));
      return await Promise.race([trial.greeted, late.then(() => undefined)]);
    } catch (error) {
      signal.throwIfAborted();
      log.warn('the new home cannot be tried', { reason: errorText(error) });
      return undefined;
    } finally {
      over.abort();
      await trial.stop();
    }
  }

  #halt(): void {
    this.#moving?.abort(new Error('the move is not under way any more'));
    this.#moving = undefined;
  }

  readonly #onError = (error: unknown): void => {
    this.#options.log.error('a move to another controller failed', { error });
  };
}
