import { type Clock, type Instant, Lifecycle, type Milliseconds, type Timer } from '#kit';
import {
  BROADCAST_STATES,
  type BroadcastState,
  isDomainError,
  isFinal,
  mayFollow,
  payloadOf,
} from '#protocols';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import { END_MARGIN_MS } from '../broadcasts/plan-broadcast.ts';
import type { Delivery } from '../deliveries/receipts.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Storage } from '../unit-of-work.ts';
import { type OrderedSound, soundOf } from './read-order.ts';
import {
  type BroadcastEnds,
  countViews,
  type DeliveryCounts,
  isOverAt,
  soundNow,
  verdict,
} from './verdict.ts';

/** After the hard end, for reports that are on their way. */
const GRACE_MS = 30_000;
/** Receipts of many speakers come together: a broadcast is counted this often at most. */
const COUNT_EVERY_MS = 200;
/** The longest sleep: a wall clock that was set forward is noticed. */
const LOOK_MS = 60_000;
const RETRY_MS = 1_000;

export interface BroadcastSettlerOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly live: LiveEvents;
  readonly onError: (error: unknown) => void;
  /** Time for reports after the hard end; 30 s by default. */
  readonly graceMs?: Milliseconds;
}

/**
 * Carries a broadcast's state on from what its deliveries have come to: on air with the first start; completed, partial or failed when all
 * are settled or nothing more can come. What a speaker reports afterwards brings the count up to date.
 */
export class BroadcastSettler extends Lifecycle {
  readonly #options: BroadcastSettlerOptions;
  readonly #graceMs: Milliseconds;
  /** Undecided broadcasts and when their time may be up. */
  readonly #watched = new Map<string, Instant>();
  readonly #touched = new Set<string>();
  #timer: Timer | undefined;
  #counting: Timer | undefined;
  #open = false;

  constructor(options: BroadcastSettlerOptions) {
    super();
    this.#options = options;
    this.#graceMs = options.graceMs ?? GRACE_MS;
  }

  protected async onStart(): Promise<void> {
    this.#open = true;
    this.disposers.defer('settling', () => {
      this.#open = false;
      this.#timer?.cancel();
      this.#counting?.cancel();
      this.#counting = undefined;
    });
    for (const broadcast of await this.#options.storage.read.broadcasts.open()) {
      // Looked at first of all: when its ordinary end is, is known then.
      this.#watched.set(broadcast.id, broadcast.hardEndAt + this.#graceMs);
      this.#touch(broadcast.id);
    }
    this.#arm();
  }

  /** Follows a broadcast until it is decided. */
  async watch(broadcastId: string): Promise<void> {
    const broadcast = await this.#options.storage.read.broadcasts.get(broadcastId);
    if (broadcast === null || isSettled(broadcast.state)) return;
    const ends = this.#endsOf(broadcast, await this.#sound(broadcastId));
    this.#lookAgain(broadcastId, ends, this.#options.clock.now());
  }

  /** Deliveries have changed. */
  changed(deliveries: readonly Delivery[]): void {
    for (const { broadcastId } of deliveries) this.#touch(broadcastId);
  }

  #touch(broadcastId: string): void {
    this.#touched.add(broadcastId);
    this.#countAfter(COUNT_EVERY_MS);
  }

  #countAfter(delayMs: Milliseconds): void {
    if (!this.#open || this.#counting !== undefined) return;
    this.#counting = this.#options.clock.setTimer('broadcasts: count', delayMs, () => {
      this.background(this.#count(), this.#options.onError);
    });
  }

  async #count(): Promise<void> {
    const ids = [...this.#touched];
    this.#touched.clear();
    let retryMs: Milliseconds | undefined;
    try {
      while (ids.length > 0) {
        await this.#decide(ids[0] as string);
        ids.shift();
      }
    } catch (error) {
      for (const id of ids) this.#touched.add(id);
      retryMs = RETRY_MS;
      if (!isDomainError(error, 'storage.busy')) throw error;
    } finally {
      this.#counting = undefined;
      if (this.#touched.size > 0) this.#countAfter(retryMs ?? COUNT_EVERY_MS);
    }
  }

  async #decide(broadcastId: string): Promise<void> {
    const { storage, clock } = this.#options;
    const broadcast = await storage.read.broadcasts.get(broadcastId);
    if (broadcast === null || isFinal(BROADCAST_STATES, broadcast.state)) {
      this.#watched.delete(broadcastId);
      return;
    }
    const counts = await storage.read.receipts.counts(broadcastId);
    const now = clock.now();
    const sound = await this.#sound(broadcastId);
    const ends = this.#endsOf(broadcast, sound);
    const triesOn = now < broadcast.hardEndAt && triesAgain(broadcast, counts);
    const facts = {
      targetCount: broadcast.targetCount,
      over: isOverAt(now, ends, counts) && !triesOn,
      mayGoOn: triesOn || (now < broadcast.hardEndAt && sound.count > 1),
    };
    let result = verdict({ ...facts, counts });
    // A loudspeaker that was not meant may have reported too, and speaks for no other: what is settled now is counted on the targets alone.
    const sounds = soundNow(counts);
    if (result !== null && steps(broadcast.state, sounds, result).includes(result))
      result = verdict({ ...facts, counts: await this.#countTargets(broadcastId) });
    if (result !== null) this.#watched.delete(broadcastId);
    else this.#lookAgain(broadcastId, ends, now);
    await this.#advance(broadcast, steps(broadcast.state, sounds, result));
  }

  async #countTargets(broadcastId: string): Promise<DeliveryCounts> {
    const { broadcasts, receipts } = this.#options.storage.read;
    const targets = new Set((await broadcasts.snapshot(broadcastId))?.speakerIds);
    const deliveries = await receipts.ofBroadcast(broadcastId);
    return countViews(deliveries.filter(({ speakerId }) => targets.has(speakerId)).map(({ view }) => view));
  }

  async #sound(broadcastId: string): Promise<OrderedSound> {
    const { broadcasts, plans } = this.#options.storage.read;
    const slot = await plans.slot(broadcastId);
    if (slot !== null) return soundOf(slot.line);
    // All say the same but for whom they are for.
    const order = (await broadcasts.orders(broadcastId)).find(({ kind }) => kind === 'play');
    return order === undefined ? { count: 1, lengthMs: null } : soundOf(payloadOf(order.document));
  }

  #endsOf({ latestStartAt, hardEndAt }: Broadcast, { lengthMs }: OrderedSound): BroadcastEnds {
    const ordinary = lengthMs === null ? hardEndAt : latestStartAt + lengthMs + END_MARGIN_MS;
    return { ordinary: Math.min(ordinary, hardEndAt) + this.#graceMs, hard: hardEndAt + this.#graceMs };
  }

  #lookAgain(broadcastId: string, { ordinary, hard }: BroadcastEnds, now: Instant): void {
    const at = now < ordinary ? ordinary : hard;
    if (this.#watched.get(broadcastId) === at) return;
    this.#watched.set(broadcastId, at);
    this.#arm();
  }

  async #advance(broadcast: Broadcast, path: readonly BroadcastState[]): Promise<void> {
    if (path.length === 0) return;
    const { storage, live } = this.#options;
    const reached = await storage.transaction(async (tx) => {
      let from = broadcast.state;
      for (const to of path) {
        // Somebody was faster, a person who cancelled: theirs holds.
        if (!(await tx.broadcasts.transition(broadcast.id, [from], to))) return null;
        from = to;
      }
      return from;
    });
    const { id: broadcastId, areaId } = broadcast;
    if (reached !== null) live.publish('broadcast.changed', { broadcastId, areaId, state: reached });
  }

  #arm(): void {
    if (!this.#open) return;
    const { clock, onError } = this.#options;
    this.#timer?.cancel();
    const now = clock.now();
    const next = Math.min(now + LOOK_MS, ...this.#watched.values());
    this.#timer = clock.setTimer('broadcasts: time is up', Math.max(1, next - now), () => {
      const at = clock.now();
      for (const [id, until] of this.#watched) if (until <= at) this.#timeUp(id, at);
      try {
        this.#arm();
      } catch (error) {
        onError(error);
      }
    });
  }

  /** Looked at once more after a pause, should the database be held just now. */
  #timeUp(broadcastId: string, at: Instant): void {
    this.#watched.set(broadcastId, at + LOOK_MS);
    this.#touch(broadcastId);
  }
}

/** A loudspeaker tries an emergency again after a fault, until it sounds or is over: its `failed` is not its last word. */
function triesAgain({ priority }: Broadcast, { failed = 0 }: DeliveryCounts): boolean {
  return priority === 'emergency' && failed > 0;
}

function isSettled(state: BroadcastState): boolean {
  return state === 'partial' || state === 'failed' || state === 'missed' || isFinal(BROADCAST_STATES, state);
}

/** The states to go through, in the table's steps. Empty where nothing changes. */
export function steps(
  from: BroadcastState,
  sound: 'sounding' | 'interrupted' | null,
  result: 'completed' | 'partial' | 'failed' | null,
): BroadcastState[] {
  const path: BroadcastState[] = [];
  let at = from;
  const go = (to: BroadcastState) => {
    if (at === to || !mayFollow(BROADCAST_STATES, at, to)) return;
    path.push(to);
    at = to;
  };
  // Sound without a published order: the controller stopped between publishing and marking.
  if (sound !== null) go('issued');
  if (sound !== null && at === 'issued') go('on_air');
  if (result !== null) go(result);
  else if (sound === 'interrupted') go('interrupted');
  else if (sound === 'sounding' && at === 'interrupted') go('resumed');
  return path;
}
