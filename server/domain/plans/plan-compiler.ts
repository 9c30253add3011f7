import { type Clock, type Instant, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { isDomainError, planHeadCodec, type Scope, scopeKey } from '#protocols';
import type { ClearedMessage } from '../announcements/clearance.ts';
import type { AreaTree } from '../areas/area.ts';
import { territoryOf } from '../areas/territory.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import type { DocumentSigner } from '../keys/key-service.ts';
import { Turns } from '../turns.ts';
import type { Storage } from '../unit-of-work.ts';
import { AreaDays, type ScopeDocuments } from './area-days.ts';
import { PlanDrafter } from './draft-plan.ts';
import type { HeadBook } from './head-book.ts';
import { HeadSender } from './head-sender.ts';
import type { HeldDocument, HeldSource } from './held-documents.ts';
import { OpenChanges } from './open-changes.ts';
import type { StoredDocument, StoredHead } from './plan.ts';
import { PlanHorizon } from './plan-horizon.ts';
import { PlanLimits } from './plan-limits.ts';
import { PlanSaver } from './plan-saver.ts';
import { type HeadWishes, signHeads } from './sign-heads.ts';
import type { SlotBook } from './slot-book.ts';
import type { SlotBroadcasts } from './slot-broadcasts.ts';
import type { SlotFacts, SlotSource } from './slot-draft.ts';

/** Changes that come together are taken together: the first waits this long for others. */
const COLLECT_MS: Milliseconds = 100;
/** Pause after the database was found held, or a defect. */
const RETRY_MS: Milliseconds = 1_000;
const DAY_MS = 24 * 3_600_000;
/** Sessions that began so long ago may still have items to come, or begin late. */
const LOOK_BACK_MS = 36 * 3_600_000;
/** Documents that no head names any more are kept: a loudspeaker may still be fetching what the last head named. */
const KEEP_DOCUMENTS_MS = 2 * DAY_MS;

export interface PlanCompilerOptions {
  readonly storage: Storage;
  readonly source: SlotSource;
  readonly areas: { readonly tree: AreaTree };
  readonly speakers: SpeakerIndex;
  readonly keys: DocumentSigner;
  readonly publisher: OrderPublisher;
  readonly broadcasts: SlotBroadcasts;
  readonly slots: SlotBook;
  readonly heads: HeadBook;
  readonly clock: Clock;
  /** Whether our own clock is in doubt: then nothing is planned. */
  readonly disputed: () => boolean;
  /** The instant of the last successful compilation, in an earlier run too. */
  readonly watermark: () => Instant;
  /** The messages that loudspeakers keep decoded, by area; none by default. */
  readonly storedMessages?: () => Promise<ReadonlyMap<string, readonly ClearedMessage[]>>;
  /** Told after each compilation. */
  readonly onCompiled?: () => void;
  readonly onError: (error: unknown) => void;
}

/** Keeps the signed plan what the schedules ask for, fourteen days ahead, and tells the loudspeakers of every change. */
export class PlanCompiler extends Lifecycle implements HeldSource {
  readonly kind = 'plan';
  readonly #options: PlanCompilerOptions;
  /** The highest revisions that loudspeakers showed, by key of the scope, until ours are above. */
  readonly #seen = new Map<string, number>();
  readonly #limits = new PlanLimits();
  readonly #days = new AreaDays();
  readonly #drafter = new PlanDrafter();
  readonly #horizon = new PlanHorizon();
  readonly #saver: PlanSaver;
  readonly #sender: HeadSender;
  #timer: Timer | undefined;
  #started = false;
  #working = false;
  #again = false;
  #caughtUp: Promise<boolean> = Promise.resolve(false);
  #endFirst: (done: boolean) => void = () => undefined;
  #failure: unknown = null;
  #waiters: (() => void)[] = [];
  readonly #open = new OpenChanges();
  /** Why schedules cannot be planned, as far as it was told, by id. */
  readonly #failed = new Map<string, string>();
  #lastMs: Milliseconds = 0;

  constructor(options: PlanCompilerOptions) {
    super();
    this.#options = options;
    const { storage, slots, heads, broadcasts, publisher, onError } = options;
    this.#sender = new HeadSender({ publisher, onError });
    this.#saver = new PlanSaver({
      ...{ storage, slots, heads, broadcasts },
      territory: () => territoryOf(options.areas.tree, options.speakers),
      onSaved: (signed) => {
        this.background(this.#sender.send(signed), onError);
        options.onCompiled?.();
      },
    });
  }

  get metrics(): { readonly heads: number; readonly slots: number; readonly compileMs: Milliseconds } {
    const { heads, slots } = this.#options;
    return { heads: heads.size, slots: slots.size, compileMs: this.#lastMs };
  }

  /** Reads what is planned; the first compilation goes on afterwards (see `caughtUp`). */
  protected async onStart(): Promise<void> {
    const { storage, heads, slots, clock } = this.#options;
    this.#open.reopen(this.#options.watermark());
    await heads.load(storage.read);
    await slots.load(storage.read, Math.min(clock.now(), this.#options.watermark()));
    this.#caughtUp = new Promise((resolve) => {
      this.#endFirst = resolve;
    });
    this.#started = true;
    this.disposers.defer('plan timer', () => {
      this.#started = false;
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#release();
      this.#endFirst(false);
    });
    this.#working = true;
    this.background(this.#work(), this.#options.onError);
  }

  /**
   * Resolves with true after the first compilation since the start: what was due while we were away is known by then. A defect in it counts as
   * its end: it is tried again, and keeps nobody from his work. False: stopped before.
   */
  caughtUp(): Promise<boolean> {
    return this.#caughtUp;
  }

  /** Why the last compilation failed, unless the database was only held; null: it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Something that plans are made of has changed. Call it after the commit. */
  changed(): void {
    this.#again = true;
    this.#open.note(this.#options.clock.now());
    this.#soon(COLLECT_MS);
  }

  /** Resolves when everything that has changed so far is compiled, or cannot be for now. */
  compiled(): Promise<void> {
    if (this.#timer === undefined && !this.#working) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  current(scope: Scope): HeldDocument | undefined {
    return this.#options.heads.held(scope);
  }

  async overtake(document: string): Promise<void> {
    const { keys, heads } = this.#options;
    const verified = await keys.verify('plan', document);
    const { scope, revision } = planHeadCodec.parse(verified.payload);
    const ours = heads.get(scope)?.stored;
    if (ours !== undefined && (ours.hash === verified.hash || ours.revision > revision)) return;
    const key = scopeKey(scope);
    this.#seen.set(key, Math.max(revision, this.#seen.get(key) ?? 0));
    this.changed();
  }

  /** Deletes documents that no loudspeaker can still want. */
  async prune(): Promise<void> {
    const { storage, heads, slots, clock, disputed } = this.#options;
    // Nobody knows how old anything is.
    if (disputed()) return;
    slots.expire(clock.now());
    const before = clock.now() - KEEP_DOCUMENTS_MS;
    // Transactions run one at a time: what is named here stays named until its end.
    await storage.transaction((tx) => tx.plans.pruneDocuments(before, heads.named()));
  }

  #soon(delayMs: Milliseconds): void {
    if (this.#timer !== undefined || this.#working) return;
    this.#timer = this.#options.clock.setTimer('plans: compile', delayMs, () => {
      this.#timer = undefined;
      this.#working = true;
      this.background(this.#work(), this.#options.onError);
    });
  }

  async #work(): Promise<void> {
    let retry = false;
    try {
      this.#again = false;
      const done = await this.#compile();
      this.#failure = null;
      if (done) this.#endFirst(true);
    } catch (error) {
      retry = true;
      if (isDomainError(error, 'storage.busy')) return;
      this.#failure = error;
      this.#endFirst(true);
      throw error;
    } finally {
      this.#working = false;
      if ((retry || this.#again) && this.#started) this.#soon(retry ? RETRY_MS : COLLECT_MS);
      if (!retry && this.#timer === undefined) this.#release();
    }
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** False when it is to be done again: the slots were changed meanwhile. Nothing is to be done while our own clock is in doubt. */
  async #compile(): Promise<boolean> {
    const { clock, slots, disputed } = this.#options;
    const last = slots.compiledAt ?? this.#options.watermark();
    if (disputed()) {
      this.#open.reopen(last);
      return true;
    }
    const now = clock.now();
    const since = this.#open.take(now, last);
    let done = false;
    try {
      done = await this.#compileAt(now, since);
    } finally {
      if (done) slots.compiled(now);
      else this.#open.reopen(since);
    }
    if (!done) this.#again = true;
    return done;
  }

  /** False when the slots were changed meanwhile. */
  async #compileAt(now: Instant, since: Instant): Promise<boolean> {
    const { storage, source, slots, areas, clock } = this.#options;
    const began = clock.monotonic();
    const turns = new Turns(clock);
    const range = {
      from: firstInstant(Math.min(now - LOOK_BACK_MS, since)),
      to: this.#horizon.end(areas.tree, now),
    };
    const facts = await source.read(storage.read, range, turns);
    this.#tell(facts);
    const { version } = slots;
    const refused = await this.#limits.refused(facts, slots, since, turns);
    const draft = await this.#drafter.draft(facts, refused, slots, { now, since }, turns);
    const named = this.#options.heads.named();
    const scopes = await this.#days.update(
      draft.inForce,
      now,
      (scope) => this.#zoneIn(scope),
      (hash) => named.has(hash),
      turns,
    );
    const seen = new Map(this.#seen);
    const heads = await signHeads(
      { scopes, stored: await this.#storedMessages(), seen, retired: (scope) => this.#retired(scope) },
      this.#options.heads,
      this.#options.keys,
      now,
      turns,
    );
    const documents = this.#documentsOf(scopes, heads, now);
    if (!(await this.#saver.save({ draft, heads, documents }, now, version))) return false;
    this.#days.saved();
    for (const [key, revision] of seen) if (this.#seen.get(key) === revision) this.#seen.delete(key);
    this.#lastMs = clock.monotonic() - began;
    return true;
  }

  /** Says once of a schedule that it cannot be planned, and again when it is for another reason. */
  #tell({ drafts }: SlotFacts): void {
    const before = new Map(this.#failed);
    this.#failed.clear();
    for (const { schedule, failed } of drafts) {
      if (failed === null) continue;
      this.#failed.set(schedule.id, failed.code);
      if (before.get(schedule.id) !== failed.code) this.#options.onError(failed);
    }
  }

  #documentsOf(
    scopes: ReadonlyMap<string, ScopeDocuments>,
    heads: readonly StoredHead[],
    now: Instant,
  ): StoredDocument[] {
    const hashes = heads.flatMap(
      ({ scope }) => scopes.get(scope)?.documents.map(({ sha256 }) => sha256) ?? [],
    );
    return this.#days.unsaved(hashes, Math.floor(now));
  }

  /** The broker is there again: what it did not take is sent now. */
  kick(): void {
    this.background(this.#sender.again(), this.#options.onError);
  }

  async #storedMessages(): Promise<HeadWishes['stored']> {
    const { storedMessages, areas } = this.#options;
    const found = new Map<string, { readonly scope: Scope; readonly messages: readonly ClearedMessage[] }>();
    for (const [id, messages] of (await storedMessages?.()) ?? []) {
      const scope: Scope = { kind: 'area', id };
      if (areas.tree.has(id)) found.set(scopeKey(scope), { scope, messages });
    }
    return found;
  }

  /** Whether a scope is gone or out of use for good. */
  #retired({ kind, id }: Scope): boolean {
    const { areas, speakers } = this.#options;
    if (kind === 'area') return !areas.tree.has(id) || areas.tree.get(id).retiredAt !== null;
    return (speakers.get(id)?.lifecycle ?? 'retired') === 'retired';
  }

  /** Null: it is gone. */
  #zoneIn(scope: Scope): string | null {
    const { areas, speakers } = this.#options;
    const areaId = scope.kind === 'area' ? scope.id : (speakers.get(scope.id)?.areaId ?? '');
    return areas.tree.has(areaId) ? areas.tree.zoneOf(areaId) : null;
  }
}

/**
 * Where looking at sessions begins: a whole local day before `from`, wherever that is (limits count whole days), and the same instant for a day: what was
 * made for it is used again.
 */
function firstInstant(from: Instant): Instant {
  return (Math.floor(from / DAY_MS) - 1) * DAY_MS;
}
