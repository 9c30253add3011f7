import { type Clock, Emitter, Exclusive, Lifecycle, type Unsubscribe } from '#kit';
import {
  DomainError,
  type ErrorCode,
  type HeldScoped,
  isDomainError,
  type KeyRing,
  type PlannedSlot,
  planHeadCodec,
  readPlanDocument,
  type Scope,
  type StoredMessage,
  scopeIncludes,
  scopeKey,
  verifyDocument,
} from '#protocols';
import type { ContentOrigin } from '../content-origin.ts';
import type { Log } from '../log.ts';
import type { OwedWrites } from '../state/owed-writes.ts';
import type { Prover } from '../state/prover.ts';
import { DocumentFetcher } from './document-fetcher.ts';
import {
  type HeldHead,
  namedBy,
  type PlanView,
  type ScopePlan,
  type SlotInForce,
  viewOf,
} from './held-plan.ts';
import type { HeadRole, PlanFiles } from './plan-files.ts';

export interface PlanKeeperOptions {
  readonly speakerId: string;
  readonly files: PlanFiles;
  readonly owed: OwedWrites;
  readonly prover: Prover;
  /** Ancestry of the assignment. */
  readonly areas: () => readonly string[];
  readonly origin: ContentOrigin;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
  /** Delays between attempts to fetch a document. */
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
}

/** What came in, by what became of it. */
export interface PlanCounters {
  taken: number;
  repeated: number;
  /** Of a scope that is not ours. */
  foreign: number;
  /** Not proved, or older than what is held. */
  refused: number;
}

/** What a slot is known by. `plays`: attempts that had begun. */
interface SlotNames {
  readonly hash: string;
  readonly broadcastId: string;
  readonly plays: number;
}

interface PlanEvents {
  changed: undefined;
}

/**
 * The plan: a head for each scope, and the area-day documents that it names.
 *
 * INVARIANTS
 * - A head is in force as soon as all its documents are here, in memory: nothing that it takes back sounds on because the disk is slow or
 *   refuses. The disk follows in the same order, documents before their head, so that a head that is read in force has its documents.
 * - Until then the one before it stays in force, except for days that the newer one does not name: those are taken back at once, and
 *   the newer head is on disk too, so that this holds after a power cut.
 * - A document is believed by its hash, wherever it was read.
 */
export class PlanKeeper extends Lifecycle {
  readonly counters: PlanCounters = { taken: 0, repeated: 0, foreign: 0, refused: 0 };
  readonly #options: PlanKeeperOptions;
  readonly #one = new Exclusive();
  readonly #events: Emitter<PlanEvents>;
  readonly #plans = new Map<string, ScopePlan>();
  readonly #documents = new Map<string, readonly PlannedSlot[]>();
  readonly #fetcher: DocumentFetcher;
  #view: PlanView | undefined;
  #writes: Promise<void> = Promise.resolve();

  constructor(options: PlanKeeperOptions) {
    super();
    this.#options = options;
    this.#events = new Emitter((event, error) =>
      options.log.error('a listener of the plan failed', { event, error }),
    );
    this.#fetcher = new DocumentFetcher({
      ...options,
      missing: () => this.#missing(),
      take: async (document, bytes) => this.#takeDocument(document.sha256, bytes),
    });
  }

  onChange(listener: () => void): Unsubscribe {
    return this.#events.on('changed', listener);
  }

  /** Slots of all heads that are in force. */
  get slots(): readonly SlotInForce[] {
    return this.#looked().slots;
  }

  /** Scopes of which a document is missing. */
  get unsure(): ReadonlySet<string> {
    return this.#looked().unsure;
  }

  /** Why newer plans are not in force yet. */
  get troubles(): ErrorCode[] {
    return this.#fetcher.trouble === null ? [] : [this.#fetcher.trouble];
  }

  /** Messages that are to be kept ready to sound. */
  get stored(): StoredMessage[] {
    const all = this.#inForce().flatMap(({ head }) => head.stored);
    return [...new Map(all.map((message) => [message.name, message])).values()];
  }

  /** The last instant for which a head in force vouches. */
  get validUntil(): number | undefined {
    const all = this.#inForce().map(({ head }) => head.validUntil);
    return all.length === 0 ? undefined : Math.max(...all);
  }

  /** Heads in force, as hello and heartbeat say them: what is only coming has not been taken. */
  held(): HeldScoped[] {
    return this.#inForce().map(({ hash, head: { scope, revision } }) => ({
      ...{ kind: 'plan' as const, scope, revision, hash },
    }));
  }

  /** The signed texts of the heads in force. */
  texts(): string[] {
    return this.#inForce().map(({ document }) => document);
  }

  /** When the head that names a slot runs out (of a broadcast that has begun: that names the broadcast); undefined when none in force does. */
  plannedUntil(slot: SlotNames): number | undefined {
    return this.#slotOf(slot)?.validUntil;
  }

  /**
   * Proves a slot: a head in force, signed with a key in force, names its exact line; of a broadcast that has begun, it still
   * names the broadcast. Throws `plan.withdrawn`, or what `verifyDocument` throws.
   */
  async proveSlot(slot: SlotNames & { readonly orderId: string }, keys: KeyRing): Promise<void> {
    const named = this.#slotOf(slot);
    const plan = named && this.#plans.get(named.scope);
    if (plan?.inForce === undefined) throw new DomainError('plan.withdrawn', { orderId: slot.orderId });
    await verifyDocument('plan', plan.inForce.document, keys);
  }

  /** Reads and proves what is on disk. What cannot be proved is removed and asked for again. */
  async load(keys: KeyRing): Promise<void> {
    const { files, log } = this.#options;
    for (const { role, document, name } of await files.heads()) {
      try {
        const held = await this.#verified(document, async () => verifyDocument('plan', document, keys));
        const plan = this.#planOf(held.head.scope);
        if (role === 'in-force') plan.inForce = held;
        else plan.coming = held;
      } catch (error) {
        log.warn('a stored plan head cannot be used', { name, error });
      }
    }
    for (const [key, plan] of this.#plans) {
      if (!this.#isOurs(plan.scope)) this.#drop(key);
      else if (plan.coming !== undefined && plan.coming.head.revision <= (plan.inForce?.head.revision ?? -1))
        plan.coming = undefined;
    }
    for (const { sha256 } of this.#named()) {
      const bytes = await files.document(sha256);
      if (bytes !== undefined) this.#readStored(sha256, bytes);
    }
    this.#promoteAll();
    await this.#saved();
    this.#changed();
  }

  /** Takes one message. Never rejects. What it says holds at once; resolves when it is on the disk, or the disk has refused. */
  async receive(payload: Uint8Array): Promise<void> {
    const document = Buffer.from(payload).toString('latin1');
    try {
      await this.#options.prover.taking(() => this.#one.run(() => this.#take(document)));
    } catch (error) {
      if (!isDomainError(error)) throw error;
      this.counters.refused += 1;
      this.#options.log.warn('a plan head was refused', { code: error.code, reason: error.message });
    }
    await this.#saved();
  }

  /** The assignment names other areas: heads that are not for us any more are dropped. */
  async areasChanged(): Promise<void> {
    const foreign = [...this.#plans].filter(([, { scope }]) => !this.#isOurs(scope));
    if (foreign.length === 0) return;
    for (const [key] of foreign) this.#drop(key);
    this.#changed();
    this.#prune();
    await this.#saved();
  }

  /** The controller can be reached again: what is missing is asked for at once. */
  retryNow(): void {
    this.#fetcher.wake();
  }

  protected override async onStart(): Promise<void> {
    await this.#fetcher.start();
    this.disposers.defer('plan documents', () => this.#fetcher.stop());
  }

  async #take(document: string): Promise<void> {
    const { prover, files, log } = this.#options;
    const held = await this.#verified(document, () => prover.prove('plan', document));
    const { scope, revision } = held.head;
    const key = scopeKey(scope);
    if (!this.#isOurs(scope)) {
      this.counters.foreign += 1;
      log.info('a plan head of another area was ignored', { scope: key });
      return;
    }
    const plan = this.#planOf(scope);
    if ([plan.inForce?.hash, plan.coming?.hash].includes(held.hash)) {
      this.counters.repeated += 1;
      return;
    }
    const newest = (plan.coming ?? plan.inForce)?.head.revision ?? -1;
    if (revision <= newest)
      throw new DomainError('document.stale_revision', { document: 'plan head', revision, held: newest });
    this.counters.taken += 1;
    plan.coming = held;
    if (this.#isComplete(held)) {
      this.#promote(key);
      this.#changed();
      this.#prune();
      return;
    }
    // Days that it does not name are taken back now.
    this.#changed();
    log.info('a plan is coming', { scope: key, revision });
    this.#store(headName(key, 'coming'), () => files.saveHead(key, 'coming', document));
    this.#fetcher.wake();
  }

  /** Throws what `#read` throws; what it brings holds at once, and the next one is not kept waiting by the disk. */
  #takeDocument(sha256: string, bytes: Buffer): void {
    this.#read(sha256, bytes);
    this.#store(`document ${sha256}`, () => this.#options.files.saveDocument(sha256, bytes));
    this.#promoteAll();
    this.#changed();
    this.#prune();
  }

  #promoteAll(): void {
    for (const key of this.#plans.keys()) this.#promote(key);
  }

  #readStored(sha256: string, bytes: Buffer): void {
    try {
      this.#read(sha256, bytes);
    } catch (error) {
      this.#options.log.error('a stored plan document cannot be read', { sha256, error });
    }
  }

  /** Throws `document.malformed` where the document is of another scope or day than its head says. */
  #read(sha256: string, bytes: Buffer): void {
    const { header, slots } = readPlanDocument(bytes);
    for (const plan of this.#plans.values())
      for (const named of namedBy(plan))
        if (
          named.sha256 === sha256 &&
          (named.day !== header.day || scopeKey(plan.scope) !== scopeKey(header.scope))
        )
          throw new DomainError('document.malformed', {
            ...{ document: 'plan document', reason: 'it is of another scope or day than its head says' },
          });
    this.#documents.set(sha256, slots);
  }

  /** Puts the coming head in force when all its documents are here. The disk follows, its documents first. */
  #promote(key: string): void {
    const { files, log } = this.#options;
    const plan = this.#plans.get(key);
    const held = plan?.coming;
    if (plan === undefined || held === undefined || !this.#isComplete(held)) return;
    plan.inForce = held;
    plan.coming = undefined;
    this.#store(headName(key, 'in-force'), () => files.saveHead(key, 'in-force', held.document));
    this.#store(headName(key, 'coming'), () => files.removeHead(key, 'coming'));
    log.info('a plan is in force', { scope: key, revision: held.head.revision });
  }

  #drop(key: string): void {
    const { files, log } = this.#options;
    this.#plans.delete(key);
    log.info('a plan is not for us any more', { scope: key });
    for (const role of ['in-force', 'coming'] satisfies HeadRole[])
      this.#store(headName(key, role), () => files.removeHead(key, role));
  }

  #prune(): void {
    const names = () => new Set(this.#named().map(({ sha256 }) => sha256));
    const named = names();
    for (const sha256 of this.#documents.keys()) if (!named.has(sha256)) this.#documents.delete(sha256);
    this.#store('plan documents', () => this.#options.files.prune(names()));
  }

  /** What is wanted holds at once, whatever the disk says: it follows in the order of these calls. */
  #store(name: string, work: () => Promise<void>): void {
    this.#writes = this.#options.owed.write(`plan: ${name}`, work);
  }

  /** Resolves when the disk has had its first chance with all that was given to it. */
  #saved(): Promise<void> {
    return this.#writes;
  }

  async #verified(
    document: string,
    verify: () => Promise<{ readonly payload: Uint8Array; readonly hash: string }>,
  ): Promise<HeldHead> {
    const { payload, hash } = await verify();
    return { document, hash, head: planHeadCodec.parse(payload) };
  }

  #planOf(scope: Scope): ScopePlan {
    const key = scopeKey(scope);
    const plan = this.#plans.get(key) ?? { scope, inForce: undefined, coming: undefined };
    this.#plans.set(key, plan);
    return plan;
  }

  #isComplete({ head }: HeldHead): boolean {
    return head.documents.every(({ sha256 }) => this.#documents.has(sha256));
  }

  #inForce(): HeldHead[] {
    return [...this.#plans.values()].flatMap(({ inForce }) => inForce ?? []);
  }

  #named() {
    return [...this.#plans.values()].flatMap(namedBy);
  }

  #missing() {
    return this.#named()
      .filter(({ sha256 }) => !this.#documents.has(sha256))
      .sort((a, b) => a.day.localeCompare(b.day));
  }

  #slotOf({ hash, broadcastId, plays }: SlotNames): SlotInForce | undefined {
    const { byHash, byBroadcast } = this.#looked();
    return byHash.get(hash) ?? (plays > 0 ? byBroadcast.get(broadcastId) : undefined);
  }

  #changed(): void {
    this.#view = undefined;
    this.#events.emit('changed', undefined);
  }

  #looked(): PlanView {
    this.#view ??= viewOf(this.#plans, this.#documents);
    return this.#view;
  }

  #isOurs(scope: Scope): boolean {
    const { speakerId, areas } = this.#options;
    return scopeIncludes(scope, speakerId, areas());
  }
}

function headName(scope: string, role: HeadRole): string {
  return `head ${scope} ${role}`;
}
