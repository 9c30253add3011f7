import { DomainError, type SpeakerChange } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { changes } from '../audit/record.ts';
import type { AssignmentService } from '../speakers/assignment.ts';
import type { PresenceService } from '../speakers/presence.ts';
import type { Speaker, SpeakerStatus } from '../speakers/speaker.ts';
import { permissionFor, type SpeakerService } from '../speakers/speaker-service.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { PendingSpeakers } from './pending-acts.ts';
import {
  changedSpeaker,
  URGENT_FIELDS,
  type UrgentAct,
  type UrgentFields,
  type UrgentHandler,
  type UrgentSpeakerChange,
} from './urgent-act.ts';
import type { UrgentPlan } from './urgent-acts.ts';
import type { UrgentReads } from './urgent-reads.ts';

export interface UrgentSpeakerChangesOptions {
  readonly read: UrgentReads;
  readonly areas: AreaDirectory;
  readonly speakers: Pick<SpeakerService, 'find' | 'changed'>;
  readonly assignments: Pick<AssignmentService, 'signed' | 'sendDocument'>;
  readonly presence: Pick<PresenceService, 'saved' | 'statusOf'>;
  readonly pending: PendingSpeakers;
  /** Told after the commit. */
  readonly onSaved: (speaker: Speaker) => void;
}

/** Whether a change is of volume and silence alone, which do not wait for the database. */
export function isUrgent(change: SpeakerChange): boolean {
  const names: readonly string[] = Object.keys(change);
  return names.length > 0 && names.every((name) => URGENT_FIELDS.some((field) => field === name));
}

/** Mutes a loudspeaker or sets its volume without the database. */
export class UrgentSpeakerChanges implements UrgentHandler<UrgentSpeakerChange> {
  readonly #options: UrgentSpeakerChangesOptions;

  constructor(options: UrgentSpeakerChangesOptions) {
    this.#options = options;
  }

  /** Signs the assignment that it asks for. Throws what `SpeakerService.change` throws. */
  async plan<Body>(
    actor: Actor,
    id: string,
    change: SpeakerChange,
    view: (speaker: Speaker, status: SpeakerStatus | undefined) => Body,
  ): Promise<UrgentPlan<Body>> {
    const { read, areas, speakers, assignments, presence } = this.#options;
    const before = await speakers.find(read, actor, permissionFor(change), id);
    const after = await assignments.signed(speakers.changed(actor, before, change), areas.tree);
    const { assignmentRevision, assignmentHash, assignmentDocument } = after;
    return {
      effect: {
        ...{ kind: 'speaker', speakerId: id, change, fields: urgentFields(change, after) },
        assignment: { assignmentRevision, assignmentHash, assignmentDocument },
      },
      body: view(after, presence.statusOf(id)),
      inForce: () => presence.saved(after),
    };
  }

  async send({ speakerId, assignment }: UrgentSpeakerChange): Promise<void> {
    await this.#options.assignments.sendDocument(speakerId, assignment);
  }

  /** The record may have changed otherwise in between: only what was asked for is written, and of two assignments the later one stays. */
  async apply(tx: Transaction, act: UrgentAct, effect: UrgentSpeakerChange): Promise<void> {
    const { pending, onSaved } = this.#options;
    const { speakerId, change } = effect;
    const stored = await tx.speakers.get(speakerId);
    if (stored === null) throw new DomainError('request.not_found', { what: 'speaker', id: speakerId });
    const speaker = changedSpeaker(stored, effect);
    await tx.speakers.update(speaker);
    const { at, actor, role, origin = null } = act;
    const detail = JSON.stringify(change);
    const { before, after } = changes(stored, speaker, URGENT_FIELDS);
    await tx.audit.append({
      ...{ at, actor, role, action: 'speaker.change', subject: speakerId, detail, origin },
      ...{ areaId: stored.areaId, before: JSON.stringify(before), after: JSON.stringify(after) },
    });
    // Where it lies and what its area asks for may be others by now: the assignment is looked at again.
    tx.afterCommit(() => onSaved(pending.speaker(speaker)));
  }
}

function urgentFields(change: SpeakerChange, after: Speaker): UrgentFields {
  const named = URGENT_FIELDS.filter((field) => change[field] !== undefined);
  return Object.fromEntries(named.map((field) => [field, after[field]]));
}
