import { type Clock, Lifecycle } from '#kit';
import { type Assignment, assignmentCodec, DomainError, isDomainError, nextRevision } from '#protocols';
import { AreaTree } from '../areas/area.ts';
import { SliceWorker } from '../deliveries/slice-worker.ts';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import type { DocumentSigner } from '../keys/key-service.ts';
import { rulesOf, rulesRange } from '../policies/local-rules.ts';
import { policyOf } from '../policies/policy.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { NOTHING_PENDING, type PendingSpeakers } from '../urgent/pending-acts.ts';
import type { DesiredState, Speaker, SpeakerCredential } from './speaker.ts';

/** Who may connect and where each speaker lies: what the broker asks. */
export interface SpeakerAccess {
  put(credential: SpeakerCredential, areas: readonly string[]): void;
}

/** Assignments signed in one transaction. */
const SLICE = 100;
/** Speakers that may wait to be looked at: the largest controller twice over. */
const CAPACITY = 100_000;

export interface AssignmentServiceOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly keys: DocumentSigner;
  readonly publisher: OrderPublisher;
  readonly access: SpeakerAccess;
  /** Further addresses of the controller, for every speaker (see `Assignment.endpoints`). */
  readonly endpoints?: readonly string[];
  /** From where a stream may come beside the public Internet, for every speaker (see `Assignment.streams`). */
  readonly streams?: readonly string[];
  /** What is in force and not in the database yet; nothing by default. */
  readonly pending?: PendingSpeakers;
  readonly onError: (error: unknown) => void;
}

/** Keeps each speaker's signed desired state what its record and the territory ask for, and ahead of what it holds. */
export class AssignmentService extends Lifecycle {
  readonly #options: AssignmentServiceOptions;
  readonly #worker: SliceWorker<string>;
  /** Hash of each stored assignment that was seen, so that a healthy heartbeat asks no database. */
  readonly #hashes = new Map<string, string>();

  constructor(options: AssignmentServiceOptions) {
    super();
    this.#options = options;
    this.#worker = new SliceWorker({
      name: 'assignments',
      clock: options.clock,
      sliceWeight: SLICE,
      capacity: CAPACITY,
      collectMs: 0,
      work: async (ids) => options.storage.transaction((tx) => this.refresh(tx, [...new Set(ids)])),
      onFailed: (_id, error) => options.onError(error),
    });
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('assignments', () => this.#worker.stop());
    await this.#worker.start();
  }

  /** A speaker's record was saved: the broker hears at once, the assignment follows. */
  saved(speaker: Speaker, tree: AreaTree): void {
    const { areaId } = speaker;
    this.#options.access.put(credentialOf(speaker), tree.has(areaId) ? tree.ancestry(areaId) : []);
    this.refreshSoon([speaker.id]);
  }

  /** Looks at these speakers' assignments in a transaction of its own, soon. */
  refreshSoon(speakerIds: readonly string[]): void {
    for (const id of speakerIds)
      if (!this.#worker.offer(id))
        this.#options.onError(new DomainError('message.overflow', { topic: 'assignment', limit: CAPACITY }));
  }

  /**
   * Makes the assignments of these speakers what their records and the territory ask for now, in the caller's transaction: those that differ
   * from what is stored are signed with a higher revision and stored; after the commit the broker's table is brought up to date and they are published.
   */
  async refresh(tx: Transaction, speakerIds: readonly string[]): Promise<void> {
    if (speakerIds.length === 0) return;
    const tree = new AreaTree(await tx.areas.all());
    const ancestries = new Map<string, string[]>();
    for (const stored of await tx.speakers.list({ ids: speakerIds })) {
      const speaker = this.#pending.speaker(stored);
      const { areaId } = speaker;
      const areas = ancestries.get(areaId) ?? tree.ancestry(areaId);
      ancestries.set(areaId, areas);
      const desired = this.#desired(speaker, areas, tree);
      const changed = this.#says(desired, speaker.assignmentDocument)
        ? null
        : await this.#sign(speaker, desired, 0);
      if (changed !== null) await tx.speakers.update(changed);
      tx.afterCommit(() => {
        this.#options.access.put(credentialOf(changed ?? speaker), areas);
        if (changed !== null) this.#publish(changed);
      });
    }
  }

  /**
   * A speaker holds an assignment that is newer than ours, and sent it along: ours is made newer still. A controller restored from a backup
   * is thereby not refused. Counts only when our own key signed it. Throws what `verifyDocument` throws, `document.malformed`.
   */
  async overtake(speakerId: string, document: string): Promise<void> {
    const { storage, keys } = this.#options;
    const verified = await keys.verify('assignment', document);
    const held = assignmentCodec.parse(verified.payload);
    if (held.speakerId !== speakerId)
      throw new DomainError('message.wrong_sender', { speakerId, claimed: held.speakerId });
    await storage.transaction(async (tx) => {
      const [stored] = await tx.speakers.list({ ids: [speakerId] });
      if (stored === undefined)
        throw new DomainError('request.not_found', { what: 'speaker', id: speakerId });
      const speaker = this.#pending.speaker(stored);
      if (speaker.assignmentHash === verified.hash || speaker.assignmentRevision > held.revision) return;
      const tree = new AreaTree(await tx.areas.all());
      const areas = tree.ancestry(speaker.areaId);
      const desired = this.#desired(speaker, areas, tree);
      const changed = await this.#sign(speaker, desired, held.revision);
      await tx.speakers.update(changed);
      tx.afterCommit(() => this.#publish(changed));
    });
  }

  /** Sends a speaker the assignment that is stored. */
  send(speaker: Speaker): void {
    this.#publish(speaker);
  }

  /**
   * A speaker's record with the assignment that it and the territory ask for, signed with a higher revision where it is another than the record's.
   * Nothing is stored.
   */
  async signed(speaker: Speaker, tree: AreaTree): Promise<Speaker> {
    const desired = this.#desired(speaker, tree.ancestry(speaker.areaId), tree);
    return this.#says(desired, speaker.assignmentDocument) ? speaker : this.#sign(speaker, desired, 0);
  }

  /** Publishes an assignment; rejects when the broker did not take it. */
  async sendDocument(
    id: string,
    { assignmentHash, assignmentDocument }: Pick<Speaker, 'assignmentHash' | 'assignmentDocument'>,
  ): Promise<void> {
    if (assignmentDocument === null) return;
    this.seen({ id, assignmentHash });
    await this.#options.publisher.publish('assignment', id, assignmentDocument);
  }

  /** Remembers what was read of a speaker. */
  seen({ id, assignmentHash }: Pick<Speaker, 'id' | 'assignmentHash'>): void {
    if (assignmentHash !== null) this.#hashes.set(id, assignmentHash);
  }

  /** Whether this is the assignment in force, as far as it is in memory. */
  isCurrent(speakerId: string, hash: string | undefined): boolean {
    return hash !== undefined && this.#hashes.get(speakerId) === hash;
  }

  #desired(speaker: Speaker, areas: readonly string[], tree: AreaTree): DesiredState {
    const { id, areaId, gainDb, capDb, volumeProfile, sensitive, mute, maintenance, dataBudgetMb } = speaker;
    const { streams = [] } = this.#options;
    const zone = tree.zoneOf(areaId);
    const { from, until } = rulesRange(this.#options.clock.now());
    return {
      speakerId: id,
      areas: [...areas],
      zone,
      volume: { gainDb, capDb, profile: [...volumeProfile] },
      rules: rulesOf(policyOf(tree.policyOf(areaId)), zone, from, until, sensitive),
      mute,
      maintenance,
      ...(dataBudgetMb === null ? {} : { dataBudgetMb }),
      endpoints: [...(this.#options.endpoints ?? [])],
      ...(streams.length === 0 ? {} : { streams: [...streams] }),
    };
  }

  async #sign(speaker: Speaker, desired: DesiredState, seen: number): Promise<Speaker> {
    const now = this.#options.clock.now();
    const revision = nextRevision(now, speaker.assignmentRevision, seen);
    const assignment: Assignment = { v: 1, revision, ...desired, issuedAt: Math.floor(now) };
    const { document, hash } = await this.#options.keys.sign('assignment', assignmentCodec.check(assignment));
    return {
      ...speaker,
      assignmentRevision: revision,
      assignmentHash: hash,
      assignmentDocument: document,
    };
  }

  /** Whether the stored document says the same, signed with the key in use. */
  #says(desired: DesiredState, document: string | null): boolean {
    return document !== null && this.#options.keys.isCurrent(document) && same(desired, document);
  }

  get #pending(): PendingSpeakers {
    return this.#options.pending ?? NOTHING_PENDING;
  }

  #publish(speaker: Speaker): void {
    // One that is lost is noticed by the hash in the next heartbeat or hello.
    this.background(this.sendDocument(speaker.id, speaker), (error) => {
      if (!isDomainError(error, 'message.disconnected')) this.#options.onError(error);
    });
  }
}

/** Whether the stored document says the same. Our own bytes: their signature is not proved again. */
function same(desired: DesiredState, document: string | null): boolean {
  const payload = document?.split('.')[1];
  if (payload === undefined) return false;
  const stored = assignmentCodec.parse(Buffer.from(payload, 'base64url'));
  return canonical(stored) === canonical(desired);
}

function canonical(state: DesiredState): string {
  const { speakerId, areas, zone, volume, rules, mute, maintenance, endpoints, streams, dataBudgetMb } =
    state;
  const hold = (value: DesiredState['mute']) => value && [value.by, value.reason, value.until];
  return JSON.stringify([
    speakerId,
    areas,
    zone,
    volume.gainDb,
    volume.capDb,
    volume.profile.map(({ from, to, gainDb }) => [from, to, gainDb]),
    rules,
    hold(mute),
    hold(maintenance),
    endpoints,
    streams ?? [],
    dataBudgetMb ?? null,
  ]);
}

function credentialOf({ id, secretHash, lifecycle, areaId }: Speaker): SpeakerCredential {
  return { speakerId: id, secretHash, lifecycle, areaId };
}
