import { type Clock, Lifecycle } from '#kit';
import { DomainError, type HealthReport, type Hello, isDomainError, keyId, type Welcome } from '#protocols';
import type { JournalIngest } from '../deliveries/journal-ingest.ts';
import type { JournalPositions } from '../deliveries/journal-positions.ts';
import { provedWords, type ReceivedWord, type Said, wordBytes } from '../deliveries/proved-words.ts';
import { SliceWorker } from '../deliveries/slice-worker.ts';
import type { SpeakerKeys } from '../deliveries/speaker-keys.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import type { SpeakerKey } from '../enrolment/enrolment.ts';
import type { HeldHealer } from '../plans/held-healer.ts';
import type { Storage } from '../unit-of-work.ts';
import { NOTHING_PENDING, type PendingSpeakers } from '../urgent/pending-acts.ts';
import type { AssignmentService } from './assignment.ts';
import { HelloKeys } from './hello-keys.ts';
import type { PresenceService } from './presence.ts';
import type { Speaker, StoredJournal } from './speaker.ts';

/** Hellos answered together, and how long the first waits for others: a mass reconnect reads each table once per slice. */
const SLICE = 200;
const COLLECT_MS = 5;
/** Every loudspeaker of a large controller, several times. */
const CAPACITY_BYTES = 64 * 1024 * 1024;

export interface HelloServiceOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly publisher: OrderPublisher;
  readonly presence: PresenceService;
  readonly assignments: AssignmentService;
  readonly keys: SpeakerKeys;
  readonly positions: JournalPositions;
  readonly journal: Pick<JournalIngest, 'reconnected' | 'sendBack'>;
  readonly dispatcher: Pick<Dispatcher, 'sendDue'>;
  /** Plan heads and latches. */
  readonly held: Pick<HeldHealer, 'greet' | 'heartbeat'>;
  /** What is in force and not in the database yet; nothing by default. */
  readonly pending?: PendingSpeakers;
  /** Tells it where it belongs, where that is elsewhere. */
  readonly rehomes: { greet(speakerId: string): void };
  /** Ends a speaker's connection. */
  readonly disconnect: (speakerId: string) => void;
  /** Told once of each hello that is not signed with the key that it shows. */
  readonly onForged: (name: 'hello', speakerId: string) => void;
  readonly onError: (error: unknown) => void;
}

interface Greeting extends ReceivedWord {
  readonly hello: Hello;
}

type Held = Hello['assignment'];

/**
 * Brings a speaker and the controller up to date with each other: at every hello the welcome with the stored journal position, the
 * assignment, plan heads, latches and the unanswered orders; at every heartbeat whatever got lost since.
 */
export class HelloService extends Lifecycle {
  readonly #options: HelloServiceOptions;
  readonly #shownKeys: HelloKeys;
  readonly #worker: SliceWorker<Greeting>;
  /** Stored position at the last heartbeat that found a journal behind. */
  readonly #behind = new Map<string, number>();
  /** Speakers that were asked for their assignment on this connection. */
  readonly #asked = new Map<string, number>();

  constructor(options: HelloServiceOptions) {
    super();
    this.#options = options;
    const { storage, clock, keys, presence, onError } = options;
    this.#shownKeys = new HelloKeys({
      storage,
      clock,
      keys,
      onFirst: (speakerId) => presence.enrolled(speakerId),
    });
    this.#worker = new SliceWorker<Greeting>({
      name: 'hello',
      clock,
      sliceWeight: SLICE,
      size: wordBytes,
      capacity: CAPACITY_BYTES,
      collectMs: COLLECT_MS,
      work: (greetings) => this.#greet(greetings),
      onFailed: (_greeting, error) => onError(error),
    });
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('hellos', () => this.#worker.stop());
    await this.#worker.start();
  }

  /** Takes a hello. Throws `message.overflow` when too many wait: the speaker says hello again. */
  take(speakerId: string, hello: Hello, said: Said): void {
    if (!this.#worker.offer({ speakerId, hello, said }))
      throw new DomainError('message.overflow', { topic: 'hello', limit: CAPACITY_BYTES });
  }

  /** Takes a heartbeat, whose signature is proved where it needs one, and heals what it shows to be lost. */
  heartbeat(speakerId: string, report: HealthReport): void {
    const { presence, positions, journal, onError } = this.#options;
    const health = presence.health(speakerId, report);
    if (health === undefined) return;
    const { epoch, lastSeq } = health.journal;
    const stored = positions.known(speakerId);
    const storedSeq = stored?.epoch === epoch ? stored.seq : 0;
    if (stored === undefined || storedSeq >= lastSeq) this.#behind.delete(speakerId);
    // Behind by the same entry twice in a row: what was sent is not under way any more.
    else if (this.#behind.get(speakerId) !== storedSeq) this.#behind.set(speakerId, storedSeq);
    else {
      this.#behind.delete(speakerId);
      this.background(journal.sendBack(speakerId, epoch), onError);
    }
    this.#options.held.heartbeat(speakerId, health.held);
    if (!this.#options.assignments.isCurrent(speakerId, health.assignment?.hash))
      this.background(this.#compare(speakerId, health.assignment), onError);
  }

  async #greet(received: readonly Greeting[]): Promise<void> {
    const { storage, presence, positions, journal, onForged } = this.#options;
    const greetings = await provedWords(received, {
      keyOf: ({ speakerId, hello }) => this.#shownKey(speakerId, hello.publicKey),
      onForged: ({ speakerId }) => onForged('hello', speakerId),
    });
    if (greetings.length === 0) return;
    const strangers = await this.#shownKeys.check(
      greetings.map(({ speakerId, hello }) => ({
        speakerId,
        keyId: keyId(hello.publicKey),
        publicKey: hello.publicKey,
      })),
    );
    const ids = [...new Set(greetings.map(({ speakerId }) => speakerId))];
    await positions.load(ids, storage.read);
    const speakers = new Map((await this.#speakers(ids)).map((one) => [one.id, one]));
    for (const { speakerId, hello } of greetings) {
      const speaker = speakers.get(speakerId);
      if (speaker === undefined) continue;
      if (strangers.has(speakerId)) {
        // It has the secret and not the key: another machine. It learns nothing and moves nothing.
        presence.stranger(speakerId);
        this.#options.disconnect(speakerId);
        continue;
      }
      this.#options.assignments.seen(speaker);
      presence.hello(speakerId, hello);
      journal.reconnected(speakerId);
      this.#behind.delete(speakerId);
      await this.#welcome(speaker, hello);
    }
  }

  /** The key that a hello shows, and has to be signed with; whether it is the enrolled one is asked afterwards. */
  #shownKey(speakerId: string, publicKey: string): SpeakerKey {
    const enrolled = this.#options.keys.of(speakerId);
    return enrolled?.publicKey === publicKey ? enrolled : { keyId: keyId(publicKey), publicKey };
  }

  async #welcome(speaker: Speaker, hello: Hello): Promise<void> {
    const { positions, storage, dispatcher, onError } = this.#options;
    const stored = await positions.of(speaker.id, hello.journal.epoch, storage.read);
    const newer = isNewer(hello.assignment, speaker);
    const wantedHeld = await this.#options.held.greet(speaker.id, hello);
    const wantsAssignment = newer && hello.assignmentDocument === undefined;
    const welcome: Welcome = {
      v: 1,
      sessionEpoch: hello.sessionEpoch,
      journal: stored?.epoch === hello.journal.epoch ? kept(stored) : null,
      want: [...(wantsAssignment ? ['assignment'] : []), ...(wantedHeld === null ? [] : [wantedHeld])],
    };
    if (wantsAssignment) this.#asked.set(speaker.id, hello.sessionEpoch);
    this.#publish('welcome', speaker.id, welcome);
    if (newer && hello.assignmentDocument !== undefined)
      this.background(this.#overtake(speaker, hello.assignmentDocument), onError);
    else if (!newer) this.#bringUpToDate(speaker, hello.assignment);
    this.background(dispatcher.sendDue(speaker.id), onError);
    this.#options.rehomes.greet(speaker.id);
  }

  async #overtake(speaker: Speaker, document: string): Promise<void> {
    try {
      await this.#options.assignments.overtake(speaker.id, document);
    } catch (error) {
      // Not signed by our key: it does not move our revisions. The speaker gets ours and judges by itself.
      this.#options.assignments.send(speaker);
      this.#options.onError(error);
    }
  }

  /** A heartbeat's assignment against ours. */
  async #compare(speakerId: string, held: Held): Promise<void> {
    const { presence } = this.#options;
    const [speaker] = await this.#speakers([speakerId]);
    if (speaker === undefined) return;
    this.#options.assignments.seen(speaker);
    if (!isNewer(held, speaker)) {
      this.#bringUpToDate(speaker, held);
      return;
    }
    // Asked once per connection; a speaker that does not send it is not asked with every heartbeat.
    const sessionEpoch = presence.statusOf(speakerId)?.sessionEpoch ?? 0;
    if (this.#asked.get(speakerId) === sessionEpoch || sessionEpoch === 0) return;
    this.#asked.set(speakerId, sessionEpoch);
    const stored = this.#options.positions.known(speakerId) ?? null;
    const journal = stored === null ? null : kept(stored);
    this.#publish('welcome', speakerId, { v: 1, sessionEpoch, journal, want: ['assignment'] });
  }

  async #speakers(ids: readonly string[]): Promise<Speaker[]> {
    const { storage, pending = NOTHING_PENDING } = this.#options;
    return (await storage.read.speakers.list({ ids })).map((stored) => pending.speaker(stored));
  }

  #bringUpToDate(speaker: Speaker, held: Held): void {
    const { assignments } = this.#options;
    if (speaker.assignmentDocument === null) assignments.refreshSoon([speaker.id]);
    else if (held?.hash !== speaker.assignmentHash) assignments.send(speaker);
  }

  #publish(name: 'welcome', speakerId: string, welcome: Welcome): void {
    this.background(this.#options.publisher.publish(name, speakerId, welcome), (error) => {
      // The connection that waits for it is gone as well.
      if (!isDomainError(error, 'message.disconnected')) this.#options.onError(error);
    });
  }
}

/** Whether a speaker holds something that ours would not replace. */
function isNewer(held: Held, speaker: Speaker): boolean {
  if (held === null || held.hash === speaker.assignmentHash) return false;
  return held.revision >= speaker.assignmentRevision;
}

function kept({ epoch, seq, hash }: StoredJournal): NonNullable<Welcome['journal']> {
  return { epoch, seq, hash };
}
