import { type Clock, type Instant, Lifecycle, type Timer } from '#kit';
import {
  type Health,
  type HealthReport,
  type Hello,
  heldHash,
  isDomainError,
  joinHealth,
  needsSignature,
  type Presence,
} from '#protocols';
import { areaOf, type SpeakerAreas } from '../deliveries/observer.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Storage } from '../unit-of-work.ts';
import { outputOf, type Speaker, type SpeakerStatus } from './speaker.ts';

/** Changes are written together, this often. */
const FLUSH_MS = 250;
/** Statuses of one write transaction. */
const SLICE = 200;
/** How far a connection's number, which is a wall clock's, may be ahead of ours without a hello. */
const AHEAD_MS = 3_600_000;
/** So long a loudspeaker in whose name somebody spoke is to be looked at. */
const SUSPECTED_MS = 24 * 3_600_000;
/** Pause after the database was found held. */
const BUSY_MS = 1_000;

export interface PresenceServiceOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly areas: SpeakerAreas;
  readonly live: LiveEvents;
  readonly onError: (error: unknown) => void;
}

/** Which word of what it holds a speaker said last, of which connection. */
interface LastWord {
  readonly sessionEpoch: number;
  readonly n: number;
}

/**
 * How each speaker is: link, condition, last report. Held in memory, written in batches; a speaker has one entry however often it reports, so a
 * database that is held costs no memory. Messages of an older connection change nothing: its session epoch is lower. Nor does what a speaker
 * said of what it holds before the last: old words that are said again are true and no news. Only signed words begin a connection's number.
 */
export class PresenceService extends Lifecycle {
  readonly #options: PresenceServiceOptions;
  readonly #statuses = new Map<string, SpeakerStatus>();
  readonly #dirty = new Set<string>();
  /** The newest report of each speaker that is not in the history yet. */
  readonly #reports = new Map<string, Health>();
  readonly #lastWords = new Map<string, LastWord>();
  /** When somebody last spoke in a speaker's name without its key. */
  readonly #suspected = new Map<string, Instant>();
  #timer: Timer | undefined;
  #open = false;

  constructor(options: PresenceServiceOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { storage } = this.#options;
    // Nobody has been heard yet: we were away ourselves.
    await storage.transaction((tx) => tx.speakers.forgetLinks());
    this.#statuses.clear();
    this.#lastWords.clear();
    for (const status of await storage.read.speakers.statuses()) {
      const { speakerId, health } = status;
      this.#statuses.set(speakerId, status);
      if (health !== null) this.#isNews(speakerId, health);
    }
    this.#open = true;
    this.disposers.defer('presence', async () => {
      this.#open = false;
      this.#timer?.cancel();
      this.#timer = undefined;
      await this.idle();
      await this.#flush();
    });
  }

  /** How a speaker is as far as it said; undefined before its first hello. */
  statusOf(speakerId: string): SpeakerStatus | undefined {
    return this.#statuses.get(speakerId);
  }

  isOnline(speakerId: string): boolean {
    return this.#statuses.get(speakerId)?.link === 'online';
  }

  /** Speakers by link, for metrics. */
  get links(): { readonly online: number; readonly offline: number; readonly unknown: number } {
    const links = { online: 0, offline: 0, unknown: 0 };
    for (const { link } of this.#statuses.values()) links[link] += 1;
    return links;
  }

  /** A connection began, or goes on with other areas. Proved. */
  hello(speakerId: string, hello: Hello): void {
    const before = this.#known(speakerId);
    if (hello.sessionEpoch < before.sessionEpoch) return;
    if (!this.#isNews(speakerId, hello)) {
      // Overtaken by a report of the same connection, which says all of it but this.
      this.#set({ ...before, capabilities: hello.capabilities });
      return;
    }
    this.#set({
      ...before,
      sessionEpoch: hello.sessionEpoch,
      link: 'online',
      lastSeenAt: this.#now(),
      agentVersion: hello.agentVersion,
      capabilities: hello.capabilities,
      heldAssignmentHash: hello.assignment?.hash ?? null,
      heldHash: heldHash(hello.held),
    });
  }

  /** Somebody came with its secret and another key: it is to be looked at, and nothing that was said counts. */
  stranger(speakerId: string): void {
    const known = this.#known(speakerId);
    this.#suspected.set(speakerId, this.#now());
    if (known.condition !== 'degraded') this.#set({ ...known, condition: 'degraded' });
  }

  /** It has another key now: what came with others before is explained. */
  enrolled(speakerId: string): void {
    this.#suspected.delete(speakerId);
  }

  /** Its own good reports do not make it forgotten. */
  #isSuspected(speakerId: string): boolean {
    return this.#now() - (this.#suspected.get(speakerId) ?? Number.NEGATIVE_INFINITY) < SUSPECTED_MS;
  }

  /**
   * A heartbeat came, proved where it says what is held. Gives back the whole health that it tells of; undefined when it is of an older
   * connection, was said before, or leaves out what we do not know: then it is no more than a sign of life, and a whole one comes within the hour.
   */
  health(speakerId: string, report: HealthReport): Health | undefined {
    const signed = needsSignature('health', report);
    const before = signed ? this.#known(speakerId) : this.#current(speakerId, report.sessionEpoch);
    if (before === undefined || report.sessionEpoch < before.sessionEpoch) return undefined;
    if (signed && !this.#isNews(speakerId, report)) return undefined;
    const alive = {
      ...before,
      sessionEpoch: signed ? report.sessionEpoch : before.sessionEpoch,
      link: 'online',
      lastSeenAt: this.#now(),
    } as const;
    const health = joinHealth(before.health, report);
    if (health === undefined) {
      this.#set(alive);
      return undefined;
    }
    this.#reports.set(speakerId, health);
    this.#set({
      ...alive,
      condition:
        health.problems.length === 0 && health.output.ok && !this.#isSuspected(speakerId) ? 'ok' : 'degraded',
      agentVersion: health.agentVersion,
      // Of what is held only a signed word tells.
      ...(signed ? { heldAssignmentHash: health.assignment?.hash ?? null, heldHash: health.held } : {}),
      health,
    });
    return health;
  }

  /** A connection ended, or says that it is there. */
  presence(speakerId: string, { sessionEpoch, online }: Presence): void {
    const before = this.#current(speakerId, sessionEpoch);
    if (before === undefined) return;
    this.#set({
      ...before,
      link: online ? 'online' : 'offline',
      lastSeenAt: online ? this.#now() : before.lastSeenAt,
    });
  }

  /** What a speaker's record says of its output: holds are ours, and in force from the moment they are entered. */
  saved(speaker: Speaker): void {
    const before = this.#statuses.get(speaker.id);
    if (before === undefined) return;
    const output = outputOf(speaker, this.#options.clock.now());
    if (before.output !== output) this.#set({ ...before, output });
  }

  /**
   * The status that an unsigned message changes, or undefined when it is of an older connection, or of one that has not said hello and whose
   * number no clock explains.
   */
  #current(speakerId: string, sessionEpoch: number): SpeakerStatus | undefined {
    const known = this.#known(speakerId);
    if (sessionEpoch < known.sessionEpoch) return undefined;
    return sessionEpoch > Math.max(known.sessionEpoch, this.#now() + AHEAD_MS) ? undefined : known;
  }

  /** Whether a speaker has not said this, or something later, before; from now on it has. */
  #isNews(speakerId: string, { sessionEpoch, n = 0 }: Pick<HealthReport, 'sessionEpoch' | 'n'>): boolean {
    const last = this.#lastWords.get(speakerId);
    if (last !== undefined) {
      if (sessionEpoch < last.sessionEpoch) return false;
      if (sessionEpoch === last.sessionEpoch && n <= last.n) return false;
    }
    this.#lastWords.set(speakerId, { sessionEpoch, n });
    return true;
  }

  #known(speakerId: string): SpeakerStatus {
    const known = this.#statuses.get(speakerId);
    if (known !== undefined) return known;
    return {
      speakerId,
      sessionEpoch: 0,
      link: 'unknown',
      condition: 'ok',
      output: 'normal',
      lastSeenAt: null,
      agentVersion: null,
      capabilities: [],
      heldAssignmentHash: null,
      heldHash: null,
      health: null,
    };
  }

  #set(status: SpeakerStatus): void {
    const { speakerId, link } = status;
    const before = this.#statuses.get(speakerId)?.link;
    this.#statuses.set(speakerId, status);
    this.#dirty.add(speakerId);
    this.#flushAfter(FLUSH_MS);
    if (before !== link)
      this.#options.live.publish('speaker.changed', {
        speakerId,
        areaId: areaOf(this.#options.areas, speakerId),
        link,
      });
  }

  #flushAfter(delayMs: number): void {
    if (!this.#open || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.setTimer('presence: flush', delayMs, () => {
      this.background(this.#flushInTurn(), this.#options.onError);
    });
  }

  async #flushInTurn(): Promise<void> {
    let pauseMs = FLUSH_MS;
    try {
      await this.#flush();
    } catch (error) {
      pauseMs = BUSY_MS;
      if (!isDomainError(error, 'storage.busy')) throw error;
    } finally {
      this.#timer = undefined;
      if (this.#dirty.size > 0 || this.#reports.size > 0) this.#flushAfter(pauseMs);
    }
  }

  async #flush(): Promise<void> {
    while (this.#dirty.size > 0 || this.#reports.size > 0) {
      const ids = [...this.#dirty].slice(0, SLICE);
      const statuses = ids.flatMap((id) => this.#statuses.get(id) ?? []);
      const reports = [...this.#reports].slice(0, SLICE);
      await this.#options.storage.transaction(async (tx) => {
        if (statuses.length > 0) await tx.speakers.saveStatuses(statuses);
        if (reports.length > 0)
          await tx.speakers.saveHealth(reports.map(([speakerId, health]) => ({ speakerId, health })));
      });
      // What changed meanwhile stays to be written.
      for (const status of statuses)
        if (this.#statuses.get(status.speakerId) === status) this.#dirty.delete(status.speakerId);
      for (const [id, health] of reports) if (this.#reports.get(id) === health) this.#reports.delete(id);
    }
  }

  #now(): number {
    return Math.floor(this.#options.clock.now());
  }
}
