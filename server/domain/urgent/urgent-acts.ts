import { type Clock, delay, Exclusive, Lifecycle, type Milliseconds } from '#kit';
import { DomainError, isDomainError, newId } from '#protocols';
import { rolesOf } from '../accounts/actor.ts';
import type { ActOutcome, ActRequest, ActResult, Acts } from '../audit/acts.ts';
import type { Storage, StoredAnswer, Transaction } from '../unit-of-work.ts';
import type { PendingActs } from './pending-acts.ts';
import type {
  UrgentAct,
  UrgentCancel,
  UrgentEffect,
  UrgentEntry,
  UrgentHandler,
  UrgentLog,
  UrgentSpeakerChange,
} from './urgent-act.ts';
import { subjectOf } from './urgent-act.ts';
import { isNotNow, UrgentKeeper } from './urgent-keeper.ts';

/** A database that is held is waited for so long: the loudspeakers are to hear within five seconds. */
const DATABASE_PATIENCE_MS: Milliseconds = 1_500;
/** The answer to a person waits so long for the broker at most. */
const BROKER_PATIENCE_MS: Milliseconds = 1_000;
/** An answer that is already stored is looked for so long. */
const ANSWER_PATIENCE_MS: Milliseconds = 500;
/** Done as good as: it will be in the database soon. */
const ACCEPTED = 202;

/** An act made without the database: what it does, what is answered, and what is told here once it is durable. */
export interface UrgentPlan<Body> {
  readonly effect: UrgentEffect;
  readonly body: Body;
  readonly inForce: () => void;
}

export interface UrgentRequest<Body> {
  readonly subject: string;
  /** Makes and signs the act from what can be read. Throws what the ordinary way would throw. */
  readonly plan: () => Promise<UrgentPlan<Body>>;
}

export interface UrgentOutcome<Body> extends ActOutcome<Body> {
  /** Where it is durable: the file is brought into the database as soon as that takes it. */
  readonly kept: 'database' | 'file';
}

export interface UrgentActsOptions {
  readonly acts: Acts;
  /** `owned`: whether no other controller may be working on this database; only then is anything said without it. */
  readonly storage: Storage & { readonly owned: boolean };
  readonly log: UrgentLog;
  readonly pending: PendingActs;
  readonly cancels: UrgentHandler<UrgentCancel>;
  readonly speakerChanges: UrgentHandler<UrgentSpeakerChange>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * Acts that must reach loudspeakers at once. They are done as every act is; when the database is held or its disk is full, they are signed, synced to a
 * file of their own, in force here and published, in this order, and the database has them later: each once, with its audit entry and the answer for a retry.
 */
export class UrgentActs extends Lifecycle {
  readonly #options: UrgentActsOptions;
  readonly #keeper: UrgentKeeper<UrgentAct>;
  readonly #turns = new Exclusive();
  /** One act after the other on each subject: none may be planned on what another is about to change. */
  readonly #subjects = new Map<string, { readonly turns: Exclusive; users: number }>();

  constructor(options: UrgentActsOptions) {
    super();
    this.#options = options;
    this.#keeper = new UrgentKeeper({
      ...{ name: 'urgent acts', clock: options.clock, onError: options.onError },
      save: (act) => this.#save(act),
      subjectOf: ({ effect }) => subjectOf(effect),
    });
  }

  protected async onStart(): Promise<void> {
    const { log, storage, pending } = this.#options;
    const entries = await log.read();
    const done = new Set(entries.flatMap((entry) => ('done' in entry ? [entry.done] : [])));
    for (const entry of entries) {
      if (!('act' in entry) || done.has(entry.act.id)) continue;
      const { act } = entry;
      if (await isIn(storage.read, act)) await this.#markDone(act);
      else {
        pending.add(act);
        this.#keeper.put(act);
      }
    }
    this.disposers.defer('urgent keeper', () => this.#keeper.stop());
    await this.#keeper.start();
    this.#sendAll();
  }

  /** How many acts the database has not taken yet. */
  get waiting(): number {
    return this.#keeper.due.length;
  }

  /** The broker is there again: what the database has not is published again. */
  kick(): void {
    if (this.running) this.#sendAll();
  }

  /**
   * Performs `work` as `Acts.perform` does, or without the database what `urgent` plans. Throws what `Acts.perform` and the plan throw; `storage.busy` or
   * `storage.disk_full` when not even the file takes it: then nothing was done.
   */
  perform<Body>(
    request: ActRequest,
    work: (tx: Transaction) => Promise<ActResult<Body>>,
    urgent: UrgentRequest<Body>,
  ): Promise<UrgentOutcome<Body>> {
    return this.#inTurn(urgent.subject, async () => {
      const { acts, storage, pending } = this.#options;
      let reason: unknown = new DomainError('storage.busy');
      if (!pending.has(urgent.subject) || !storage.owned)
        try {
          const patienceMs = DATABASE_PATIENCE_MS;
          return { ...(await acts.perform(request, work, undefined, { patienceMs })), kept: 'database' };
        } catch (error) {
          if (!isNotNow(error) || !storage.owned) throw error;
          reason = error;
        }
      return this.#performNow(request, urgent, reason);
    });
  }

  async #performNow<Body>(
    { actor, key, requestHash }: ActRequest,
    { plan }: UrgentRequest<Body>,
    reason: unknown,
  ): Promise<UrgentOutcome<Body>> {
    const { pending, clock, log, onError } = this.#options;
    const made = await this.#turns.run(async () => {
      const known = pending.answering(actor.name, key) ?? (await this.#answered(actor.name, key));
      if (known !== null) {
        if (known.requestHash !== requestHash) throw new DomainError('request.key_reused', { key });
        // The same request has the same answer's shape: the request hash was compared.
        return { known, body: JSON.parse(known.body) as Body };
      }
      const { effect, body, inForce } = await plan();
      const at = Math.floor(clock.now());
      const act: UrgentAct = {
        ...{ id: newId('urg', at), at, actor: actor.name, role: rolesOf(actor), key, requestHash },
        ...(actor.origin === undefined ? {} : { origin: actor.origin }),
        ...{ status: ACCEPTED, body: JSON.stringify(body), effect },
      };
      try {
        await log.append({ act }, () => this.#worthKeeping());
      } catch (error) {
        onError(error);
        throw reason;
      }
      pending.add(act);
      this.#keeper.put(act);
      inForce();
      return { act, body };
    });
    const { body } = made;
    if (made.act === undefined) {
      const { status } = made.known;
      return { status, body, replayed: true, kept: 'effect' in made.known ? 'file' : 'database' };
    }
    await this.#send(made.act);
    return { status: ACCEPTED, body, replayed: false, kept: 'file' };
  }

  /** The stored answer of a request. A lock that keeps readers out keeps nothing else up: done twice, such an act is in force once. */
  async #answered(actor: string, key: string): Promise<StoredAnswer | null> {
    const { storage, clock } = this.#options;
    const answered = storage.read.idempotency.get(actor, key).catch(() => null);
    return (await within(clock, ANSWER_PATIENCE_MS, answered)) ?? null;
  }

  /** Resolves when the broker has taken it, or after a second. One that it did not take goes out when it is there again. */
  async #send(act: UrgentAct): Promise<void> {
    const { clock } = this.#options;
    const sent = this.#publish(act);
    this.background(sent, this.#options.onError);
    await within(
      clock,
      BROKER_PATIENCE_MS,
      sent.catch(() => undefined),
    );
  }

  #sendAll(): void {
    for (const act of this.#keeper.due) this.background(this.#publish(act), this.#options.onError);
  }

  async #publish({ effect }: UrgentAct): Promise<void> {
    const { cancels, speakerChanges } = this.#options;
    try {
      if (effect.kind === 'cancel') await cancels.send(effect);
      else await speakerChanges.send(effect);
    } catch (error) {
      if (!isDomainError(error, 'message.disconnected')) throw error;
    }
  }

  async #save(act: UrgentAct): Promise<void> {
    const { storage, pending, onError } = this.#options;
    try {
      await storage.transaction((tx) => this.#apply(tx, act));
    } catch (error) {
      if (isNotNow(error) || !isDomainError(error)) throw error;
      // What it was about is not there any more, in a database restored from a backup: it can never be taken.
      onError(error);
    }
    pending.remove(act);
    await this.#markDone(act);
  }

  async #apply(tx: Transaction, act: UrgentAct): Promise<void> {
    const { cancels, speakerChanges } = this.#options;
    const { actor, key, requestHash, status, body, at, effect } = act;
    const kept = await tx.idempotency.get(actor, key);
    if (kept?.requestHash === requestHash) return;
    if (effect.kind === 'cancel') await cancels.apply(tx, act, effect);
    else await speakerChanges.apply(tx, act, effect);
    if (kept === null) await tx.idempotency.put({ actor, key, requestHash, status, body, createdAt: at });
  }

  async #markDone({ id }: UrgentAct): Promise<void> {
    try {
      await this.#options.log.append({ done: id }, () => this.#worthKeeping(id));
    } catch (error) {
      // The stored answer tells it as well, for as long as that is kept.
      this.#options.onError(error);
    }
  }

  #worthKeeping(done?: string): UrgentEntry[] {
    return this.#keeper.due.filter(({ id }) => id !== done).map((act) => ({ act }));
  }

  async #inTurn<Result>(subject: string, work: () => Promise<Result>): Promise<Result> {
    const queue = this.#subjects.get(subject) ?? { turns: new Exclusive(), users: 0 };
    this.#subjects.set(subject, queue);
    queue.users += 1;
    try {
      return await queue.turns.run(work);
    } finally {
      queue.users -= 1;
      if (queue.users === 0) this.#subjects.delete(subject);
    }
  }
}

/** What a promise comes to; undefined when that takes longer. */
async function within<Result>(
  clock: Clock,
  limitMs: Milliseconds,
  result: Promise<Result>,
): Promise<Result | undefined> {
  const done = new AbortController();
  const patience = delay(clock, 'urgent acts: patience', limitMs, done.signal).catch(() => undefined);
  const first = await Promise.race([result, patience.then(() => undefined)]);
  done.abort();
  return first;
}

/** Whether the database has an act already: its answer was stored with it. */
async function isIn(read: Storage['read'], { actor, key, requestHash }: UrgentAct): Promise<boolean> {
  return (await read.idempotency.get(actor, key))?.requestHash === requestHash;
}
