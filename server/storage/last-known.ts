import type { Clock, Milliseconds } from '#kit';
import { BROADCAST_STATES, statesBefore } from '#protocols';
import type {
  Broadcast,
  BroadcastStore,
  StoredOrder,
  TargetSnapshot,
} from '../domain/broadcasts/broadcast.ts';
import type { Speaker, SpeakerStore } from '../domain/speakers/speaker.ts';
import type { Stores } from '../domain/unit-of-work.ts';
import type { UrgentReads } from '../domain/urgent/urgent-reads.ts';

/** What is over for so long is forgotten. */
const KEPT_MS: Milliseconds = 3_600_000;
const CANCELLABLE = statesBefore(BROADCAST_STATES, 'cancelled');

type Effects = (effect: () => void) => void;
/** Gives an object with some of its methods replaced; the others are its own. */
type Watched<Store extends object> = { readonly [Name in keyof Store]?: Store[Name] };

/**
 * Loudspeakers and the broadcasts that are not over, as they were last committed. One process owns the database, so what went through it is what
 * there is. For databases in which a foreign lock keeps readers out too (PostgreSQL's ACCESS EXCLUSIVE): a mute or a cancel does not wait for that.
 */
export class LastKnown implements UrgentReads {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #speakers = new Map<string, Speaker>();
  readonly #broadcasts = new Map<string, Broadcast>();
  readonly #snapshots = new Map<string, TargetSnapshot>();
  readonly #orders = new Map<string, readonly StoredOrder[]>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  readonly speakers: UrgentReads['speakers'] = {
    get: async (id) => this.#speakers.get(id) ?? null,
  };

  readonly broadcasts: UrgentReads['broadcasts'] = {
    get: async (id) => this.#broadcasts.get(id) ?? null,
    orders: async (id) => [...(this.#orders.get(id) ?? [])],
    snapshot: async (id) => this.#snapshots.get(id) ?? null,
  };

  /** Takes in what is stored. */
  async load({ speakers, broadcasts }: Pick<Stores, 'speakers' | 'broadcasts'>): Promise<void> {
    this.#speakers.clear();
    this.#broadcasts.clear();
    this.#snapshots.clear();
    this.#orders.clear();
    for (const speaker of await speakers.list()) this.#putSpeaker(speaker);
    for (const broadcast of await broadcasts.open()) {
      const { id } = broadcast;
      this.#broadcasts.set(id, broadcast);
      this.#orders.set(id, await broadcasts.orders(id));
      const snapshot = await broadcasts.snapshot(id);
      if (snapshot !== null) this.#snapshots.set(id, snapshot);
    }
  }

  /** The stores of a transaction: what is written through them is known here after its commit. */
  watch<Watchable extends Stores>(stores: Watchable, afterCommit: Effects): Watchable {
    return {
      ...stores,
      speakers: instead(stores.speakers, this.#watchSpeakers(stores.speakers, afterCommit)),
      broadcasts: instead(stores.broadcasts, this.#watchBroadcasts(stores.broadcasts, afterCommit)),
    };
  }

  #watchSpeakers(store: SpeakerStore, afterCommit: Effects): Watched<SpeakerStore> {
    const put = (speaker: Speaker) => afterCommit(() => this.#putSpeaker(speaker));
    return {
      insert: async (speaker) => {
        await store.insert(speaker);
        put(speaker);
      },
      update: async (speaker) => {
        await store.update(speaker);
        put(speaker);
      },
      registerKey: async (id, keyId, publicKey) => {
        const registered = await store.registerKey(id, keyId, publicKey);
        if (registered) afterCommit(() => this.#registered(id, keyId, publicKey));
        return registered;
      },
    };
  }

  #watchBroadcasts(store: BroadcastStore, afterCommit: Effects): Watched<BroadcastStore> {
    const put = (broadcast: Broadcast, snapshot: TargetSnapshot) =>
      afterCommit(() => {
        this.#forget();
        this.#broadcasts.set(broadcast.id, broadcast);
        this.#snapshots.set(broadcast.id, snapshot);
      });
    return {
      insert: async (broadcast: Broadcast, snapshot: TargetSnapshot) => {
        await store.insert(broadcast, snapshot);
        put(broadcast, snapshot);
      },
      rewrite: async (broadcast: Broadcast, snapshot: TargetSnapshot) => {
        await store.rewrite(broadcast, snapshot);
        put(broadcast, snapshot);
      },
      transition: async (id, from, to, cancelReason) => {
        const moved = await store.transition(id, from, to, cancelReason);
        if (moved)
          afterCommit(() => {
            const before = this.#broadcasts.get(id);
            if (before !== undefined)
              this.#broadcasts.set(id, {
                ...before,
                state: to,
                cancelReason: cancelReason ?? before.cancelReason,
              });
          });
        return moved;
      },
      insertOrder: async (order) => {
        await store.insertOrder(order);
        afterCommit(() =>
          this.#orders.set(order.broadcastId, [...(this.#orders.get(order.broadcastId) ?? []), order]),
        );
      },
    };
  }

  /** Without the signed document, the largest part: what is signed next differs from it anyway. */
  #putSpeaker(speaker: Speaker): void {
    this.#speakers.set(speaker.id, { ...speaker, assignmentDocument: null });
  }

  #registered(id: string, keyId: string, publicKey: string): void {
    const before = this.#speakers.get(id);
    if (before === undefined) return;
    const lifecycle = before.lifecycle === 'enrolled' ? 'active' : before.lifecycle;
    this.#speakers.set(id, { ...before, keyId, publicKey, lifecycle });
  }

  #forget(): void {
    const until = this.#clock.now() - KEPT_MS;
    for (const { id, state, hardEndAt } of this.#broadcasts.values()) {
      if (hardEndAt >= until || CANCELLABLE.includes(state)) continue;
      this.#broadcasts.delete(id);
      this.#snapshots.delete(id);
      this.#orders.delete(id);
    }
  }
}

function instead<Store extends object>(store: Store, methods: Watched<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}
