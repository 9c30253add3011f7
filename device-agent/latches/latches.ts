import { Emitter, Exclusive, type Unsubscribe } from '#kit';
import {
  DomainError,
  type HeldScoped,
  isDomainError,
  type JournalFact,
  latchCodec,
  type Scope,
  scopeIncludes,
  scopeKey,
} from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Log } from '../log.ts';
import type { Prover } from '../state/prover.ts';
import type { HeldLatch, LatchStore } from './latch-store.ts';

export interface LatchesOptions {
  readonly speakerId: string;
  readonly store: LatchStore;
  readonly prover: Prover;
  /** Ancestry of the assignment. */
  readonly areas: () => readonly string[];
  readonly time: TrustedTime;
  readonly log: Log;
  /** Puts a fact into the journal, however long the disk refuses it. */
  readonly note: (fact: JournalFact) => void;
}

/** What came in, by what became of it. */
export interface LatchCounters {
  taken: number;
  repeated: number;
  /** Of a scope that is not ours. */
  foreign: number;
  /** Not proved, older than what is held, or set again after its release. */
  refused: number;
}

/** Not an id: no order can name it. */
const IN_DOUBT = '?';

interface LatchEvents {
  /** What is set here has changed, or a document was taken. */
  changed: undefined;
}

/**
 * The stops that hold here. A latch is in force in memory before anything else happens; the disk and the journal follow. One for each
 * scope: the newest takes the place of the one before it, which is thereby released.
 */
export class Latches {
  readonly counters: LatchCounters = { taken: 0, repeated: 0, foreign: 0, refused: 0 };
  readonly #options: LatchesOptions;
  readonly #one = new Exclusive();
  readonly #events: Emitter<LatchEvents>;

  constructor(options: LatchesOptions) {
    this.#options = options;
    this.#events = new Emitter((event, error) =>
      options.log.error('a listener of the latches failed', { event, error }),
    );
  }

  onChange(listener: () => void): Unsubscribe {
    return this.#events.on('changed', listener);
  }

  /** Ids of the latches that are set for this loudspeaker; while it is not known which, one more that no order can lift. */
  get set(): string[] {
    const ids = this.#ours()
      .filter(({ latch }) => latch.state === 'set')
      .map(({ latch }) => latch.id);
    return this.#options.store.inDoubt ? [...ids, IN_DOUBT] : ids;
  }

  /** The controller has welcomed us: with that it has sent every latch that we did not say we hold. */
  async welcomed(): Promise<void> {
    const { store, log } = this.#options;
    if (!store.inDoubt) return;
    await this.#one.run(async () => {
      const saved = store.settle();
      log.warn('what is stopped here is known again', { set: this.set });
      this.#events.emit('changed', undefined);
      await saved;
    });
  }

  /** As hello and heartbeat say it. */
  held(): HeldScoped[] {
    return this.#ours().map(({ hash, latch: { scope, revision } }) => ({
      ...{ kind: 'latch' as const, scope, revision, hash },
    }));
  }

  /** The signed texts. */
  documents(): string[] {
    return this.#ours().map(({ document }) => document);
  }

  /** Takes one message. Never rejects. Resolves when it is durable, or the disk has refused. */
  async receive(payload: Uint8Array): Promise<void> {
    const { prover, store } = this.#options;
    const document = Buffer.from(payload).toString('latin1');
    try {
      if (await prover.taking(() => this.#one.run(() => this.#take(document)))) await store.save();
    } catch (error) {
      if (!isDomainError(error)) throw error;
      this.counters.refused += 1;
      this.#options.log.warn('a latch was refused', { code: error.code, reason: error.message });
    }
  }

  /** The assignment names other areas: what is not for us any more is dropped. */
  async areasChanged(): Promise<void> {
    const { store } = this.#options;
    if (!store.keepOnly(({ latch }) => this.#isOurs(latch.scope))) return;
    this.#events.emit('changed', undefined);
    await store.save();
  }

  async #take(document: string): Promise<boolean> {
    const { store, prover, log } = this.#options;
    const { payload, hash } = await prover.prove('latch', document);
    const latch = latchCodec.parse(payload);
    const key = scopeKey(latch.scope);
    if (!this.#isOurs(latch.scope)) {
      this.counters.foreign += 1;
      log.info('a latch of another area was ignored', { scope: key });
      return false;
    }
    const before = store.of(key);
    if (before?.hash === hash) {
      this.counters.repeated += 1;
      return false;
    }
    const { revision } = latch;
    if (before !== undefined && revision <= before.latch.revision)
      throw new DomainError('document.stale_revision', {
        ...{ document: 'latch', revision, held: before.latch.revision },
      });
    if (latch.state === 'set' && store.wasReleased(latch.id))
      throw new DomainError('document.stale_revision', {
        document: 'released latch',
        revision,
        held: revision,
      });
    store.put({ document, hash, latch });
    this.counters.taken += 1;
    log.info('a latch', { latchId: latch.id, scope: key, state: latch.state, by: latch.by });
    this.#events.emit('changed', undefined);
    this.#tell(before, { document, hash, latch });
    return true;
  }

  /** What has changed here, for the journal. */
  #tell(before: HeldLatch | undefined, { latch }: HeldLatch): void {
    const { note, time } = this.#options;
    const detail = `${scopeKey(latch.scope)}, ${latch.by}: ${latch.reason}`.slice(0, 512);
    const was = before?.latch.state === 'set' ? before.latch.id : undefined;
    if (was !== undefined && (latch.state === 'released' || latch.id !== was))
      note({ kind: 'released', ...factTime(time), latchId: was, detail });
    if (latch.state === 'set' && latch.id !== was)
      note({ kind: 'latched', ...factTime(time), latchId: latch.id, detail });
  }

  #ours(): HeldLatch[] {
    return this.#options.store.all().filter(({ latch }) => this.#isOurs(latch.scope));
  }

  #isOurs(scope: Scope): boolean {
    const { speakerId, areas } = this.#options;
    return scopeIncludes(scope, speakerId, areas());
  }
}
