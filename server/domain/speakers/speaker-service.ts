import type { Clock } from '#kit';
import {
  type AuditAction,
  DomainError,
  type Hold,
  MAX_MUTE_MS,
  mayFollow,
  newId,
  SPEAKER_LIFECYCLE,
  type SpeakerChange,
  type SpeakerCreate,
  type SpeakerLifecycle,
} from '#protocols';
import { type Actor, authorize, type Permission } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { changes, record } from '../audit/record.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { PendingSpeakers } from '../urgent/pending-acts.ts';
import { enteredSpeaker, type Speaker } from './speaker.ts';

/** What the audit log tells of a change: no secret, no key, and not what follows from the rest. */
const RECORDED = [
  ...(['areaId', 'name', 'lifecycle', 'latitude', 'longitude', 'gainDb', 'capDb', 'sensitive'] as const),
  ...(['volumeProfile', 'dataBudgetMb', 'mute', 'maintenance'] as const),
];

export interface SpeakerServiceOptions {
  readonly read: Pick<Stores, 'speakers'>;
  readonly areas: AreaDirectory;
  readonly clock: Clock;
  /** Told after each commit: credentials, targeting and the assignment follow the record. */
  readonly onSaved: (speaker: Speaker) => void;
  /** Signs and stores the assignment in the same transaction, so that a change is never without it. */
  readonly assign: (tx: Transaction, speakerIds: readonly string[]) => Promise<void>;
  readonly pending: PendingSpeakers;
}

/** What people enter about loudspeakers. */
export class SpeakerService {
  readonly #options: SpeakerServiceOptions;

  constructor(options: SpeakerServiceOptions) {
    this.#options = options;
  }

  /** Throws `request.not_found`, `request.forbidden`. */
  get(actor: Actor, id: string, permission: Permission = 'speaker:read'): Promise<Speaker> {
    return this.find(this.#options.read, actor, permission, id);
  }

  /** Those of these ids that exist, in the order of their ids. */
  async some(ids: readonly string[]): Promise<Speaker[]> {
    const { read, pending } = this.#options;
    return (await read.speakers.list({ ids })).map((speaker) => pending.speaker(speaker));
  }

  /** Enters a speaker, which cannot connect before it has enrolled. Throws `request.conflict`, `area.retired`. */
  async create(tx: Transaction, actor: Actor, wanted: SpeakerCreate): Promise<Speaker> {
    const { areas, clock } = this.#options;
    authorize(actor, 'speaker:provision', wanted.areaId, areas.tree);
    this.#requireArea(wanted.areaId);
    const now = Math.floor(clock.now());
    const id = wanted.id ?? newId('spk', now);
    if ((await tx.speakers.get(id)) !== null) throw conflict(id, 'entered already', 'a new id');
    const speaker: Speaker = {
      ...enteredSpeaker({ id, areaId: wanted.areaId, name: wanted.name.trim(), createdAt: now }),
      latitude: wanted.latitude ?? null,
      longitude: wanted.longitude ?? null,
      gainDb: wanted.gainDb ?? 0,
      capDb: wanted.capDb ?? 0,
      sensitive: wanted.sensitive ?? false,
      volumeProfile: wanted.volumeProfile ?? [],
      dataBudgetMb: wanted.dataBudgetMb ?? null,
    };
    await tx.speakers.insert(speaker);
    const { areaId, name } = speaker;
    await record(tx, now, actor, 'speaker.create', id, { areaId, name }, { areaId });
    tx.afterCommit(() => this.#options.onSaved(speaker));
    return speaker;
  }

  /**
   * Changes place, name, volume, mute, maintenance. A mute ends by itself within seven days, or is left open on purpose. Throws
   * `request.conflict` for a retired speaker, `request.invalid` for a hold whose end is past or too far.
   */
  async change(tx: Transaction, actor: Actor, id: string, change: SpeakerChange): Promise<Speaker> {
    const permission = permissionFor(change);
    const before = await this.find(tx, actor, permission, id);
    const after = this.changed(actor, before, change);
    if (after.areaId !== before.areaId)
      await tx.speakers.leavePlace(id, before.areaId, this.#options.clock.now());
    await this.#save(tx, actor, before, after, 'speaker.change', change);
    await this.#options.assign(tx, [id]);
    return this.find(tx, actor, permission, id);
  }

  /** The record as a change makes it; nothing is stored. Throws what `change` throws. */
  changed(actor: Actor, before: Speaker, change: SpeakerChange): Speaker {
    const { id, lifecycle } = before;
    if (lifecycle === 'retired') throw conflict(id, lifecycle, 'one in use');
    if (change.areaId !== undefined && change.areaId !== before.areaId) {
      authorize(actor, 'speaker:write', change.areaId, this.#options.areas.tree);
      this.#requireArea(change.areaId);
    }
    return {
      ...before,
      areaId: change.areaId ?? before.areaId,
      name: change.name?.trim() ?? before.name,
      latitude: change.latitude === undefined ? before.latitude : change.latitude,
      longitude: change.longitude === undefined ? before.longitude : change.longitude,
      gainDb: change.gainDb ?? before.gainDb,
      capDb: change.capDb ?? before.capDb,
      sensitive: change.sensitive ?? before.sensitive,
      volumeProfile: change.volumeProfile ?? before.volumeProfile,
      dataBudgetMb: change.dataBudgetMb === undefined ? before.dataBudgetMb : change.dataBudgetMb,
      mute: this.#hold(actor, 'mute', change.mute, before.mute),
      maintenance: this.#hold(actor, 'maintenance', change.maintenance, before.maintenance),
    };
  }

  /** Refuses its credentials from now on and ends its connection. */
  block(tx: Transaction, actor: Actor, id: string, reason: string): Promise<Speaker> {
    return this.#setLifecycle(tx, actor, id, 'blocked', 'speaker.block', reason);
  }

  /** Takes it out of use for ever: as `block`, and its place in history stays. */
  retire(tx: Transaction, actor: Actor, id: string, reason: string): Promise<Speaker> {
    return this.#setLifecycle(tx, actor, id, 'retired', 'speaker.retire', reason);
  }

  /** Lets a blocked speaker in again, with the secret it has. */
  unblock(tx: Transaction, actor: Actor, id: string, reason: string): Promise<Speaker> {
    return this.#setLifecycle(tx, actor, id, 'active', 'speaker.unblock', reason);
  }

  async #setLifecycle(
    tx: Transaction,
    actor: Actor,
    id: string,
    to: SpeakerLifecycle,
    action: AuditAction,
    reason: string,
  ): Promise<Speaker> {
    const before = await this.find(tx, actor, 'speaker:provision', id);
    // A speaker that never connected is not active by being let in again.
    const fits =
      to === 'active' ? before.lifecycle === 'blocked' : mayFollow(SPEAKER_LIFECYCLE, before.lifecycle, to);
    if (!fits) throw conflict(id, before.lifecycle, to === 'active' ? 'blocked' : 'one in use');
    // What was made to let it in lets it in no more.
    if (to === 'blocked' || to === 'retired') await tx.enrolments.void(id, to);
    const lifecycle = to === 'active' && before.publicKey === null ? 'enrolled' : to;
    return this.#save(tx, actor, before, { ...before, lifecycle }, action, { reason });
  }

  async #save(
    tx: Transaction,
    actor: Actor,
    before: Speaker,
    speaker: Speaker,
    action: AuditAction,
    detail: object = {},
  ): Promise<Speaker> {
    await tx.speakers.update(speaker);
    const place = { areaId: speaker.areaId, ...changes(before, speaker, RECORDED) };
    await record(tx, this.#options.clock.now(), actor, action, speaker.id, detail, place);
    tx.afterCommit(() => this.#options.onSaved(speaker));
    return speaker;
  }

  /** One that the actor may see or change so, as it is in these stores. Throws `request.not_found`, `request.forbidden`. */
  async find(
    stores: { readonly speakers: Pick<Stores['speakers'], 'get'> },
    actor: Actor,
    permission: Permission,
    id: string,
  ): Promise<Speaker> {
    const speaker = await stores.speakers.get(id);
    if (speaker === null) throw new DomainError('request.not_found', { what: 'speaker', id });
    authorize(actor, permission, speaker.areaId, this.#options.areas.tree);
    return this.#options.pending.speaker(speaker);
  }

  #hold(
    actor: Actor,
    field: 'mute' | 'maintenance',
    wanted: SpeakerChange['mute'] | SpeakerChange['maintenance'],
    before: Hold | null,
  ): Hold | null {
    if (wanted === undefined) return before;
    if (wanted === null) return null;
    const { reason, until = null } = wanted;
    const now = this.#options.clock.now();
    const latest = field === 'mute' ? now + MAX_MUTE_MS : Number.POSITIVE_INFINITY;
    if (until !== null && (until <= now || until > latest))
      throw new DomainError('request.invalid', {
        reason: `the ${field} would end at ${new Date(until).toISOString()}: expected an instant to come${
          field === 'mute' ? ' within seven days, or null to leave it open' : ', or null'
        }`,
        field: `body/${field}/until`,
      });
    return { by: actor.name, reason, until };
  }

  #requireArea(areaId: string): void {
    if (this.#options.areas.tree.get(areaId).retiredAt !== null)
      throw new DomainError('area.retired', { id: areaId });
  }
}

/** Silence for a funeral is asked for by who speaks for the village; everything else is the technicians'. */
export function permissionFor(change: SpeakerChange): Permission {
  const names = Object.keys(change);
  return names.length > 0 && names.every((name) => name === 'mute') ? 'speaker:mute' : 'speaker:write';
}

function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'speaker', id, state, expected });
}
