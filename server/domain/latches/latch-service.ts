import { type Clock, Exclusive, Lifecycle } from '#kit';
import {
  DomainError,
  derivedId,
  type Latch,
  type LatchRequest,
  latchCodec,
  nextRevision,
  type Scope,
  scopeKey,
  scopeOfKey,
} from '#protocols';
import { type Actor, authorize, holdsRole, rolesOf } from '../accounts/actor.ts';
import { LEADERS } from '../accounts/roles.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { DocumentSigner } from '../keys/key-service.ts';
import type { HeldDocument, HeldSource } from '../plans/held-documents.ts';
import type { Storage } from '../unit-of-work.ts';
import type { LatchAct, LatchLog, LatchRecord, StoredLatch } from './latch.ts';
import { LatchBook } from './latch-book.ts';
import { LatchKeeper } from './latch-keeper.ts';
import { LatchSender } from './latch-sender.ts';

/** Requests whose answer was an earlier stop are remembered for a retry: so many of them. */
const MOST_ANSWERS = 1_000;

export interface LatchServiceOptions {
  readonly storage: Storage;
  readonly log: LatchLog;
  readonly clock: Clock;
  readonly keys: DocumentSigner;
  readonly publisher: OrderPublisher;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly events: LiveEvents;
  readonly onError: (error: unknown) => void;
}

/**
 * Stops everything in an area or at a loudspeaker, and lets it go again. A stop is signed, synced to a file of its own, in force here, and published, in this
 * order and without the database: that hears of it as soon as it can. Of each scope the newest document counts; a released one never holds again.
 */
export class LatchService extends Lifecycle implements HeldSource {
  readonly kind = 'latch';
  readonly #options: LatchServiceOptions;
  readonly book = new LatchBook();
  readonly #keeper: LatchKeeper;
  readonly #sender: LatchSender;
  readonly #turns = new Exclusive();
  /** Those that not even the file took. */
  readonly #inMemory = new Set<string>();
  readonly #answers = new Map<string, string>();

  constructor(options: LatchServiceOptions) {
    super();
    this.#options = options;
    const { storage, clock, publisher, onError } = options;
    this.#keeper = new LatchKeeper({ storage, clock, onError });
    this.#sender = new LatchSender({ publisher, clock, onError });
  }

  protected async onStart(): Promise<void> {
    const { storage, log } = this.#options;
    const revisions = new Map<string, number>();
    for (const latch of await storage.read.latches.all()) {
      this.book.put(latch);
      revisions.set(latch.id, latch.revision);
    }
    // What the database did not get, or what a backup put into it does not have.
    for (const record of await log.read()) {
      this.book.put(record.latch);
      if (record.latch.revision > (revisions.get(record.latch.id) ?? -1)) this.#keeper.put(record);
    }
    this.disposers.defer('latch keeper', () => this.#keeper.stop());
    await this.#keeper.start();
    this.disposers.defer('latch sender', () => this.#sender.stop());
    await this.#sender.start();
  }

  /** The broker is there again: what it did not take is published. */
  kick(): void {
    if (this.running) this.#sender.kick();
  }

  /**
   * Stops everything in a scope. The id follows from actor and key, so a repeated request is answered and nothing more; a scope that is stopped already stays
   * so, and stays theirs who stopped it (`made` false). Throws `request.not_found`, `request.forbidden`, `request.key_reused`.
   */
  async set(
    actor: Actor,
    { scope, reason }: LatchRequest,
    key: string,
  ): Promise<{ readonly latch: StoredLatch; readonly made: boolean }> {
    authorize(actor, 'latch:set', this.#areaOf(scope), this.#options.areas.tree);
    const id = derivedId('lat', actor.name, key);
    return this.#turns.run(async () => {
      const known = this.book.get(this.#answers.get(id) ?? id);
      if (known !== undefined) {
        const same = known.scope === scopeKey(scope) && (known.id !== id || known.reason === reason);
        if (!same) throw new DomainError('request.key_reused', { key });
        return { latch: known, made: false };
      }
      const held = this.book.newestOf(scope);
      const at = Math.floor(this.#options.clock.now());
      const act = this.#actBy(actor, scope, { action: 'latch.set', reason, at });
      if (held?.state === 'set') {
        if (this.#answers.size >= MOST_ANSWERS) this.#answers.clear();
        this.#answers.set(id, held.id);
        this.#keeper.put({ latch: held, act });
        return { latch: held, made: false };
      }
      const made = { id, reason, setBy: actor.name, setAt: at, releasedBy: null, releasedAt: null };
      const changed = { ...act, before: 'released' } as const;
      return { latch: await this.#change({ ...made, state: 'set' }, scope, changed), made: true };
    });
  }

  /**
   * Lets everything sound again. Whoever stopped may, or the chairman; one that is released stays as it is. Throws
   * `request.not_found`, `request.forbidden`, `latch.not_yours`.
   */
  release(actor: Actor, id: string, reason: string): Promise<StoredLatch> {
    const latch = this.#get(id);
    authorize(actor, 'latch:set', this.#areaOf(scopeOfKey(latch.scope)), this.#options.areas.tree);
    if (latch.state === 'set' && !this.mayRelease(actor, latch))
      throw new DomainError('latch.not_yours', { scope: latch.scope, by: latch.setBy });
    return this.#release(actor, id, reason);
  }

  /** Whether somebody may release a latch: whoever stopped, or who speaks for the commune where it holds. */
  mayRelease(actor: Actor, { setBy, scope }: StoredLatch): boolean {
    if (actor.name === setBy) return true;
    return holdsRole(actor, LEADERS, this.areaIdOf(scopeOfKey(scope)) ?? '', this.#options.areas.tree);
  }

  /** Releases what an emergency order lifts; whether that is allowed was looked at before. */
  lift(actor: Actor, ids: readonly string[], reason: string): void {
    for (const id of ids)
      this.background(
        this.#release(actor, id, reason).then(() => undefined),
        this.#options.onError,
      );
  }

  /** Throws `request.not_found`, `request.forbidden`. */
  get(actor: Actor, id: string): StoredLatch {
    const latch = this.#get(id);
    authorize(actor, 'speaker:read', this.#areaOf(scopeOfKey(latch.scope)), this.#options.areas.tree);
    return latch;
  }

  /** Those of these areas and the loudspeakers in them, newest first. */
  list(areaIds: ReadonlySet<string>, state: 'set' | 'all'): StoredLatch[] {
    const latches = state === 'all' ? this.book.all() : this.book.set();
    return latches.filter(({ scope }) => areaIds.has(this.areaIdOf(scopeOfKey(scope)) ?? ''));
  }

  /** Where a latch lies by now. */
  keptIn({ id }: StoredLatch): 'memory' | 'file' | 'database' {
    if (!this.#keeper.waits(id)) return 'database';
    return this.#inMemory.has(id) ? 'memory' : 'file';
  }

  /** The newest document of a scope. */
  current(scope: Scope): HeldDocument | undefined {
    const latch = this.book.newestOf(scope);
    if (latch === undefined) return undefined;
    const { revision, hash, document } = latch;
    return { kind: 'latch', scope, revision, hash, document };
  }

  /** The latches that silence a speaker now. */
  holding(speakerId: string): StoredLatch[] {
    if (this.book.quiet) return [];
    const { speakers, areas } = this.#options;
    const areaId = speakers.get(speakerId)?.areaId;
    const ancestry = areaId === undefined || !areas.tree.has(areaId) ? [] : areas.tree.ancestry(areaId);
    return this.book.holding(speakerId, ancestry);
  }

  /**
   * A speaker holds a latch that is newer than ours, and sent it along: a controller that was restored from a backup takes it in again. Counts only when our
   * own key signed it. Throws what `verifyDocument` throws, `document.malformed`.
   */
  async overtake(document: string): Promise<void> {
    const { keys, clock } = this.#options;
    const { payload, hash } = await keys.verify('latch', document);
    const theirs = latchCodec.parse(payload);
    await this.#turns.run(async () => {
      const ours = this.book.newestOf(theirs.scope);
      const { by: actor, reason } = theirs;
      const act = {
        actor,
        role: 'speaker',
        action: 'latch.restore',
        reason,
        at: Math.floor(clock.now()),
      } as const;
      if (ours === undefined || ours.revision < theirs.revision)
        return this.#keep({ latch: this.#taken(theirs, hash, document), act });
      // Two of one revision, one of them from before a backup was put back: ours is said again above it.
      if (ours.revision === theirs.revision && ours.hash !== hash)
        await this.#change(ours, theirs.scope, act);
    });
  }

  /** Signs again what was signed with a key that is no longer in use: a stop holds over a rotation, and a release too. */
  async signAgain(): Promise<void> {
    const { keys, clock } = this.#options;
    await this.#turns.run(async () => {
      for (const latch of this.book.all()) {
        const scope = scopeOfKey(latch.scope);
        if (this.book.newestOf(scope) !== latch || keys.isCurrent(latch.document)) continue;
        const actor = latch.releasedBy ?? latch.setBy;
        const at = Math.floor(clock.now());
        await this.#change(latch, scope, {
          actor,
          role: '',
          action: 'latch.sign_again',
          reason: latch.reason,
          at,
        });
      }
    });
  }

  /** The area that a scope belongs to; undefined for one that is not known. */
  areaIdOf({ kind, id }: Scope): string | undefined {
    const { areas, speakers } = this.#options;
    if (kind === 'speaker') return speakers.get(id)?.areaId;
    return areas.tree.has(id) ? id : undefined;
  }

  #taken(
    { id, scope, revision, state, by, reason, issuedAt }: Latch,
    hash: string,
    document: string,
  ): StoredLatch {
    const before = this.book.get(id);
    const released = state === 'released';
    return {
      ...{ id, scope: scopeKey(scope), revision, state, hash, document },
      reason: before?.reason ?? reason,
      setBy: before?.setBy ?? by,
      setAt: before?.setAt ?? issuedAt,
      releasedBy: released ? by : null,
      releasedAt: released ? issuedAt : null,
    };
  }

  #release(actor: Actor, id: string, reason: string): Promise<StoredLatch> {
    return this.#turns.run(async () => {
      const latch = this.#get(id);
      // One that a newer document of its scope has replaced holds nothing any more.
      if (latch.state === 'released' || this.book.newestOf(scopeOfKey(latch.scope)) !== latch) return latch;
      const at = Math.floor(this.#options.clock.now());
      const scope = scopeOfKey(latch.scope);
      const what = { action: 'latch.release', reason, at, before: 'set' } as const;
      const released = { ...latch, state: 'released', releasedBy: actor.name, releasedAt: at } as const;
      return this.#change(released, scope, this.#actBy(actor, scope, what));
    });
  }

  async #change(
    wanted: Omit<StoredLatch, 'scope' | 'revision' | 'hash' | 'document'>,
    scope: Scope,
    act: LatchAct,
  ): Promise<StoredLatch> {
    const { keys, clock } = this.#options;
    const { id, state } = wanted;
    const revision = nextRevision(clock.now(), this.book.newestOf(scope)?.revision ?? 0, 0);
    const { actor: by, reason, at: issuedAt } = act;
    const payload: Latch = { v: 1, id, scope, revision, state, by, reason, issuedAt };
    const { document, hash } = await keys.sign('latch', latchCodec.check(payload));
    const latch: StoredLatch = { ...wanted, scope: scopeKey(scope), revision, hash, document };
    await this.#keep({ latch, act });
    await this.#sender.send(latch);
    return latch;
  }

  async #keep(record: LatchRecord): Promise<void> {
    const { log, events, onError } = this.#options;
    const { latch } = record;
    try {
      await log.append(record, () => this.#worthKeeping());
    } catch (error) {
      // A stop is not refused because a disk is broken.
      this.#inMemory.add(latch.id);
      onError(error);
    }
    this.book.put(latch);
    this.#keeper.put(record);
    const areaId = this.areaIdOf(scopeOfKey(latch.scope)) ?? '';
    events.publish('latch.changed', { latchId: latch.id, areaId, scope: latch.scope, state: latch.state });
  }

  /** The newest latch of each scope, and last what the database has not. */
  #worthKeeping(): LatchRecord[] {
    const due = this.#keeper.due;
    const rest = this.book
      .all()
      .filter(
        (latch) => this.book.newestOf(scopeOfKey(latch.scope)) === latch && !this.#keeper.waits(latch.id),
      )
      .reverse()
      .map((latch) => ({ latch, act: actOf(latch) }));
    return [...rest, ...due];
  }

  #get(id: string): StoredLatch {
    const latch = this.book.get(id);
    if (latch === undefined) throw new DomainError('request.not_found', { what: 'latch', id });
    return latch;
  }

  /** What a person does, where from and where. */
  #actBy(
    { name, origin, ...actor }: Actor,
    scope: Scope,
    what: Pick<LatchAct, 'action' | 'reason' | 'at' | 'before'>,
  ): LatchAct {
    const areaId = this.areaIdOf(scope);
    return {
      ...{ actor: name, role: rolesOf({ name, ...actor }), ...what },
      ...(origin === undefined ? {} : { origin }),
      ...(areaId === undefined ? {} : { areaId }),
    };
  }

  #areaOf(scope: Scope): string {
    const areaId = this.areaIdOf(scope);
    if (areaId === undefined) throw new DomainError('request.not_found', { what: scope.kind, id: scope.id });
    return areaId;
  }
}

/** What the database has recorded already. */
function actOf({ state, setBy, setAt, releasedBy, releasedAt, reason }: StoredLatch): LatchAct {
  const action = state === 'set' ? 'latch.set' : 'latch.release';
  return { actor: releasedBy ?? setBy, role: '', action, reason, at: releasedAt ?? setAt };
}
